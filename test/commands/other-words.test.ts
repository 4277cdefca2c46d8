// Words that people know from other tools lead to a command, or an action of one, that there is.
import { expect, test } from "vitest";
import { otherWords, withCommandMeant } from "../../src/cli/other-words.ts";
import { commands } from "../../src/commands/index.ts";

test.each(Object.entries(otherWords))("%s: %s", async (word, ours) => {
  expect(Object.keys(commands)).not.toContain(word);
  const [name = "", action] = ours.split(" ");
  expect(Object.keys(commands)).toContain(name);
  const { command } = await commands[name as keyof typeof commands].load();
  if (action !== undefined && !action.startsWith("--")) expect(Object.keys(command.actions ?? {})).toContain(action);
});

test("said where the spelling alone leads nowhere, once, and of nobody else's words", () => {
  expect(withCommandMeant("unknown command 'history'")).toBe("unknown command 'history'\n(Did you mean log?)");
  expect(withCommandMeant("unknown command 'lis'\n(Did you mean list?)")).toBe(
    "unknown command 'lis'\n(Did you mean list?)",
  );
  for (const text of ["unknown command 'toString'", "unknown command 'x'", "unknown option '--history'"])
    expect(withCommandMeant(text)).toBe(text);
});
