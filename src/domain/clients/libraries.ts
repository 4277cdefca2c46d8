// Programs that go by a library: OpenSSL, GnuTLS, Java. Their rules are what the library says in the lab.
import type { Client } from "./client.ts";

const debian =
  "Debian: into /usr/local/share/ca-certificates/, then `update-ca-certificates`; or the program's own setting for a CA file";

export const libraryClients: readonly Client[] = [
  {
    id: "openssl",
    name: "programs over OpenSSL: mbsync, fetchmail, offlineimap, alpine, KMail, curl",
    versions: "seen: OpenSSL 3.5",
    kind: "program",
    store: "the system's, or a file that its settings name",
    imports: { format: "pem", how: debian },
    importsLeaf: { format: "pem", how: "the program's own setting for a CA file" },
    rules: [
      { cause: "root-no-ca", verdict: "refuses", says: "invalid CA certificate", source: "lab; RFC 5280 §4.2.1.9" },
      { cause: "root-silent", verdict: "refuses", says: "invalid CA certificate", source: "lab; RFC 5280 §4.2.1.9" },
      { cause: "name", verdict: "refuses", says: "hostname mismatch", source: "lab; RFC 9525 §6.3" },
      { cause: "outside", verdict: "refuses", says: "permitted subtree violation", source: "lab; RFC 5280 §4.2.1.10" },
      {
        cause: "outside-root",
        verdict: "refuses",
        says: "permitted subtree violation",
        source: "lab; RFC 5280 §4.2.1.10",
      },
      { cause: "ended", verdict: "refuses", says: "certificate has expired", source: "lab" },
      { cause: "early", verdict: "refuses", says: "certificate is not yet valid", source: "RFC 5280 §4.1.2.5" },
      { cause: "gap", verdict: "refuses", says: "unable to get local issuer certificate", source: "lab" },
      {
        cause: "other-eku",
        verdict: "refuses",
        says: "unsuitable certificate purpose",
        source: "lab; RFC 5280 §4.2.1.12",
      },
      { cause: "short-rsa", verdict: "refuses", says: "EE certificate key too weak", source: "lab; RFC 9325 §4.5" },
      {
        cause: "weak-hash",
        verdict: "refuses",
        says: "CA signature digest algorithm too weak",
        source: "lab; RFC 9155",
      },
    ],
  },
  {
    id: "gnutls",
    name: "programs over GnuTLS: mutt, msmtp, Evolution, Geary, Claws Mail",
    versions: "seen: GnuTLS 3.8",
    kind: "program",
    store: "the system's, or a file that its settings name; Evolution has one of its own",
    imports: { format: "pem", how: debian },
    importsLeaf: { format: "pem", how: "the program's own setting for a CA file, or for a certificate or fingerprint" },
    rules: [
      {
        cause: "root-no-ca",
        verdict: "refuses",
        says: "the certificate is not trusted",
        source: "lab; RFC 5280 §4.2.1.9",
      },
      { cause: "name", verdict: "refuses", says: "the name does not match", source: "lab; RFC 9525 §6.3" },
      {
        cause: "outside",
        verdict: "refuses",
        says: "the certificate is not trusted",
        source: "lab; RFC 5280 §4.2.1.10",
      },
      {
        cause: "outside-root",
        verdict: "refuses",
        says: "the certificate is not trusted",
        source: "lab; RFC 5280 §4.2.1.10",
      },
      { cause: "ended", verdict: "refuses", says: "the certificate chain uses an expired certificate", source: "lab" },
      { cause: "early", verdict: "refuses", says: "a certificate that is not valid yet", source: "RFC 5280 §4.1.2.5" },
      { cause: "gap", verdict: "refuses", says: "the certificate issuer is unknown", source: "lab" },
      {
        cause: "other-eku",
        verdict: "refuses",
        says: "the certificate is not for this purpose",
        source: "lab; RFC 5280 §4.2.1.12",
      },
      { cause: "weak-hash", verdict: "refuses", says: "an insecure algorithm", source: "lab; RFC 9155" },
    ],
  },
  {
    id: "java",
    name: "programs in Java",
    versions: "seen: OpenJDK 21",
    kind: "program",
    store: "Java's own (cacerts), or a truststore that the program is given",
    imports: { format: "pem", how: "`keytool -importcert -cacerts -alias mail -file ca.crt`" },
    importsLeaf: { format: "pem", how: "the same, with server.crt; again after each renewal with another certificate" },
    rules: [
      {
        cause: "root-no-ca",
        verdict: "refuses",
        says: "TrustAnchor is not a CA certificate",
        source: "lab; RFC 5280 §4.2.1.9",
      },
      {
        cause: "root-silent",
        verdict: "refuses",
        says: "TrustAnchor is not a CA certificate",
        source: "lab; RFC 5280 §4.2.1.9",
      },
      {
        cause: "name",
        verdict: "refuses",
        says: "No subject alternative DNS name matching found",
        source: "lab; RFC 9525 §6.3",
      },
      {
        cause: "outside",
        verdict: "refuses",
        says: "name constraints check failed",
        source: "lab; RFC 5280 §4.2.1.10",
      },
      { cause: "ended", verdict: "refuses", says: "validity check failed", source: "lab" },
      { cause: "early", verdict: "refuses", says: "validity check failed", source: "RFC 5280 §4.1.2.5" },
      { cause: "gap", verdict: "refuses", says: "PKIX path building failed", source: "lab" },
      {
        cause: "other-eku",
        verdict: "refuses",
        says: "Extended key usage does not permit use for TLS server authentication",
        source: "lab; RFC 5280 §4.2.1.12",
      },
    ],
  },
];
