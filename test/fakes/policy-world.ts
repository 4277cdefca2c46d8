// The fake world with a server that has two settings of TLS policy, and a way to end a run at any of its steps.
import { Failure } from "../../src/domain/failure.ts";
import type { PolicyPlan } from "../../src/servers/policy.ts";
import type { Change, Installation, Server } from "../../src/servers/server.ts";
import type { HostEvent } from "../../src/store/store.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import { issue } from "../../src/usecases/issue.ts";
import type { World } from "../../src/usecases/world.ts";
import { type FakeWorld, certificate, fakeWorld } from "./world.ts";

export interface PolicyWorld {
  readonly fake: FakeWorld;
  readonly world: World;
  /** What stands in its configuration. */
  readonly settings: Map<string, string>;
  /** Strict settings end every handshake once they are loaded. */
  breaks: boolean;
  /** What its own test says, by what stands there. */
  complaint: () => string | undefined;
  /** Called before each change is made, and before each is taken back; throws to play trouble. */
  onApply: (parameter: string) => void;
  onRevert: (parameter: string) => "not-ours" | undefined;
  /** What a reload ends with; undefined: well. */
  onReload: () => Failure | undefined;
  /** The same world for a run that ends at this step and does nothing at all from then on; `after`: once the step is done. */
  readonly dying: (at: (what: string) => boolean, after?: boolean) => World;
}

const isPolicy = (change: Change): change is Extract<Change, { kind: "parameter" }> =>
  change.kind === "parameter" && change.parameter.startsWith("policy");

const parameters = ["policy-1", "policy-2"];

const hardening = (server: Server, state: PolicyWorld): Server => {
  const { settings } = state;
  const strict = (): boolean => [...settings.values()].includes("strict");
  return {
    ...server,
    harden: async (): Promise<PolicyPlan> => {
      const missing = parameters.filter((parameter) => settings.get(parameter) !== "strict");
      return {
        library: { name: "OpenSSL", version: "3.0.20" },
        settings: missing.map((setting) => ({
          scope: "everybody",
          setting,
          now: settings.get(setting) ?? "",
          wanted: "strict",
          why: "a reason",
        })),
        stricter: [],
        changes: missing.map((parameter) => ({
          kind: "parameter",
          parameter,
          before: settings.get(parameter),
          after: "strict",
        })),
        notCovered: [],
        notes: [],
      };
    },
    apply: async (installation, change) => {
      if (!isPolicy(change)) return server.apply(installation, change);
      state.onApply(change.parameter);
      if (change.after === undefined) settings.delete(change.parameter);
      else settings.set(change.parameter, change.after);
    },
    revert: async (installation, change) => {
      if (!isPolicy(change)) return server.revert(installation, change);
      const { parameter, before, after } = change;
      if (state.onRevert(parameter) === "not-ours") return "not-ours";
      const now = settings.get(parameter);
      if (now !== after) return now === before ? "reverted" : "not-ours";
      if (before === undefined) settings.delete(parameter);
      else settings.set(parameter, before);
      return "reverted";
    },
    check: async (installation) => {
      const complaint = state.complaint();
      if (complaint !== undefined) throw new Failure("config", complaint);
      await server.check(installation);
    },
    reload: async (installation) => {
      const deaf = state.onReload();
      if (deaf) throw deaf;
      state.fake.server.breaks = state.breaks && strict();
      await server.reload(installation);
    },
  };
};

/** Wraps jobs: the run ends at the one that `at` names, and each one after it fails. */
const mortals = (at: (what: string) => boolean, after: boolean) => {
  let dead = false;
  return <Args extends readonly unknown[], Result>(
      what: (...args: NoInfer<Args>) => string,
      job: (...args: Args) => Promise<Result>,
    ) =>
    async (...args: Args): Promise<Result> => {
      const hit = !dead && at(what(...args));
      dead ||= hit;
      if (dead && !(hit && after)) throw new Error("killed");
      const result = await job(...args);
      if (hit) throw new Error("killed");
      return result;
    };
};

const parameterOf = (change: Change): string => ("parameter" in change ? change.parameter : "");

/** The same world for a run that ends at this step, and does nothing at all from then on; `after`: once the step is done. */
export const dyingWorld = (world: World, server: Server, at: (what: string) => boolean, after = false): World => {
  const mortal = mortals(at, after);
  const { store } = world;
  return {
    ...world,
    store: {
      ...store,
      record: mortal(
        ({ what }) => what,
        (event: HostEvent) => store.record(event),
      ),
      markPolicy: mortal(
        (begun) => (begun ? "mark" : "unmark"),
        (begun: boolean) => store.markPolicy(begun),
      ),
    },
    servers: async () => ({
      fake: {
        ...server,
        apply: mortal(
          (_installation, change) => `apply ${parameterOf(change)}`,
          (installation: Installation, change: Change) => server.apply(installation, change),
        ),
        revert: mortal(
          (_installation, change) => `revert ${parameterOf(change)}`,
          (installation: Installation, change: Change) => server.revert(installation, change),
        ),
        reload: mortal(
          () => "reload",
          (installation: Installation) => server.reload(installation),
        ),
      },
    }),
  };
};

/** With the certificate deployed and proven. */
export const policyWorld = async (): Promise<PolicyWorld> => {
  const fake = fakeWorld();
  await issue(fake.world, certificate());
  await deploy(fake.world, certificate(), { replace: false, accept: async () => false });
  const { fake: bare } = await fake.world.servers();
  if (!bare) throw new Error("no server");
  const state: PolicyWorld = {
    fake,
    settings: new Map(),
    breaks: false,
    complaint: () => undefined,
    onApply: () => undefined,
    onRevert: () => undefined,
    onReload: () => undefined,
    get world() {
      return world;
    },
    dying: (at, after) => dyingWorld(world, server, at, after),
  };
  const server = hardening(bare, state);
  const world: World = { ...fake.world, servers: async () => ({ fake: server }) };
  return state;
};
