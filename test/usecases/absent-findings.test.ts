// What stands in the way of a certificate that a run is not about is told all the same: it is why a proof of the others is given up early.
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Override } from "../../src/servers/server.ts";
import { deployAll } from "../../src/usecases/deploy-all.ts";
import { issue } from "../../src/usecases/issue.ts";
import type { World } from "../../src/usecases/world.ts";
import { type SniServer, sniServer } from "../fakes/sni-server.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const [main, two, three] = ["mail.example.org", "two.example.net", "three.example.net"].map((name) =>
  certificate({ name, names: [name] }),
) as [ReturnType<typeof certificate>, ReturnType<typeof certificate>, ReturnType<typeof certificate>];
const options = { replace: false, accept: async () => false };

let fake: FakeWorld;
let server: SniServer;
let world: World;
let overrides: readonly Override[];
beforeEach(async () => {
  fake = fakeWorld();
  server = sniServer();
  overrides = [];
  const adapter = { ...server.adapter, readBack: async () => overrides };
  world = {
    ...server.in(fake.world),
    servers: async () => ({ fake: adapter }),
    config: { ...fake.world.config, read: async () => ({ certificates: [main, two, three] }) },
  };
  for (const one of [main, two, three]) await issue(world, one);
  await deployAll(world, [main, two, three], options);
});
afterEach(() => fake.dispose());

it("once, with the server's first certificate of the run", async () => {
  overrides = [
    {
      scope: "local_name two.example.net",
      path: "/etc/own.conf",
      line: 3,
      setting: "ssl_cert = x",
      certificate: two.name,
      edit: [],
    },
  ];
  const messages = async (...some: readonly (typeof main)[]): Promise<readonly (readonly string[])[]> =>
    (await deployAll(world, some, options)).map(
      ({ deployed }) =>
        deployed?.findings.filter(({ check }) => check === "deploy-override").map((one) => one.message) ?? [],
    );
  const told = `fake: for local_name two.example.net, /etc/own.conf line 3 sets "ssl_cert = x" and wins over mailcert's setting`;
  expect(await messages(main, three)).toEqual([[told], []]);
  // It tells it itself.
  expect(await messages(main, two)).toEqual([[], [told]]);
});
