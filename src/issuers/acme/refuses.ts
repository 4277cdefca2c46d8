// Names that an ACME CA cannot certify, known without asking it: wildcards over HTTP, and what no public CA may certify.
import { BlockList, isIP, isIPv6 } from "node:net";
import type { ChallengeEntry } from "../../challenges/challenge.ts";
import { acmeCaOf } from "../../domain/acme-directories.ts";
import type { AcmeSettings } from "../../domain/certificate-config.ts";
import { nameRefusal } from "../name-refusal.ts";

/** RFC 6761, RFC 6762, RFC 8375, RFC 9476, ICANN's `internal`: names that exist on no public DNS. `.example` domains are left to the CA. */
const special = [
  "local",
  "localhost",
  "internal",
  "lan",
  "home",
  "corp",
  "test",
  "invalid",
  "alt",
  "onion",
  "home.arpa",
];

// One list a family: a list of both takes every IPv4 address for its IPv6-mapped form, too.
const reserved = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [net, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const)
  reserved.ipv4.addSubnet(net, bits, "ipv4");
for (const [net, bits] of [
  ["::", 8],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
  ["2001:db8::", 32],
] as const)
  reserved.ipv6.addSubnet(net, bits, "ipv6");

const refusedByPublicCa = (name: string, settings: AcmeSettings, title: string): string | undefined => {
  if (isIP(name) !== 0) {
    const family = isIPv6(name) ? "ipv6" : "ipv4";
    if (reserved[family].check(name, family)) return `${title} certifies no private or reserved address`;
    // acme.md §2.1: only that profile has IP identifiers.
    const letsEncrypt = title.startsWith("Let's Encrypt");
    if (letsEncrypt && !settings.profiles.includes("shortlived"))
      return `${title} certifies addresses only with the profile "shortlived"`;
    return undefined;
  }
  const ending = special.find((top) => name.endsWith(`.${top}`));
  return ending === undefined
    ? undefined
    : `${title} certifies no name under .${ending}, which does not exist on the public Internet`;
};

export const refuses = (
  name: string,
  settings: AcmeSettings,
  challenges: Readonly<Partial<Record<string, ChallengeEntry>>>,
): string | undefined => {
  const wrong = nameRefusal(name);
  if (wrong !== undefined) return wrong;
  const why: string[] = [];
  for (const type of settings.challenges) {
    const challenge = challenges[type];
    why.push(challenge === undefined ? `the challenge ${type} is not known` : (challenge.refuses(name) ?? ""));
  }
  // One type that can prove it is enough.
  const unproven = why.includes("") ? undefined : why.join("; ");
  const ca = acmeCaOf(settings.directory);
  return unproven ?? (ca?.public === true ? refusedByPublicCa(name, settings, ca.title) : undefined);
};
