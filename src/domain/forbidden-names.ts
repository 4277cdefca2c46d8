// The names of a certificate that a CA above it may not issue for (RFC 5280 §4.2.1.10), whoever wrote the constraints.
import type { CertificateFacts } from "./certificate.ts";
import { readFields } from "./certificate-fields.ts";
import { DerProblem, childrenOf, readElement } from "./der.ts";
import { ipOctets } from "./ip.ts";
import { extensions } from "./oids.ts";

interface Subtrees {
  readonly dns: readonly string[];
  /** Address and mask, one behind the other. */
  readonly ip: readonly Buffer[];
}

const subtreesOf = (value: Buffer, tag: 0xa0 | 0xa1): Subtrees => {
  const part = childrenOf(readElement(value)).find((one) => one.tag === tag);
  const bases = part === undefined ? [] : childrenOf(part).flatMap((one) => childrenOf(one)[0] ?? []);
  return {
    dns: bases.filter((base) => base.tag === 0x82).map((base) => base.content.toString("latin1").toLowerCase()),
    ip: bases.filter((base) => base.tag === 0x87).map((base) => base.content),
  };
};

/** A leading dot, which RFC 5280 does not know for host names, is taken by all programs for "below it". */
const dnsWithin = (host: string, base: string): boolean =>
  base === "" || host === base || host.endsWith(base.startsWith(".") ? base : `.${base}`);

const ipWithin = (octets: Buffer, base: Buffer): boolean => {
  const { length } = octets;
  return (
    base.length === length * 2 &&
    octets.every((octet, index) => (octet & (base[length + index] ?? 0)) === (base[index] ?? 0))
  );
};

const forbids = (value: Buffer, name: string, ip: boolean): boolean => {
  const [permitted, excluded] = [subtreesOf(value, 0xa0), subtreesOf(value, 0xa1)];
  if (ip) {
    const octets = Buffer.from(ipOctets(name));
    const inside = (base: Buffer): boolean => ipWithin(octets, base);
    return (permitted.ip.length > 0 && !permitted.ip.some(inside)) || excluded.ip.some(inside);
  }
  const host = name.toLowerCase().replace(/^\*\./, "");
  const inside = (base: string): boolean => dnsWithin(host, base);
  return (permitted.dns.length > 0 && !permitted.dns.some(inside)) || excluded.dns.some(inside);
};

/** Every name of the leaf that one of `issuers` may not issue for; what cannot be read constrains nothing here. */
export const forbiddenNames = (
  leaf: Pick<CertificateFacts, "dnsNames" | "ipNames">,
  issuers: readonly Pick<CertificateFacts, "der">[],
): readonly string[] => {
  const constraints = issuers.flatMap(({ der }) => {
    try {
      return readFields(der).extensions.get(extensions.nameConstraints) ?? [];
    } catch (error) {
      if (error instanceof DerProblem) return [];
      throw error;
    }
  });
  const bad = (name: string, ip: boolean): boolean =>
    constraints.some((value) => {
      try {
        return forbids(value, name, ip);
      } catch (error) {
        if (error instanceof DerProblem) return false;
        throw error;
      }
    });
  return [...leaf.dnsNames.filter((name) => bad(name, false)), ...leaf.ipNames.filter((name) => bad(name, true))];
};
