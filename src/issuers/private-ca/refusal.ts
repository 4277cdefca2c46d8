// What a private CA says to a name outside its constraints, or to other constraints than those it was made with, and the ways out.
import { basename } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { type NameConstraints, permits } from "../../domain/name-constraints.ts";
import { displayName } from "../../domain/names.ts";
import { nearest } from "../../domain/nearest.ts";
import { caWord } from "../../domain/private-ca.ts";
import { shellWord } from "../../domain/shell-word.ts";

/** A CA that exists: what it is called in settings, where it is, what it may certify. */
interface Limited {
  readonly ca: string;
  readonly folder: string;
  readonly constraints: NameConstraints | undefined;
}

/** What the CA may certify, in words: `limited to example.org and the names below it`. */
export const limits = (constraints: NameConstraints | undefined): string => {
  if (constraints === undefined) return "not limited: it may certify any name";
  const { domains, addresses } = constraints;
  const parts = [...domains.map((domain) => `${displayName(domain)} and the names below it`), ...addresses];
  return `limited to ${parts.join(", ") || "nothing"}`;
};

/** As `ca_domains` spells it. */
const listed = (constraints: NameConstraints | undefined): readonly string[] =>
  constraints === undefined ? ["*"] : [...constraints.domains, ...constraints.addresses];

const inYaml = (entries: readonly string[]): string => `ca_domains: [${entries.map((one) => `"${one}"`).join(", ")}]`;

/** Why a CA with these constraints cannot certify `name`, or undefined. */
export const outside = (constraints: NameConstraints | undefined, name: string): string | undefined =>
  permits(constraints, name) ? undefined : `is ${limits(constraints)} (name constraints, RFC 5280 §4.2.1.10)`;

const anotherCa = "make another CA beside it: ca: NAME (--ca NAME)";

/** Clients of the old root go on with the names that it permits. */
const rotated = (ca: string, domains: readonly string[]): string =>
  `or give it a new root with other limits, which everybody has to import: mailcert ca rotate ${ca} --ca-domains ${shellWord(domains.join(","))}`;

const moved = (folder: string): string =>
  `mv ${shellWord(folder)} ${shellWord(`/root/mailcert-ca-${basename(folder)}`)}`;

/** Only a root that nobody relies on may go: everyone who has imported it would have to do so again. Moved, for a CA that is gone cannot be made again. */
const anew = (folder: string, domains: readonly string[]): string =>
  `or, if nobody has imported its root yet, move it away (${moved(folder)}), make another (mailcert ca init${caWord(basename(folder))} --ca-domains ${shellWord(domains.join(","))}), then run this again`;

/** A CA for a domain that nobody has is of no use to anybody. */
const takeBack = (domain: string, folder: string): string =>
  `was ${displayName(domain)} mistyped? Then take back what was set up for it (mailcert deploy --remove NAME, its entry out of the configuration), move the CA away (${moved(folder)}), and run this again`;

/** The CA's domain that `name` is in but for a slip of the pen: same end, nearly the same letters. */
const mistyped = (constraints: NameConstraints | undefined, name: string): string | undefined => {
  const parents = name.split(".").map((_, index, labels) => labels.slice(index).join("."));
  const end = parents.at(-1) ?? "";
  const alike = (constraints?.domains ?? []).filter((domain) => domain.endsWith(`.${end}`));
  return parents.filter((one) => one.includes(".")).flatMap((one) => nearest(one, alike) ?? [])[0];
};

/** @throws Failure `data` naming the first name outside, with the ways out. `bases`: the domains that a CA made for these names, and those of its other certificates, would have. */
export const refuseOutside = async (
  { ca, folder, constraints }: Limited,
  names: readonly string[],
  bases: () => Promise<NameConstraints>,
): Promise<void> => {
  for (const name of names) {
    const why = outside(constraints, name);
    if (why === undefined) continue;
    const slip = mistyped(constraints, name);
    // What a new CA in the old one's place has to be made with to serve both.
    const all = [...new Set([...listed(constraints), ...listed(await bases())])];
    const both = `; entries that have ca_domains then need ${inYaml(all)} (--ca-domains ${shellWord(all.join(","))})`;
    throw new Failure("data", `private-ca cannot certify ${displayName(name)}: the private CA "${ca}" ${why}`, {
      hints: [
        ...(slip === undefined ? [] : [takeBack(slip, folder)]),
        anotherCa,
        rotated(ca, all),
        `${anew(folder, all)}${both}`,
      ],
    });
  }
};

const same = (left: readonly string[], right: readonly string[]): boolean =>
  [...left].sort().join() === [...right].sort().join();

/** @throws Failure `config` when `asked` (ca_domains, --ca-domains) is not what the CA was made with: that cannot change any more. */
export const refuseOtherLimits = (
  { ca, folder, constraints }: Limited,
  asked: NameConstraints | undefined,
  names: readonly string[],
): void => {
  const [is, wanted] = [listed(constraints), listed(asked)];
  if (same(is, wanted)) return;
  const asItIs = `no ca_domains, or ${inYaml(is)} (--ca-domains ${shellWord(is.join(","))})`;
  throw new Failure(
    "config",
    `ca_domains asks for ${wanted.map(displayName).join(", ")}, but the private CA "${ca}" in ${folder} is there already and ${limits(constraints)}; that changes with a new root only`,
    {
      hints: [
        ...(names.every((name) => permits(constraints, name)) ? [`to use it as it is: ${asItIs}`] : []),
        anotherCa,
        rotated(ca, wanted),
        anew(folder, wanted),
      ],
    },
  );
};
