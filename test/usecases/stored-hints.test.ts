// What is kept of a failure is shown by other commands than the one that failed: it names the setting, and no option.
import { afterEach, beforeEach, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { issue } from "../../src/usecases/issue.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

let fake: FakeWorld;
beforeEach(() => {
  fake = fakeWorld();
});
afterEach(() => fake.dispose());

it("is without options", async () => {
  const failure = new Failure("config", "ca_file (--ca-file): there is no file /x", {
    hints: ["name a folder: webroot: DIR (--webroot DIR)"],
  });
  const world = {
    ...fake.world,
    issuer: async () => ({
      refuses: () => undefined,
      issue: async () => {
        throw failure;
      },
    }),
  };
  await expect(issue(world, certificate())).rejects.toThrow(failure.message);
  expect(world.store.read("mail.example.org")?.lastError).toMatchObject({
    message: "ca_file: there is no file /x",
    hints: ["name a folder: webroot: DIR"],
  });
});
