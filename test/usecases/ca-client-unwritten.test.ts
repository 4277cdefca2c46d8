// A client certificate whose file cannot be written: it is written down, and whoever asked for it is told how to take it back.
import { afterEach, beforeEach, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { makeClient } from "../../src/usecases/ca/client.ts";
import { unlessFailure } from "../../src/usecases/unless-failure.ts";
import { type FakeWorld, fakeWorld } from "../fakes/world.ts";

let fake: FakeWorld;

beforeEach(() => {
  fake = fakeWorld();
});
afterEach(() => fake.dispose());

it.each([
  ["there is no space for it", /no space left/],
  ["somebody made it meanwhile", /made by somebody else/],
] as const)("%s: the serial number, and what to do", async (how, words) => {
  const written: string[] = [];
  const create = async (path: string): Promise<boolean> => {
    if (!path.endsWith(".p12")) return written.push(path) > 0;
    if (how.startsWith("somebody")) return false;
    throw new Failure("cannot-create", `${path}: no space left on the device`, { hints: ["make room"] });
  };
  const world: FakeWorld["world"] = {
    ...fake.world,
    identities: async () => ({
      write: () => new Uint8Array(1),
      prepare: async () => undefined,
      exists: async () => false,
      create,
      random: (count) => new Uint8Array(count),
    }),
  };
  const cas = await world.privateCas();
  await cas.init({ name: "default", names: ["mail.example.org"], now: fake.clock.now });
  const wish = { name: "default", address: "alice@example.org", key: "ecdsa", form: "modern" } as const;
  const failure = await unlessFailure(() => makeClient(world, { ...wish, folder: "/root/clients", shows: false }));
  if (!(failure instanceof Failure)) throw new Error("it was made");
  const { clients = [] } = (await cas.show("default", fake.clock.now)) ?? {};
  const [{ serial } = { serial: "none" }] = clients;
  expect(failure.kind).toBe("cannot-create");
  expect(failure.message).toMatch(words);
  expect(failure.message).toContain(serial);
  expect(failure.hints.join("\n")).toContain(`mailcert ca revoke ${serial}`);
  expect(failure.hints.join("\n")).toContain(written[0]);
});
