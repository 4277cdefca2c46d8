// Name constraints of a CA (RFC 5280 §4.2.1.10): what it may certify, read from its root and judged for a name.
import { type DerElement, childrenOf, readElement, tags, writeElement } from "./der.ts";
import { canonicalIp, ipFromOctets, ipOctets } from "./ip.ts";
import { isWildcard } from "./names.ts";
import { clean } from "./text.ts";

export interface NameConstraints {
  /** Permitted DNS domains, each with everything below it. Empty: no host name at all. */
  readonly domains: readonly string[];
  /** Permitted IP addresses. Empty: none. */
  readonly addresses: readonly string[];
}

const general = { email: 0x81, dns: 0x82, ip: 0x87 } as const;

const subtree = (tag: number, value: Uint8Array): Buffer => writeElement(tags.sequence, writeElement(tag, value));

const everyIpv4 = Buffer.alloc(8);
const everyIpv6 = Buffer.alloc(32);

/**
 * The extension's value. E-mail follows the domains (`example.org` for mailboxes at it, `.example.org` for those at hosts below it).
 * Whatever has no permitted entry is excluded whole: an absent kind would be unconstrained.
 */
export const writeNameConstraints = ({ domains, addresses }: NameConstraints): Buffer => {
  const permitted: Buffer[] = [];
  const excluded: Buffer[] = [];
  for (const domain of domains) permitted.push(subtree(general.dns, Buffer.from(domain, "ascii")));
  for (const domain of domains) {
    permitted.push(
      subtree(general.email, Buffer.from(domain, "ascii")),
      subtree(general.email, Buffer.from(`.${domain}`, "ascii")),
    );
  }
  if (domains.length === 0)
    excluded.push(subtree(general.dns, Buffer.alloc(0)), subtree(general.email, Buffer.alloc(0)));
  for (const address of addresses) {
    const octets = ipOctets(address);
    permitted.push(subtree(general.ip, Buffer.concat([octets, Buffer.alloc(octets.length, 0xff)])));
  }
  if (!addresses.some((address) => !address.includes(":"))) excluded.push(subtree(general.ip, everyIpv4));
  if (!addresses.some((address) => address.includes(":"))) excluded.push(subtree(general.ip, everyIpv6));
  return writeElement(
    tags.sequence,
    ...(permitted.length > 0 ? [writeElement(0xa0, ...permitted)] : []),
    ...(excluded.length > 0 ? [writeElement(0xa1, ...excluded)] : []),
  );
};

/** What `writeNameConstraints` wrote. @throws DerProblem for bytes that are not the extension. */
export const readNameConstraints = (value: Buffer): NameConstraints => {
  const permitted = childrenOf(readElement(value)).find((part) => part.tag === 0xa0);
  const bases = permitted === undefined ? [] : childrenOf(permitted).map((part) => childrenOf(part)[0]);
  const of = (tag: number): readonly DerElement[] => bases.filter((base): base is DerElement => base?.tag === tag);
  return {
    domains: of(general.dns).map((base) => clean(base.content.toString("latin1"), 253).toLowerCase()),
    addresses: of(general.ip).flatMap((base) => ipFromOctets(base.content.subarray(0, base.content.length / 2)) ?? []),
  };
};

/** May the CA certify this canonical name? No constraints: anything. */
export const permits = (constraints: NameConstraints | undefined, name: string): boolean => {
  if (constraints === undefined) return true;
  if (canonicalIp(name) !== undefined) return constraints.addresses.includes(name);
  const host = isWildcard(name) ? name.slice(2) : name;
  return constraints.domains.some((domain) => host === domain || host.endsWith(`.${domain}`));
};
