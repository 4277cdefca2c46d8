// What acme-client needs of @peculiar/x509 and asn1js while it is loaded, and nothing else: the bundler puts this file in their place
// there (bin/build.js). Requests are written by src/x509 and certificates read by src/domain.

/** acme-client tells it which Web Crypto to use. */
export const cryptoProvider = { set: (): void => undefined };
