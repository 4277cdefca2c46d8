// Thunderbird on computers: its own store, and Mozilla's own judgement of certificates (mozilla::pkix).
import type { Client } from "./client.ts";

const exception = "asks for a security exception, for each host and port anew";

export const mozillaClients: readonly Client[] = [
  {
    id: "thunderbird",
    name: "Thunderbird",
    versions: "78 and later; seen: 140",
    kind: "desktop",
    store: "its own, one in each profile; policies can add to it",
    imports: {
      format: "pem",
      how: 'Settings, Privacy & Security, Manage Certificates, Authorities, Import: "Trust this CA to identify websites"',
    },
    rules: [
      {
        cause: "no-ca",
        verdict: "asks",
        says: `its import refuses ("This is not a certificate authority certificate"); without it ${exception}, and again after each renewal`,
        source: "Gecko NSSCertDBTrustDomain.cpp; Bugzilla 1665577",
      },
      {
        cause: "ca-as-leaf",
        verdict: "asks",
        says: `MOZILLA_PKIX_ERROR_CA_CERT_USED_AS_END_ENTITY: ${exception}`,
        source: "lab",
      },
      {
        cause: "root-no-ca",
        verdict: "refuses",
        says: "its import refuses a root that is no CA; put there all the same: SEC_ERROR_INADEQUATE_KEY_USAGE",
        source: "lab",
      },
      { cause: "root-silent", verdict: "refuses", says: "SEC_ERROR_CA_CERT_INVALID", source: "lab; RFC 5280 §4.2.1.9" },
      { cause: "name", verdict: "asks", says: `SSL_ERROR_BAD_CERT_DOMAIN: ${exception}`, source: "lab; RFC 9525 §6.3" },
      {
        cause: "no-san",
        verdict: "asks",
        says: `SSL_ERROR_BAD_CERT_DOMAIN: ${exception}`,
        source: "lab; RFC 9525 §6.3",
      },
      {
        cause: "outside",
        verdict: "refuses",
        says: "SEC_ERROR_CERT_NOT_IN_NAME_SPACE",
        source: "lab; RFC 5280 §4.2.1.10",
      },
      {
        cause: "outside-root",
        verdict: "refuses",
        says: "SEC_ERROR_CERT_NOT_IN_NAME_SPACE",
        source: "lab; RFC 5280 §4.2.1.10",
      },
      {
        cause: "ended",
        verdict: "asks",
        says: `SEC_ERROR_EXPIRED_CERTIFICATE: ${exception}`,
        source: "lab; RFC 5280 §4.1.2.5",
      },
      {
        cause: "early",
        verdict: "asks",
        says: `a certificate that is not valid yet: ${exception}`,
        source: "RFC 5280 §4.1.2.5",
      },
      { cause: "gap", verdict: "asks", says: `SEC_ERROR_UNKNOWN_ISSUER: ${exception}`, source: "lab; virtualmin#1175" },
      {
        cause: "other-eku",
        verdict: "refuses",
        says: "SEC_ERROR_INADEQUATE_CERT_TYPE",
        source: "lab; RFC 5280 §4.2.1.12",
      },
      {
        cause: "weak-hash",
        verdict: "refuses",
        says: "SEC_ERROR_CERT_SIGNATURE_ALGORITHM_DISABLED",
        source: "lab; RFC 9155",
      },
      { cause: "edwards", verdict: "refuses", says: "SSL_ERROR_NO_CYPHER_OVERLAP", source: "lab" },
    ],
  },
];
