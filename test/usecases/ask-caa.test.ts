// Whose CAA records verify asks for: hosts with a publicly trusted certificate, where somebody answered about TLSA; each once.
import { beforeAll, expect, test } from "vitest";
import type { EntryFacts } from "../../src/checks/check.ts";
import { caaAsker } from "../../src/usecases/ask-caa.ts";
import { noDns } from "../fakes/dns.ts";
import { type FactsOptions, entryFacts } from "../fakes/entry-facts.ts";
import { type Pki, makePki } from "../fakes/pki.ts";

let pki: Pki;
beforeAll(async () => {
  pki = await makePki();
});

const { signal } = new AbortController();
const facts = (more: FactsOptions = {}): EntryFacts =>
  entryFacts({
    entry: { protocol: "smtp", mode: "starttls", port: 25 },
    chain: [pki.leaf, pki.intermediate],
    tlsa: { kind: "none" },
    ...more,
  });

const asker = () => {
  const asked: string[] = [];
  const ask = caaAsker(
    async () => ({
      ...noDns,
      caa: async (name) => {
        asked.push(name);
        return { kind: "none" };
      },
    }),
    signal,
  );
  return { ask, asked };
};

test("a host once, whatever its addresses and kinds of key", async () => {
  const { ask, asked } = asker();
  expect(await Promise.all([ask(facts()), ask(facts({ observation: { address: "192.0.2.2" } }))])).toEqual([
    { kind: "none" },
    { kind: "none" },
  ]);
  expect(asked).toEqual(["mail.example.org"]);
});

const { tlsa: _, ...unasked } = entryFacts();
test.each<readonly [string, () => EntryFacts]>([
  ["nobody asked for TLSA: --quick, and ports other than 25", () => ({ ...unasked, chain: facts().chain })],
  ["nobody answered for TLSA", () => facts({ tlsa: { kind: "unknown", why: "no answer" } })],
  ["not trusted", () => facts({ verifyError: "DEPTH_ZERO_SELF_SIGNED_CERT" })],
  [
    "of this host's own CA",
    () => facts({ chain: [pki.leaf, pki.intermediate, pki.root], ownRoots: [pki.root.sha256] }),
  ],
  ["no certificate was seen", () => facts({ chain: [] })],
  ["an address", () => facts({ entry: { protocol: "smtp", mode: "starttls", port: 25, host: "192.0.2.1" } })],
])("not asked: %s", async (_what, of) => {
  const { ask, asked } = asker();
  expect(await ask(of())).toBeUndefined();
  expect(asked).toEqual([]);
});

test("without DNS nobody is asked", async () => {
  expect(await caaAsker(undefined, signal)(facts())).toBeUndefined();
});
