// Takes back what mailcert changed in the servers' settings, newest first, where the present value is still ours.
import { describeChange, describeKept, describeRevert } from "../domain/describe-change.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import type { Installation, Server } from "../servers/server.ts";
import type { HostEvent } from "../store/store.ts";
import { changesInForce } from "./changes-in-force.ts";
import { installSettings } from "./install-settings.ts";
import { netReverts } from "./net-reverts.ts";
import { recordChange } from "./record-change.ts";
import { servingOn } from "./serving.ts";
import { dropFromUnder, standingOn } from "./standing-on.ts";
import { readableState, unlessFailure } from "./unless-failure.ts";
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

/**
 * Takes back the changes of these certificates together, newest first: where one stands on another's, both go in the right order. What a server has for
 * several certificates goes with the last of them; where others stay, its settings are planned anew for those.
 * `only`: these installations; default all. By certificate.
 */
export const revertSettings = async (
  world: World,
  certificates: readonly string[],
  only?: readonly string[],
): Promise<ReadonlyMap<string, RevertedSettings>> => {
  const servers = await world.servers();
  const results = new Map(certificates.map((name) => [name, emptyResult()]));
  const open = changesInForce(await world.store.events()).filter(
    ({ change }) => change && (only === undefined || only.includes(change.installation)),
  );
  const sides = new Map<string, Side>();
  for (const { change } of open)
    if (change && !sides.has(change.installation))
      sides.set(change.installation, sideOf(world, servers[change.server], change.installation, certificates, open));
  const touched = new Map<string, Touched>();
  const installations = finder(servers);
  const tell = netReverts();
  for (const event of open.toReversed()) {
    const { change } = event;
    const side = change && sides.get(change.installation);
    // What is there for all is told with one of them.
    const told = results.has(event.certificate ?? "") ? (event.certificate ?? "") : (certificates[0] ?? "");
    const result = results.get(told);
    if (!change || !side || !result) continue;
    const server = servers[change.server];
    const installation = await installations(event);
    const others = side.stay.length > 0 && server?.sni === true && !side.all;
    const touch = (reverted: boolean): void => {
      if (!server || !installation) return;
      const known = touched.get(installation.id);
      touched.set(installation.id, {
        server,
        installation,
        told,
        others,
        reverted: reverted || known?.reverted === true,
      });
    };
    if (!goes(event, side, certificates)) {
      if (others) touch(false);
      continue;
    }
    if (!server || !installation) {
      result.kept.push(`${change.installation}: not installed any more: ${describeChange(change.change)}`);
      continue;
    }
    const above = standingOn(open, event, side.all ? [...certificates, ...side.stay] : certificates);
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
      ...(event.certificate === undefined ? {} : { certificate: event.certificate }),
      what: `${installation.id}: ${done}`,
      ...(outcome === "reverted" ? { undo: `mailcert deploy ${told}` } : {}),
      change,
      reverts: true,
    });
    if (outcome === "reverted") tell(result.reverted, installation.id, change.change, done);
    else result.kept.push(`${installation.id}: ${describeKept(change.change)}`);
    touch(true);
  }
  for (const one of touched.values()) await settle(world, one, certificates, results.get(one.told));
  for (const [id, side] of sides) if (side.all) await letGo(world, id, side.stay, results.get(certificates[0] ?? ""));
  return results;
};

/** Who is left on a server. */
interface Side {
  readonly stay: readonly string[];
  /** Its default goes, and it cannot do without: the others go, too. */
  readonly all: boolean;
}

const sideOf = (
  world: World,
  server: Server | undefined,
  id: string,
  going: readonly string[],
  open: readonly HostEvent[],
): Side => {
  const at = open.filter(({ change }) => change?.installation === id);
  const stay = world.store.list().filter((name) => {
    const state = going.includes(name) ? undefined : readableState(world, name);
    if (!state || state.parked || world.store.liveNumber(name) === undefined) return false;
    return state.deployments[id] !== undefined || at.some(({ certificate }) => certificate === name);
  });
  const loses = at.some(
    ({ certificate, change }) => going.includes(certificate ?? "") && change?.change.kind !== "line",
  );
  return { stay, all: stay.length > 0 && server?.sni === true && server.ownDefault !== true && loses };
};

const goes = ({ certificate, change }: HostEvent, { stay, all }: Side, going: readonly string[]): boolean => {
  const shared = change !== undefined && "shared" in change.change && change.change.shared;
  return all || (shared ? stay.length === 0 : going.includes(certificate ?? ""));
};

type Find = (event: HostEvent) => Promise<Installation | undefined>;

const finder = (servers: Readonly<Record<string, Server>>): Find => {
  const detected = new Map<string, readonly Installation[]>();
  return async ({ change }) => {
    if (!change) return undefined;
    const server = servers[change.server];
    const known = detected.get(change.server) ?? (await server?.detect()) ?? [];
    detected.set(change.server, known);
    return known.find(({ id }) => id === change.installation) ?? server?.recall?.(change.installation, change.change);
  };
};

interface Touched {
  readonly server: Server;
  readonly installation: Installation;
  /** Whose result says what was done. */
  readonly told: string;
  /** Others are served there: settings are planned anew for them. */
  readonly others: boolean;
  readonly reverted: boolean;
}

interface Gathering {
  readonly reverted: string[];
  readonly kept: string[];
  readonly reloaded: string[];
  readonly findings: Finding[];
}

const emptyResult = (): Gathering => ({ reverted: [], kept: [], reloaded: [], findings: [] });

/** The settings that are left are tested, and read once. */
const settle = async (
  world: World,
  { server, installation, others, reverted }: Touched,
  going: readonly string[],
  result: Gathering = emptyResult(),
): Promise<void> => {
  let changed = reverted;
  if (others) {
    const serving = await servingOn(world, { server, installation }, [], new Map(), going);
    const one = { server, installation, listeners: [] };
    const settings = await unlessFailure(() => installSettings(world, one, serving, { accept: async () => false }));
    if (settings instanceof Failure) {
      result.findings.push(troubleFinding(`${installation.id} was not changed: ${settings.message}`, settings));
      return;
    }
    result.reverted.push(...settings.changes.map((what) => `${installation.id}: ${what}`));
    result.findings.push(...settings.findings.filter(({ check }) => check === "deploy-config"));
    if (!settings.usable) return;
    changed ||= settings.changes.length > 0;
  }
  if (!installation.running || !changed) return;
  const trouble = await unlessFailure(async () => {
    await server.check(installation);
    await server.reload(installation);
  });
  if (trouble instanceof Failure)
    result.findings.push(troubleFinding(`${installation.id} was not reloaded: ${trouble.message}`, trouble));
  else result.reloaded.push(installation.id);
};

/** They went with the default that the server cannot do without. */
const letGo = async (
  world: World,
  id: string,
  names: readonly string[],
  result: Gathering | undefined,
): Promise<void> => {
  for (const name of names) {
    const state = readableState(world, name);
    if (!state) continue;
    const { [id]: _gone, ...deployments } = state.deployments;
    await world.store.write({ ...state, deployments });
  }
  result?.findings.push({
    check: "deploy-one-certificate",
    severity: "warning",
    message: `${id} serves others by their names only beside a first certificate, which went: it serves ${names.join(", ")} no more`,
    hint: `put another one first in the configuration, and run: mailcert deploy`,
  });
};

const troubleFinding = (message: string, { hints }: Failure): Finding => ({
  check: "deploy-config",
  severity: "fault",
  message,
  hint: hints[0] ?? "mend it and run the command again",
});
