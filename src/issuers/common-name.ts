// The common name of a certificate of our own: for people and old logs to read; clients go by the SAN.
import { isIpName } from "../domain/names.ts";

/** RFC 5280 appendix A: ub-common-name. */
const most = 64;

/**
 * The first host name that fits. An address is none: with a name-constrained CA, OpenSSL takes a common name that looks like a
 * host name for one where the SAN has no dNSName, and refuses the certificate.
 */
export const commonNameFor = (names: readonly string[]): string | undefined =>
  names.find((name) => !isIpName(name) && name.length <= most);
