// What setup asks at a terminal: wrong answers are said and asked again, and a no to a CA's terms ends it.
import { expect, test } from "vitest";
import { askForFlags, askForHost } from "../../src/commands/setup-questions.ts";

/** Answers in turn; the questions as they were asked. */
const person = (...answers: readonly string[]) => {
  const left = [...answers];
  const asked: string[] = [];
  const ask = async (question: string): Promise<string> => {
    asked.push(question);
    const answer = left.shift();
    if (answer === undefined) throw new Error(`nobody was to be asked: ${question}`);
    return answer;
  };
  return { ask, asked, left };
};

test("an empty answer takes the private CA; a wrong one is told and asked again", async () => {
  expect(await askForFlags(person("").ask, {})).toEqual({ issuer: "private-ca" });
  const { ask, asked } = person("9", "self-signed");
  expect(await askForFlags(ask, {})).toEqual({ issuer: "self-signed" });
  expect(asked[1]).toMatch(/^"9" is none of the choices: answer 1, 2 or 3\.\nWho is to sign/);
});

test("a bad address is asked for again at once, before the terms; their place is named", async () => {
  const { ask, asked, left } = person("2", "foo@", "postmaster@example.org", "perhaps", "Yes");
  expect(await askForFlags(ask, {})).toEqual({
    issuer: "letsencrypt",
    email: "postmaster@example.org",
    agreeTos: true,
  });
  expect(left).toEqual([]);
  expect(asked[2]).toMatch(/^"foo@" is not an e-mail address.*\nE-mail address/);
  expect(asked[3]).toContain("https://letsencrypt.org/repository/");
  expect(asked[4]).toMatch(/^"perhaps": answer y or n\.\n/);
});

test.each(["n", "", "no"])("the answer %j to the terms ends it before anything is changed", async (answer) => {
  const given = { issuer: "acme", acme: "https://ca.example/directory", email: "a@example.org" };
  await expect(askForFlags(person(answer).ask, given)).rejects.toMatchObject({
    kind: "config",
    message: "the terms of service of https://ca.example/directory were not agreed to: nothing was changed",
  });
});

test("what was given is not asked for", async () => {
  const { ask, asked } = person();
  const given = { issuer: "letsencrypt", email: "a@example.org", agreeTos: true };
  expect(await askForFlags(ask, given)).toEqual(given);
  expect(await askForFlags(ask, { ca: "office" })).toEqual({ issuer: "private-ca" });
  expect(asked).toEqual([]);
});

test("the host's name is asked for until it is one; an empty answer ends it", async () => {
  const { ask, asked } = person("mail example", " Mail.Example.ORG. ");
  expect(await askForHost(ask)).toBe("mail.example.org");
  expect(asked[1]).toMatch(/^"mail example" has a space in it\. /);
  await expect(askForHost(person("").ask)).rejects.toMatchObject({ kind: "usage" });
});

test("Enter takes the name that this host proposes, another one may be typed", async () => {
  const { ask, asked } = person("", "mx.example.org");
  expect(await askForHost(ask, "mail.example.org")).toBe("mail.example.org");
  expect(asked[0]).toBe("The mail host's name, as mail programs will have it [mail.example.org]: ");
  expect(await askForHost(ask, "mail.example.org")).toBe("mx.example.org");
});

test("no line of a question is wider than 80 columns", async () => {
  const { ask, asked } = person("2", "", "y");
  await askForFlags(ask, {});
  for (const line of asked.join("\n").split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});
