// Google's: Gmail on the web, which fetches and sends through its own servers, and Chrome, which people's webmail opens in.
import type { Client } from "./client.ts";
import { cloudRules } from "./cloud.ts";

export const googleClients: readonly Client[] = [
  {
    id: "gmail-web",
    name: 'Gmail on the web ("Send mail as", mail fetched from other accounts)',
    versions: "all",
    kind: "cloud",
    store: "Google's servers: a list like Mozilla's",
    rules: cloudRules('"We do not accept self-signed certificates"', "support.google.com/mail/answer/21291"),
  },
  {
    id: "chromium",
    name: "Chrome, Edge, Chromium (webmail, pages)",
    versions: "seen: Chromium in Debian 13",
    kind: "browser",
    store: "its own, and what was imported into the system's (Linux: ~/.pki/nssdb)",
    imports: {
      format: "pem",
      how: "Linux: Settings, Privacy and security, Security, Manage certificates; elsewhere the system's store",
    },
    rules: [
      {
        cause: "no-ca",
        verdict: "asks",
        says: 'net::ERR_CERT_INVALID: "Your connection is not private"',
        source: "lab",
      },
      { cause: "root-no-ca", verdict: "asks", says: "net::ERR_CERT_INVALID", source: "lab" },
      { cause: "name", verdict: "asks", says: "net::ERR_CERT_COMMON_NAME_INVALID", source: "lab; RFC 9525 §6.3" },
      { cause: "no-san", verdict: "asks", says: "net::ERR_CERT_COMMON_NAME_INVALID", source: "lab; RFC 9525 §6.3" },
      { cause: "outside", verdict: "asks", says: "net::ERR_CERT_INVALID", source: "lab; RFC 5280 §4.2.1.10" },
      { cause: "outside-root", verdict: "asks", says: "net::ERR_CERT_INVALID", source: "lab; RFC 5280 §4.2.1.10" },
      { cause: "ended", verdict: "asks", says: "net::ERR_CERT_DATE_INVALID", source: "lab" },
      { cause: "early", verdict: "asks", says: "net::ERR_CERT_DATE_INVALID", source: "RFC 5280 §4.1.2.5" },
      { cause: "gap", verdict: "asks", says: "net::ERR_CERT_AUTHORITY_INVALID", source: "lab" },
      {
        cause: "long-public",
        verdict: "refuses",
        says: "net::ERR_CERT_VALIDITY_TOO_LONG",
        source: "CA/Browser Forum BR §6.3.2",
      },
      { cause: "other-eku", verdict: "asks", says: "net::ERR_CERT_INVALID", source: "lab; RFC 5280 §4.2.1.12" },
      { cause: "weak-hash", verdict: "asks", says: "net::ERR_CERT_INVALID", source: "lab; RFC 9155" },
      { cause: "edwards", verdict: "refuses", says: "net::ERR_SSL_VERSION_OR_CIPHER_MISMATCH", source: "lab" },
      { cause: "p521", verdict: "refuses", says: "net::ERR_SSL_VERSION_OR_CIPHER_MISMATCH", source: "lab" },
    ],
  },
];
