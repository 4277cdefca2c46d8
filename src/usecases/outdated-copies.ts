// Copies that an earlier entry of `files:` left: taken back once what the present one asks for is in place, and its program has been told.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { describeChange, describeRevert } from "../domain/describe-change.ts";
import { Failure } from "../domain/failure.ts";
import { type FileTarget, copies, copiesId, fileKinds } from "../domain/file-target.ts";
import type { Finding } from "../domain/finding.ts";
import type { Change, ServedCertificate, Server } from "../servers/server.ts";
import type { HostEvent } from "../store/store.ts";
import { changesInForce } from "./changes-in-force.ts";
import { recordChange } from "./record-change.ts";
import { stillThereHint } from "./still-there.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

type CopiesChange = Extract<Change, { kind: "copies" }>;

/** A change of copies in force, with the line of the log that says it. */
interface Copied {
  readonly event: HostEvent;
  readonly change: CopiesChange;
}

const inForceAt = async (world: World, id: string): Promise<readonly Copied[]> =>
  changesInForce(await world.store.events()).flatMap((event) => {
    const { change } = event;
    return change?.installation === id && change.change.kind === "copies" ? [{ event, change: change.change }] : [];
  });

const pathsOf = ({ paths }: FileTarget): readonly string[] => fileKinds.flatMap((kind) => paths[kind] ?? []);

const hasReload = ({ reload }: Pick<FileTarget, "reload">, { change }: Copied): boolean =>
  JSON.stringify(change.reload) === JSON.stringify(reload);

const fits = (target: FileTarget, one: Copied): boolean =>
  hasReload(target, one) && one.change.files.map(({ path }) => path).join("\n") === pathsOf(target).join("\n");

/** Its entry names another program than the one that was told of what is in place. */
export const hasOtherReload = async (
  world: World,
  { name, files = [] }: CertificateConfig,
  id: string,
): Promise<boolean> => {
  const target = files.find((one) => copiesId(name, one.name) === id);
  const last = target?.reload && (await inForceAt(world, id)).at(-1);
  return last !== undefined && !hasReload(target ?? {}, last);
};

/** What of an outdated change no entry of the present asks for. */
const leftOf = ({ change }: Copied, files: readonly FileTarget[]): CopiesChange => {
  const wanted = new Set(files.flatMap(pathsOf));
  return { ...change, files: change.files.filter(({ path }) => !wanted.has(path)) };
};

const outdated = (target: FileTarget, all: readonly Copied[]): readonly Copied[] => {
  const present = all.findLast((one) => fits(target, one));
  return all.filter((one) => one !== present);
};

/** What a deployment will take back, one sentence each. By installation id. */
export const foreseeCopies = async (
  world: World,
  { name, files = [] }: CertificateConfig,
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const found = new Map<string, readonly string[]>();
  for (const target of files) {
    const id = copiesId(name, target.name);
    const left = outdated(target, await inForceAt(world, id)).map((one) => leftOf(one, files));
    found.set(id, sentences(left, false));
  }
  return found;
};

const sentences = (changes: readonly CopiesChange[], done: boolean): readonly string[] => [
  ...new Set(changes.flatMap((change) => (change.files.length > 0 ? [describeRevert(change, done)] : []))),
];

export interface RetiredCopies {
  /** What was done, one sentence each, by installation id. */
  readonly changes: ReadonlyMap<string, readonly string[]>;
  readonly findings: readonly Finding[];
}

/** Everything that is configured is in place. What cannot be taken back now is a fault, and the next run tries again. */
export const retireCopies = async (
  world: World,
  { name, keys, files = [] }: CertificateConfig,
  served: ServedCertificate,
): Promise<RetiredCopies> => {
  const changes = new Map<string, readonly string[]>();
  const findings: Finding[] = [];
  const server = files.length === 0 ? undefined : (await world.servers())[copies]?.withTargets?.({ name, keys }, files);
  if (!server) return { changes, findings };
  for (const target of files) {
    const id = copiesId(name, target.name);
    const all = await inForceAt(world, id);
    // First: what is in place is never without its way back.
    if (!all.some((one) => fits(target, one))) await recordPresent(world, server, id, served);
    const done: CopiesChange[] = [];
    for (const one of outdated(target, all)) {
      const left = leftOf(one, files);
      const trouble = await retire(world, server, id, one, left);
      if (trouble) findings.push(trouble);
      else done.push(left);
    }
    changes.set(id, sentences(done, true));
  }
  return { changes, findings };
};

/** Copies that are there as the entry says, and that no line of the log is about: of an entry whose name or program was another one. */
const recordPresent = async (world: World, server: Server, id: string, served: ServedCertificate): Promise<void> => {
  const installation = (await server.detect()).find((one) => one.id === id);
  const { stands: [change] = [] } = installation ? await server.plan(installation, served) : {};
  if (!change) return;
  await recordChange(world, {
    certificate: served.name,
    what: `${id}: ${describeChange(change)}: it is there as files: says now`,
    undo: `mailcert deploy --remove ${served.name}`,
    change: { server: copies, installation: id, change },
  });
};

const retire = async (
  world: World,
  server: Server,
  id: string,
  { event, change }: Copied,
  left: CopiesChange,
): Promise<Finding | undefined> => {
  const installation = server.recall?.(id, change);
  const outcome =
    left.files.length === 0 || !installation
      ? "reverted"
      : await unlessFailure(() => server.revert(installation, left));
  if (outcome instanceof Failure) {
    return {
      check: "deploy-config",
      severity: "fault",
      message: `${id}: what an earlier entry of files: copied is still there: ${outcome.message}`,
      hint: stillThereHint(outcome, `mailcert deploy ${event.certificate ?? ""}`.trim()),
    };
  }
  const paths = left.files.map(({ path }) => path).join(", ");
  const what =
    left.files.length === 0
      ? "the copies are those of the present entry of files:"
      : outcome === "reverted"
        ? describeRevert(left, true)
        : `left alone: ${paths}: somebody changed it since`;
  await recordChange(world, {
    ...(event.certificate === undefined ? {} : { certificate: event.certificate }),
    what: `${id}: ${what}`,
    ...(event.change ? { change: event.change } : {}),
    reverts: true,
  });
  if (outcome === "reverted") return undefined;
  return {
    check: "deploy-left",
    severity: "warning",
    message: `${id}: ${paths} is not named in files: any more, and somebody changed it since: it was left alone`,
    hint: `look whether anything reads it; if not: rm ${paths}`,
  };
};
