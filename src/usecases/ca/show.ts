// ca show: the private CAs of this host as they stand, and what is to be done about them. Takes no lock.
import { Failure } from "../../domain/failure.ts";
import type { Finding } from "../../domain/finding.ts";
import { caFindings } from "../../domain/private-ca.ts";
import { shellWord } from "../../domain/shell-word.ts";
import type { ShownCa } from "../../issuers/private-cas.ts";
import { unlessFailure } from "../unless-failure.ts";
import { halfRotated } from "./half-rotated.ts";
import type { World } from "../world.ts";

export interface ShownCas {
  readonly cas: readonly ShownCa[];
  readonly findings: readonly Finding[];
}

/** @throws Failure `config` where there is none of that name. */
export const theCa = async (world: World, name: string): Promise<ShownCa> => {
  const cas = await world.privateCas();
  const ca = await cas.show(name, world.now());
  if (ca) return ca;
  const known = await cas.list();
  throw new Failure("usage", `there is no private CA "${name.slice(0, 100)}" in ${world.store.dir}/ca`, {
    hints: [
      ...(known.length > 0 ? [`known here: ${known.slice(0, 10).join(", ")}`] : []),
      `make it: mailcert ca init ${shellWord(name)} (the first certificate by a private CA makes it as well)`,
    ],
  });
};

const findingsOf = async (world: World, ca: ShownCa): Promise<readonly Finding[]> => [
  ...caFindings(ca, world.now()),
  ...(await halfRotated(world, ca)),
];

/** undefined: all that there are. */
export const showCas = async (world: World, name: string | undefined): Promise<ShownCas> => {
  const names = name === undefined ? await (await world.privateCas()).list() : [name];
  const cas: ShownCa[] = [];
  for (const one of names) {
    if (name !== undefined) cas.push(await theCa(world, one));
    else cas.push(...[await (await world.privateCas()).show(one, world.now())].filter((ca) => ca !== undefined));
  }
  const findings: Finding[] = [];
  for (const ca of cas) findings.push(...(await findingsOf(world, ca)));
  return { cas, findings };
};

/** For status and doctor: one that cannot be read is a finding, and whoever may not look is told nothing. */
export const standingFindings = async (world: World): Promise<readonly Finding[]> => {
  const cas = await world.privateCas();
  const findings: Finding[] = [];
  for (const name of await cas.list()) {
    const ca = await unlessFailure(() => cas.show(name, world.now()));
    if (ca instanceof Failure) {
      if (ca.kind !== "no-permission")
        findings.push({
          check: "ca-damaged",
          severity: "fault",
          message: ca.message,
          ...(ca.hints[0] === undefined ? {} : { hint: ca.hints.join("; ") }),
        });
    } else if (ca) findings.push(...(await findingsOf(world, ca)));
  }
  return findings;
};
