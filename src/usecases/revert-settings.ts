// Takes back what mailcert changed in the servers' settings, newest first, where the present value is still ours.
import { describeChange, describeKept, describeRevert } from "../domain/describe-change.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import type { Installation, Server } from "../servers/server.ts";
import type { HostEvent } from "../store/store.ts";
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

/** The changes of a certificate that are still in force, oldest first. */
export const changesInForce = (events: readonly HostEvent[], certificate: string): readonly HostEvent[] => {
  const open: HostEvent[] = [];
  for (const event of events) {
    if (event.certificate !== certificate || !event.change) continue;
    if (!event.reverts) {
      open.push(event);
      continue;
    }
    const text = JSON.stringify(event.change);
    const index = open.findLastIndex((one) => JSON.stringify(one.change) === text);
    if (index >= 0) open.splice(index, 1);
  }
  return open;
};

/** `only`: these installations; default all. */
export const revertSettings = async (
  world: World,
  certificate: string,
  only?: readonly string[],
): Promise<RevertedSettings> => {
  const servers = await world.servers();
  const touched = new Map<string, { server: Server; installation: Installation }>();
  const reverted: string[] = [];
  const kept: string[] = [];
  const findings: Finding[] = [];
  const detected = new Map<string, readonly Installation[]>();
  const installationsOf = async (name: string): Promise<readonly Installation[]> => {
    const known = detected.get(name) ?? (await servers[name]?.detect()) ?? [];
    detected.set(name, known);
    return known;
  };
  for (const event of changesInForce(await world.store.events(), certificate).toReversed()) {
    const { change } = event;
    if (!change || (only && !only.includes(change.installation))) continue;
    const server = servers[change.server];
    const installation = (await installationsOf(change.server)).find((one) => one.id === change.installation);
    if (!server || !installation) {
      kept.push(`${change.installation}: not installed any more: ${describeChange(change.change)}`);
      continue;
    }
    const outcome = await unlessFailure(() => server.revert(installation, change.change));
    if (outcome instanceof Failure) {
      const what = `${installation.id}: ${describeChange(change.change)}`;
      findings.push(troubleFinding(`still there: ${what}: ${outcome.message}`, outcome));
      continue;
    }
    const done =
      outcome === "reverted" ? describeRevert(change.change, true) : `left alone: ${describeKept(change.change)}`;
    await world.store.record({
      at: world.now().toISOString(),
      run: world.run,
      command: world.command,
      certificate,
      what: `${installation.id}: ${done}`,
      ...(outcome === "reverted" ? { undo: `mailcert deploy ${certificate}` } : {}),
      change,
      reverts: true,
    });
    if (outcome === "reverted") reverted.push(`${installation.id}: ${done}`);
    else kept.push(`${installation.id}: ${describeKept(change.change)}`);
    touched.set(installation.id, { server, installation });
  }
  const reloaded: string[] = [];
  for (const { server, installation } of touched.values()) {
    if (!installation.running) continue;
    const trouble = await unlessFailure(async () => {
      await server.check(installation);
      await server.reload(installation);
    });
    if (trouble instanceof Failure) {
      findings.push(troubleFinding(`${installation.id} was not reloaded: ${trouble.message}`, trouble));
    } else {
      reloaded.push(installation.id);
    }
  }
  return { reverted, kept, reloaded, findings };
};

/** What cannot be done for one server must not keep the others from getting their settings back. */
const unlessFailure = async <Result>(job: () => Promise<Result>): Promise<Result | Failure> => {
  try {
    return await job();
  } catch (failure) {
    if (failure instanceof Failure) return failure;
    throw failure;
  }
};

const troubleFinding = (message: string, { hints }: Failure): Finding => ({
  check: "deploy-config",
  severity: "fault",
  message,
  hint: hints[0] ?? "mend it and run the command again",
});
