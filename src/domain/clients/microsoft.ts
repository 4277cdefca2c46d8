// Outlook: the one that speaks to the server itself and goes by the system's store, and those that come through Microsoft's servers.
import type { Client } from "./client.ts";
import { cloudRules } from "./cloud.ts";

const warning = '"Internet Security Warning", at each start until "Yes"';

export const microsoftClients: readonly Client[] = [
  {
    id: "outlook-classic",
    name: "Outlook (classic) for Windows, eM Client, Windows Mail",
    versions: "Outlook 2016 and later",
    kind: "desktop",
    store: "the system's (Windows)",
    imports: {
      format: "der",
      how: "open it, Install Certificate, place it in Trusted Root Certification Authorities; for all users: `certutil -addstore -f Root ca.cer`",
    },
    importsLeaf: { format: "der", how: "the same; again after each renewal with another certificate" },
    rules: [
      {
        cause: "name",
        verdict: "asks",
        says: `${warning}: "The name on the security certificate is invalid or does not match the name of the site"`,
        source: "RFC 9525 §6.3; learn.microsoft.com (Outlook security alerts)",
      },
      { cause: "no-san", verdict: "asks", says: warning, source: "RFC 9525 §6.3" },
      { cause: "outside", verdict: "refuses", says: warning, source: "RFC 5280 §4.2.1.10" },
      { cause: "outside-root", verdict: "refuses", says: warning, source: "RFC 5280 §4.2.1.10" },
      {
        cause: "ended",
        verdict: "asks",
        says: `${warning}: "has expired or is not yet valid"`,
        source: "RFC 5280 §4.1.2.5",
      },
      {
        cause: "early",
        verdict: "asks",
        says: `${warning}: "has expired or is not yet valid"`,
        source: "RFC 5280 §4.1.2.5",
      },
      {
        cause: "gap",
        verdict: "asks",
        says: `${warning}, unless Windows can fetch the issuer by the address that the certificate names for it`,
        source: "RFC 5280 §4.2.2.1, virtualmin#1175",
      },
      { cause: "root-no-ca", verdict: "refuses", says: warning, source: "RFC 5280 §4.2.1.9" },
      {
        cause: "other-eku",
        verdict: "refuses",
        says: "the certificate is not valid for this use",
        source: "RFC 5280 §4.2.1.12",
      },
      {
        cause: "edwards",
        verdict: "refuses",
        says: "the handshake fails",
        source: "CA/Browser Forum BR §6.1.1.5, monogon/monogon#194",
      },
    ],
  },
  {
    id: "outlook-cloud",
    name: "new Outlook (Windows, Mac), Outlook for iPhone and Android",
    versions: "all",
    kind: "cloud",
    store: "Microsoft's servers: public CAs alone",
    rules: cloudRules(
      "mail is synchronised through Microsoft's cloud, where nobody can import a root",
      "support.microsoft.com (sync your account in Outlook to the Microsoft Cloud)",
    ),
  },
];
