// What is asked before something that nothing takes back: a yes, a no, and nobody there.
import { expect, test } from "vitest";
import type { Context } from "../../src/cli/command.ts";
import { accept, asksFirst, confirmed, confirming } from "../../src/commands/locked.ts";

const asking = (yes: boolean, answer: string | undefined): Promise<void> => {
  const ask = answer === undefined ? undefined : async () => answer;
  const world = async () => ({
    command: "",
    store: { lock: async () => ({ cutShort: false, release: () => undefined }) },
  });
  const context = { globals: { yes, dryRun: false }, host: { ask }, world, newWorld: world } as unknown as Context;
  return confirming(context, (_world, confirm) => confirm("Deactivate the account?"));
};

const never = (): Promise<string> => Promise.reject(new Error("nobody is to be asked"));

test.each([
  [true, undefined],
  [true, "n"],
  [false, "y"],
  [false, " Yes "],
])("--yes %s, answer %s: it goes on", async (yes, answer) => {
  await expect(asking(yes, answer)).resolves.toBeUndefined();
});

test.each(["n", "", "no", "later"])(
  "%j is a no: nothing that waiting helps, as with terms that are not agreed to",
  async (answer) => {
    await expect(asking(false, answer)).rejects.toMatchObject({
      kind: "config",
      message: "not confirmed: nothing was changed",
    });
  },
);

test("given up at the question: said in a sentence, and nothing was changed", async () => {
  const gaveUp = Object.assign(new Error("nobody answered"), { name: "AbortError" });
  const context = { globals: { yes: false }, host: { ask: () => Promise.reject(gaveUp) } } as unknown as Context;
  const stopped = { kind: "try-later", message: "stopped at the question; nothing was changed" };
  await expect(confirmed(context, "Deactivate the account?")).rejects.toMatchObject(stopped);
  await expect(asksFirst(context.host.ask ?? never)("Name? ")).rejects.toMatchObject(stopped);
  // In a run that has done something, nobody says so.
  await expect(accept(context)("Change it?")).rejects.toBe(gaveUp);
});

test("nobody to be asked: the way to say yes, and no question", async () => {
  const refused = asking(false, undefined);
  await expect(refused).rejects.toMatchObject({ kind: "usage", hints: [expect.stringContaining("--yes")] });
  await expect(refused).rejects.not.toThrow(/\?/);
});
