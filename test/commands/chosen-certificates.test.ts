// Without a configuration: a host that has certificates is not sent to make its first one.
import { afterEach, beforeEach, expect, it } from "vitest";
import { chosenCertificates } from "../../src/commands/chosen-certificates.ts";
import { Failure } from "../../src/domain/failure.ts";
import { issue } from "../../src/usecases/issue.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

let fake: FakeWorld;
beforeEach(() => {
  fake = fakeWorld();
});
afterEach(() => fake.dispose());

const hints = async (): Promise<readonly string[]> => {
  const failure: unknown = await chosenCertificates(fake.world, []).catch((error: unknown) => error);
  if (!(failure instanceof Failure)) throw new Error("it did not fail");
  expect(failure).toMatchObject({ kind: "config", message: expect.stringContaining("there is no configuration") });
  return failure.hints;
};

it("names the way to the first certificate, or back to those that are there", async () => {
  expect(await hints()).toEqual(["make one: mailcert setup mail.example.org"]);
  await issue(fake.world, certificate());
  expect(await hints()).toEqual([
    "this host has certificates: `mailcert status` says what brings each of them back into one",
    "make one: mailcert setup mail.example.org",
  ]);
});
