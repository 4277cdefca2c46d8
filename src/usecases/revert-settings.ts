// Takes back what mailcert changed in the servers' settings, newest first, where the present value is still ours.
import { describeChange, describeKept, describeRevert } from "../domain/describe-change.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import type { Change, Installation, Server } from "../servers/server.ts";
import type { HostEvent } from "../store/store.ts";
import { recordChange } from "./record-change.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

export interface RevertedSettings {
  /** What happened to the host, one sentence each: `dovecot: removed /etc/dovecot/conf.d/99-mailcert.conf`. */
  readonly reverted: readonly string[];
  /** Left as it is, with the reason. */
  readonly kept: readonly string[];
  /** Installation ids that were reloaded. */
  readonly reloaded: readonly string[];
  /** What could not be taken back, and servers that could not be reloaded; the others were. */
  readonly findings: readonly Finding[];
}

/** The changes that are still in force, of every certificate, oldest first. */
export const changesInForce = (events: readonly HostEvent[]): readonly HostEvent[] => {
  const open: HostEvent[] = [];
  for (const event of events) {
    if (event.certificate === undefined || !event.change) continue;
    const text = JSON.stringify(event.change);
    if (!event.reverts) {
      // Copies are made anew at each renewal, and taken back once.
      const again = event.change.change.kind === "copies" && open.some((one) => JSON.stringify(one.change) === text);
      if (!again) open.push(event);
      continue;
    }
    const index = open.findLastIndex(
      (one) => one.certificate === event.certificate && JSON.stringify(one.change) === text,
    );
    if (index >= 0) open.splice(index, 1);
  }
  return open;
};

/**
 * Takes back the changes of these certificates together, newest first: where one stands on another's, both go in the right order.
 * `only`: these installations; default all. By certificate.
 */
export const revertSettings = async (
  world: World,
  certificates: readonly string[],
  only?: readonly string[],
): Promise<ReadonlyMap<string, RevertedSettings>> => {
  const servers = await world.servers();
  const results = new Map(certificates.map((name) => [name, emptyResult()]));
  const touched = new Map<string, { server: Server; installation: Installation; certificate: string }>();
  const detected = new Map<string, readonly Installation[]>();
  const installationsOf = async (name: string): Promise<readonly Installation[]> => {
    const known = detected.get(name) ?? (await servers[name]?.detect()) ?? [];
    detected.set(name, known);
    return known;
  };
  const open = [...changesInForce(await world.store.events())];
  for (const event of open.toReversed()) {
    const { certificate = "", change } = event;
    const result = results.get(certificate);
    if (!change || !result || (only && !only.includes(change.installation))) continue;
    const server = servers[change.server];
    const installation =
      (await installationsOf(change.server)).find((one) => one.id === change.installation) ??
      server?.recall?.(change.installation, change.change);
    if (!server || !installation) {
      result.kept.push(`${change.installation}: not installed any more: ${describeChange(change.change)}`);
      continue;
    }
    const above = standingOn(open, event, certificates);
    if (above) {
      await dropFromUnder(world, event, above);
      result.reverted.push(`${installation.id}: ${above.certificate ?? ""} stands there now`);
      continue;
    }
    const outcome = await unlessFailure(() => server.revert(installation, change.change));
    if (outcome instanceof Failure) {
      const what = `${installation.id}: ${describeChange(change.change)}`;
      result.findings.push(troubleFinding(`still there: ${what}: ${outcome.message}`, outcome));
      continue;
    }
    const done =
      outcome === "reverted" ? describeRevert(change.change, true) : `left alone: ${describeKept(change.change)}`;
    await recordChange(world, {
      certificate,
      what: `${installation.id}: ${done}`,
      ...(outcome === "reverted" ? { undo: `mailcert deploy ${certificate}` } : {}),
      change,
      reverts: true,
    });
    if (outcome === "reverted") result.reverted.push(`${installation.id}: ${done}`);
    else result.kept.push(`${installation.id}: ${describeKept(change.change)}`);
    touched.set(installation.id, { server, installation, certificate });
  }
  for (const { server, installation, certificate } of touched.values()) {
    if (!installation.running) continue;
    const trouble = await unlessFailure(async () => {
      await server.check(installation);
      await server.reload(installation);
    });
    const result = results.get(certificate);
    if (trouble instanceof Failure) {
      result?.findings.push(troubleFinding(`${installation.id} was not reloaded: ${trouble.message}`, trouble));
    } else {
      result?.reloaded.push(installation.id);
    }
  }
  return results;
};

interface Gathering {
  readonly reverted: string[];
  readonly kept: string[];
  readonly reloaded: string[];
  readonly findings: Finding[];
}

const emptyResult = (): Gathering => ({ reverted: [], kept: [], reloaded: [], findings: [] });

/** A later change of a certificate that stays, made on top of this one: its own way back leads through ours. */
const standingOn = (open: readonly HostEvent[], event: HostEvent, going: readonly string[]): HostEvent | undefined => {
  const mine = event.change;
  if (!mine) return undefined;
  return open
    .slice(open.indexOf(event) + 1)
    .find(
      ({ certificate, change }) =>
        change !== undefined &&
        !going.includes(certificate ?? "") &&
        change.installation === mine.installation &&
        change.change.kind !== "copies" &&
        placeOf(change.change) === placeOf(mine.change) &&
        change.change.before === valueOf(mine.change),
    );
};

/** The change above is written down anew, standing on what stood before ours: the host itself stays as it is. */
const dropFromUnder = async (world: World, event: HostEvent, above: HostEvent): Promise<void> => {
  const { change: mine } = event;
  const { change: theirs } = above;
  if (!mine || !theirs || mine.change.kind === "copies") return;
  const what = `${mine.installation}: what ${above.certificate ?? ""} set now stands on what stood before ${event.certificate ?? ""}`;
  const rebased = { ...theirs, change: { ...theirs.change, before: mine.change.before } as Change };
  for (const { certificate, change, reverts } of [
    { certificate: above.certificate, change: theirs, reverts: true },
    { certificate: above.certificate, change: rebased, reverts: false },
    { certificate: event.certificate, change: mine, reverts: true },
  ]) {
    await recordChange(world, {
      what,
      change,
      ...(certificate === undefined ? {} : { certificate }),
      ...(reverts ? { reverts } : {}),
    });
  }
};

/** Which setting a change is about. */
const placeOf = (change: Change): string => {
  switch (change.kind) {
    case "file":
      return `file ${change.path}`;
    case "line":
      return `line ${change.path} ${change.line}`;
    case "parameter":
      return `parameter ${change.parameter}`;
    case "service-parameter":
      return `parameter ${change.service} ${change.parameter}`;
    case "copies":
      return `copies ${change.files.map(({ path }) => path).join(" ")}`;
  }
};

/** What a change left there. */
const valueOf = (change: Change): string | undefined =>
  change.kind === "file" ? change.content : change.kind === "copies" ? undefined : change.after;

const troubleFinding = (message: string, { hints }: Failure): Finding => ({
  check: "deploy-config",
  severity: "fault",
  message,
  hint: hints[0] ?? "mend it and run the command again",
});
