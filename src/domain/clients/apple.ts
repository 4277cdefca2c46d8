// Apple's programs: the system's store, and Apple's rules for every certificate, of private CAs too (support.apple.com/103769).
import type { Client, Rule } from "./client.ts";

const apple = "support.apple.com/103769";
const asks = '"Cannot Verify Server Identity"';
const fails = "the connection fails, whatever was imported";

/** What both lines of systems have in common. */
const rules: readonly Rule[] = [
  {
    cause: "no-ca",
    verdict: "asks",
    says: `${asks}: each person has to trust it by hand, and again after each renewal; some connections fail all the same (-9808)`,
    source: "discussions.apple.com/thread/256176916, apple.stackexchange.com/q/149023",
  },
  {
    cause: "root-no-ca",
    verdict: "refuses",
    says: "a root that is no CA cannot be given full trust",
    source: "RFC 5280 §4.2.1.9",
  },
  {
    cause: "root-silent",
    verdict: "refuses",
    says: "a root that is no CA cannot be given full trust",
    source: "RFC 5280 §4.2.1.9",
  },
  { cause: "name", verdict: "refuses", says: `${asks}; newer versions offer no way on`, source: apple },
  { cause: "no-san", verdict: "refuses", says: fails, source: apple },
  { cause: "outside", verdict: "refuses", says: fails, source: "RFC 5280 §4.2.1.10" },
  { cause: "outside-root", verdict: "refuses", says: fails, source: "RFC 5280 §4.2.1.10" },
  { cause: "ended", verdict: "asks", says: asks, source: "apple.stackexchange.com/q/149023" },
  { cause: "early", verdict: "asks", says: asks, source: "RFC 5280 §4.1.2.5" },
  { cause: "gap", verdict: "refuses", says: asks, source: "virtualmin#1175" },
  { cause: "long", verdict: "refuses", says: `${fails}: 825 days are the most, also of a private CA`, source: apple },
  {
    cause: "long-public",
    verdict: "refuses",
    says: "398 days are the most of a CA that the system brings along; of one that was imported they are not",
    source: "support.apple.com/102028",
  },
  { cause: "no-eku", verdict: "refuses", says: `${fails}: serverAuth has to be named`, source: apple },
  { cause: "other-eku", verdict: "refuses", says: fails, source: apple },
  { cause: "short-rsa", verdict: "refuses", says: `${fails}: 2048 bits are the least, in issuers too`, source: apple },
  { cause: "weak-hash", verdict: "refuses", says: `${fails}: SHA-2 is the least`, source: apple },
  {
    cause: "edwards",
    verdict: "refuses",
    says: "the handshake fails",
    source: "CA/Browser Forum BR §6.1.1.5, monogon/monogon#194",
  },
];

export const appleClients: readonly Client[] = [
  {
    id: "apple-mac",
    name: "Mail on the Mac, Outlook for Mac (legacy)",
    versions: "macOS 10.15 and later",
    kind: "desktop",
    store: "the system's (Keychain)",
    imports: {
      format: "mobileconfig",
      how: 'open it, then System Settings, Profiles, Install; a .cer that is opened alone is not trusted before "Always Trust"',
    },
    rules,
  },
  {
    id: "apple-ios",
    name: "Mail on iPhone and iPad",
    versions: "iOS 13 and later",
    kind: "phone",
    store: "the system's",
    imports: {
      format: "mobileconfig",
      how: "Settings, Profile Downloaded, Install; then Settings, General, About, Certificate Trust Settings: full trust",
    },
    rules,
  },
];
