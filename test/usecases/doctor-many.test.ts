// Doctor on a host with hundreds of certificates: what it asks of the servers does not grow with them.
import { afterEach, expect, it } from "vitest";
import type { Server } from "../../src/servers/server.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import { doctor } from "../../src/usecases/doctor/doctor.ts";
import { issue } from "../../src/usecases/issue.ts";
import type { World } from "../../src/usecases/world.ts";
import { doctorTools } from "../fakes/doctor-tools.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

let fake: FakeWorld | undefined;
afterEach(() => fake?.dispose());

/** How often a doctor's look at so many certificates asks what costs programs, or the whole of a file. */
const asked = async (many: number): Promise<Readonly<Record<string, number>>> => {
  const here = fakeWorld();
  fake = here;
  const all = Array.from({ length: many }, (_, index) => {
    const name = index === 0 ? "mail.example.org" : `mail${index}.example.org`;
    return certificate({ name, names: [name] });
  });
  const counts = { detect: 0, listeners: 0, processes: 0, check: 0, plan: 0, opened: 0, config: 0, events: 0 };
  const count = (what: keyof typeof counts): void => {
    counts[what] += 1;
  };
  const counting = (server: Server): Server => ({
    ...server,
    detect: (...given) => (count("detect"), server.detect(...given)),
    listeners: (...given) => (count("listeners"), server.listeners(...given)),
    check: (...given) => (count("check"), server.check(...given)),
    plan: (...given) => (count("plan"), server.plan(...given)),
    processes: async () => (count("processes"), []),
  });
  const servers = Object.fromEntries(
    Object.entries(await here.world.servers()).map(([name, server]) => [name, counting(server)]),
  );
  const unscheduled = {
    available: async () => false,
    state: async () => ({ kind: "systemd" as const, files: [], active: false }),
    install: async () => undefined,
    runOnce: async () => ({ status: 0, ok: true }),
    remove: async () => [],
  };
  const world: World = {
    ...here.world,
    servers: async () => servers,
    config: { ...here.world.config, read: async () => (count("config"), { certificates: all }) },
    store: { ...here.world.store, events: () => (count("events"), here.world.store.events()) },
    doctor: async () =>
      doctorTools({ openAs: async (_reader, paths) => (count("opened"), paths.map(() => ({ kind: "open" }))) }),
    scheduling: async () => ({
      schedulers: { systemd: { kind: "systemd", ...unscheduled }, cron: { kind: "cron", ...unscheduled } },
      findOffence: async () => undefined,
      uid: 0,
      nodePath: "/usr/bin/node",
      programPath: "/opt/mailcert/bin/mailcert.js",
      hostName: "mail",
    }),
  };
  const [first] = all;
  if (!first) throw new Error("no certificate");
  for (const one of all) await issue(world, one, { newKey: false });
  await deploy(world, first, { accept: async () => true, replace: false });
  // A server of one certificate has the first alone; the others are as on one that has them all.
  const deployed = here.world.store.read(first.name);
  for (const { name } of all.slice(1)) {
    const state = here.world.store.read(name);
    if (state && deployed) await here.world.store.write({ ...state, deployments: deployed.deployments });
  }
  for (const what of Object.keys(counts) as (keyof typeof counts)[]) counts[what] = 0;
  const { looks } = await doctor(world, []);
  expect(looks.find(({ id }) => id === "state")?.findings.length).toBeGreaterThan(0);
  here.dispose();
  return counts;
};

it("what it asks of servers, programs and files is the same for two certificates and for twenty", async () => {
  const two = await asked(2);
  expect(await asked(20)).toEqual(two);
  expect(two).toMatchObject({ detect: 1, listeners: 1, processes: 1, check: 1, config: 1 });
});
