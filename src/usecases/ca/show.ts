// ca show: the private CAs of this host as they stand, and what is to be done about them. Takes no lock.
import { Failure } from "../../domain/failure.ts";
import type { Finding } from "../../domain/finding.ts";
import { goneCa } from "../../domain/ca-gone.ts";
import { caFindings } from "../../domain/private-ca.ts";
import { shellWord } from "../../domain/shell-word.ts";
import type { ShownCa } from "../../issuers/private-cas.ts";
import { unlessFailure } from "../unless-failure.ts";
import { halfRotated } from "./half-rotated.ts";
import { certificatesOf } from "./of-ca.ts";
import { otherRootFindings } from "./other-root.ts";
import { relyingByCa, relyingOn } from "./relying.ts";
import type { World } from "../world.ts";

export interface ShownCas {
  readonly cas: readonly ShownCa[];
  readonly findings: readonly Finding[];
}

/** Where certificates that it signed are, or are to be, served; undefined: nobody misses it. */
const goneFailure = async (world: World, name: string): Promise<Failure | undefined> => {
  const signed = relyingOn(world, name);
  const relying = signed.length === 0 ? [] : (await certificatesOf(world, name)).map((one) => one.name);
  const missed = relying.filter((one) => signed.includes(one));
  const cas = await world.privateCas();
  if (missed.length === 0) return undefined;
  const isEmpty = !(await cas.list()).includes(name);
  return goneCa({ ca: name, folder: cas.folderOf(name), isEmpty, relying: missed });
};

/** @throws Failure `usage` where there is none of that name, `data` where it is gone or damaged. */
export const theCa = async (world: World, name: string): Promise<ShownCa> => {
  const cas = await world.privateCas();
  const ca = await cas.show(name, world.now());
  if (ca) return ca;
  const gone = await goneFailure(world, name);
  if (gone) throw gone;
  const known = await cas.list();
  if (known.includes(name))
    throw new Failure("data", `the private CA "${name}" in ${cas.folderOf(name)} is half made: it has no root yet`, {
      hints: ["the first certificate by it finishes it: mailcert issue, or mailcert setup"],
    });
  throw new Failure("usage", `there is no private CA "${name.slice(0, 100)}" in ${world.store.dir}/ca`, {
    hints: [
      ...(known.length > 0 ? [`known here: ${known.slice(0, 10).join(", ")}`] : []),
      `make it: mailcert ca init ${shellWord(name)} (the first certificate by a private CA makes it as well)`,
    ],
  });
};

const findingsOf = async (world: World, ca: ShownCa): Promise<readonly Finding[]> => [
  ...caFindings(ca, world.now()),
  ...(await otherRootFindings(world, ca)),
  ...(await halfRotated(world, ca)),
];

const damaged = ({ message, hints }: Failure): Finding => ({
  check: "ca-damaged",
  severity: "fault",
  message,
  ...(hints.length === 0 ? {} : { hint: hints.join("; ") }),
});

/** Those that have a folder, and those that signed what is served. */
const namesOf = async (world: World): Promise<readonly string[]> => [
  ...new Set([...(await (await world.privateCas()).list()), ...relyingByCa(world).keys()]),
];

/** undefined: all that there are. */
export const showCas = async (world: World, name: string | undefined): Promise<ShownCas> => {
  if (name !== undefined) {
    const ca = await theCa(world, name);
    return { cas: [ca], findings: await findingsOf(world, ca) };
  }
  const cas: ShownCa[] = [];
  const findings: Finding[] = [];
  for (const one of await namesOf(world)) {
    const ca = await (await world.privateCas()).show(one, world.now());
    if (ca) {
      cas.push(ca);
      findings.push(...(await findingsOf(world, ca)));
    } else findings.push(...[await goneFailure(world, one)].flatMap((gone) => (gone ? [damaged(gone)] : [])));
  }
  return { cas, findings };
};

export interface StandingCas {
  readonly findings: readonly Finding[];
  /** Names of those that are there. */
  readonly whole: readonly string[];
}

/** For status and doctor: one that cannot be read is a finding, and whoever may not look is told nothing. */
export const standingCas = async (world: World): Promise<StandingCas> => {
  const cas = await world.privateCas();
  const findings: Finding[] = [];
  const whole: string[] = [];
  for (const name of await namesOf(world)) {
    const ca = await unlessFailure(async () => (await cas.show(name, world.now())) ?? goneFailure(world, name));
    if (ca instanceof Failure) {
      if (ca.kind !== "no-permission") findings.push(damaged(ca));
    } else if (ca) {
      whole.push(name);
      findings.push(...(await findingsOf(world, ca)));
    }
  }
  return { findings, whole };
};
