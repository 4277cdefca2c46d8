// ca crl: the lists of revoked certificates, made now, and where a copy of them is kept up to date. And what a timer run does about them.
import { Failure } from "../../domain/failure.ts";
import type { Finding } from "../../domain/finding.ts";
import { caWord, crlFindings } from "../../domain/private-ca.ts";
import { shellWord } from "../../domain/shell-word.ts";
import type { Finished, RefreshedCrls, ShownCa } from "../../issuers/private-cas.ts";
import { tellServers } from "../client-trust.ts";
import { recordChange } from "../record-change.ts";
import { unlessFailure } from "../unless-failure.ts";
import type { World } from "../world.ts";
import { theCa } from "./show.ts";

export interface CrlResult {
  readonly name: string;
  readonly outcome: "planned" | "made";
  readonly ca: ShownCa;
  /** A copy that is kept up to date from now on. */
  readonly copy?: string;
  readonly findings: readonly Finding[];
}

export interface CrlWish {
  readonly name: string;
  /** Absolute. */
  readonly out?: string;
  readonly dryRun: boolean;
}

export const unpublished = ({ message, hints }: Failure): Finding => ({
  check: "ca-crl-copy",
  severity: "fault",
  message: `a copy of the list of revoked certificates is not up to date: ${message}`,
  ...(hints[0] === undefined ? {} : { hint: hints.join("; ") }),
});

/** Said once: from now on nothing knows of them. */
const tellForgotten = async (world: World, name: string, paths: readonly string[]): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  for (const path of paths) {
    const what = `keeps no copy of the list of revoked certificates of the private CA "${name}" in ${path} any more: it was taken away`;
    const undo = `mailcert ca crl${caWord(name)} --out ${shellWord(path)}`;
    await recordChange(world, { what, undo });
    findings.push({
      check: "ca-crl-forgotten",
      severity: "info",
      message: `mailcert ${what}`,
      hint: `if that was not meant: ${undo}`,
    });
  }
  return findings;
};

const finishedWords: Readonly<Record<Finished, (name: string) => string>> = {
  rotation: (name) => `finished the rotation of the private CA "${name}" that a run before was cut short in`,
  restoration: (name) => `finished the restoration of the private CA "${name}" that a run before was cut short in`,
  cleared: (name) =>
    `cleared away what a restoration of the private CA "${name}" left that was cut short before it changed anything`,
};

/** Whoever began it was killed before it could say so. */
const recordFinished = async (world: World, name: string, { finished }: RefreshedCrls): Promise<void> => {
  if (finished !== undefined) await recordChange(world, { what: finishedWords[finished](name) });
};

const recordMade = (world: World, name: string): Promise<void> =>
  recordChange(world, { what: `made the list of revoked certificates of the private CA "${name}" anew` });

/** The caller holds the lock, unless it is a dry run. */
export const makeCrl = async (world: World, { name, out, dryRun }: CrlWish): Promise<CrlResult> => {
  const before = await theCa(world, name);
  const copy = out === undefined ? {} : { copy: out };
  if (dryRun) return { name, outcome: "planned", ca: before, ...copy, findings: [] };
  const cas = await world.privateCas();
  const done = await cas.refreshCrls(name, world.now(), true);
  await recordFinished(world, name, done);
  await recordMade(world, name);
  const findings = [
    ...done.unpublished.map(unpublished),
    ...(await tellForgotten(world, name, done.forgotten)),
    ...(await tellServers(world, name)),
  ];
  if (out !== undefined) {
    await cas.publish(name, out);
    if (!before.published.includes(out))
      await recordChange(world, {
        what: `keeps a copy of the list of revoked certificates of the private CA "${name}" in ${out}`,
        undo: `remove ${out}: it is not made again`,
      });
  }
  return { name, outcome: "made", ca: await theCa(world, name), ...copy, findings };
};

/** What a timer run does: lists whose time has come. The caller holds the lock. Never throws a Failure. */
export const refreshDueCrls = async (world: World): Promise<readonly Finding[]> => {
  const cas = await world.privateCas();
  const findings: Finding[] = [];
  const names = await cas.list();
  // The last one was moved away.
  if (names.length === 0) await unlessFailure(() => cas.noteDue(world.now()));
  for (const name of names) {
    const done = await unlessFailure(() => cas.refreshCrls(name, world.now(), false));
    if ("made" in done) {
      await recordFinished(world, name, done);
      if (done.made > 0) await recordMade(world, name);
      findings.push(
        ...done.unpublished.map(unpublished),
        ...(await tellForgotten(world, name, done.forgotten)),
        ...(await tellServers(world, name)),
      );
      // What is old still, no run can make.
      const ca = await unlessFailure(() => cas.show(name, world.now()));
      if (ca && !(ca instanceof Failure)) findings.push(...crlFindings(ca, world.now()));
    } else
      findings.push({
        check: "ca-crl-failed",
        severity: "fault",
        message: `the list of revoked certificates of the private CA "${name}" could not be made anew: ${done.message}`,
        hint: [...done.hints, `then: mailcert ca crl${caWord(name)}`].join("; "),
      });
  }
  return findings;
};
