// What a private CA says to a name outside its constraints, and the ways out.
import { Failure } from "../../domain/failure.ts";
import { type NameConstraints, permits } from "../../domain/name-constraints.ts";
import { isIpName } from "../../domain/names.ts";

/** What the CA may certify, in words. */
const describeConstraints = ({ domains, addresses }: NameConstraints): string =>
  [...domains.map((domain) => `${domain} and the names below it`), ...addresses].join(", ") || "nothing";

/** Why the CA cannot certify `name`, or undefined. */
export const outside = (constraints: NameConstraints | undefined, name: string): string | undefined =>
  constraints === undefined || permits(constraints, name)
    ? undefined
    : `the private CA is limited to ${describeConstraints(constraints)} (name constraints, RFC 5280 §4.2.1.10)`;

/** @throws Failure `data` naming the first name outside, with the ways out. */
export const refuseOutside = (
  constraints: NameConstraints | undefined,
  names: readonly string[],
  ca: string,
  folder: string,
): void => {
  for (const name of names) {
    const why = outside(constraints, name);
    if (why === undefined) continue;
    const what = isIpName(name) ? name : name.replace(/^\*\./, "") || name;
    throw new Failure("data", `private-ca cannot certify ${name}: ${why}`, {
      hints: [
        `make a further CA for it: give this certificate another CA name in the configuration (\`ca: ...\`, now "${ca}")`,
        `or make this CA anew with ${what} in ca_domains: move ${folder} away first; everybody must then import the new root`,
      ],
    });
  }
};
