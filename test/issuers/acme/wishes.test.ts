// Wishes of an order: what a CA does not take is said and left out, and everything else stops the order.
import { expect, test } from "vitest";
import { ProblemError } from "../../../src/issuers/acme/problem.ts";
import { type Wish, placeWishing } from "../../../src/issuers/acme/wishes.ts";

const problem = (type: string, detail: string, status = 400): ProblemError =>
  new ProblemError(
    { type: `urn:ietf:params:acme:error:${type}`, detail, status, subproblems: [] },
    "https://ca.example/order",
  );

/** Places an order at a CA that answers each attempt with the next error, and takes it when there is none left. */
const play = async (
  wishes: { readonly profiles: readonly string[]; readonly days?: number },
  offered: readonly string[] | undefined,
  ...errors: readonly ProblemError[]
) => {
  const [attempts, notes]: [Wish[], string[]] = [[], []];
  const place = async (wish: Wish): Promise<string> => {
    attempts.push(wish);
    const error = errors[attempts.length - 1];
    if (error) throw error;
    return "order";
  };
  const now = new Date("2026-11-20T12:00:00Z");
  const order = await placeWishing(place, { wishes, offered, now, unmet: ({ message }) => void notes.push(message) });
  return { order, attempts, notes };
};

test("without wishes: a plain order", async () => {
  expect(await play({ profiles: [] }, ["classic"])).toEqual({ order: "order", attempts: [{}], notes: [] });
});

test("a profile that was listed and is refused: the next one, last the CA's own", async () => {
  const gone = problem("invalidProfile", "it was retired");
  const { attempts, notes } = await play({ profiles: ["a", "x", "b"] }, ["a", "b"], gone, gone);
  expect(attempts).toEqual([{ profile: "a" }, { profile: "b" }, {}]);
  expect(notes).toEqual([
    "the CA did not take the profile a: it was retired",
    "the CA did not take the profile b: it was retired",
  ]);
});

test("a CA without profiles is asked for none", async () => {
  const { attempts, notes } = await play({ profiles: ["a"] }, undefined);
  expect(attempts).toEqual([{}]);
  expect(notes[0]).toContain("(it offers none)");
});

test("a CA that sets the end itself (Boulder's words)", async () => {
  const { attempts, notes } = await play(
    { profiles: ["a"], days: 10 },
    ["a"],
    problem("malformed", "NotBefore and NotAfter are not supported"),
  );
  expect(attempts).toEqual([{ profile: "a", notAfter: "2026-11-30T12:00:00.000Z" }, { profile: "a" }]);
  expect(notes).toEqual([
    "the CA decides by itself how long its certificates are valid: NotBefore and NotAfter are not supported",
  ]);
});

test("anything else is the order's end: no wish is dropped for it", async () => {
  for (const error of [
    problem("rateLimited", "too many", 429),
    problem("rejectedIdentifier", "no"),
    problem("malformed", "bad identifier"),
  ])
    await expect(play({ profiles: ["a"], days: 10 }, ["a"], error)).rejects.toBe(error);
});
