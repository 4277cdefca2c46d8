// What status says of entry points: folded where all is well, every other one with its words; processes of before the switch.
import { expect, it } from "vitest";
import { beforeSwitch, howMany, notProven } from "../../src/reports/served-entries.ts";
import type { EntryRecord } from "../../src/store/store.ts";

const entry = (over: Partial<EntryRecord> = {}): EntryRecord => ({
  url: "imaps://mail.example.org:993",
  address: "192.0.2.10",
  slot: "ecdsa",
  verdict: "proven",
  ...over,
});
const of = (...entries: readonly EntryRecord[]) => ({
  deployments: { dovecot: { server: "dovecot", generation: 2, at: "2026-11-20T11:50:00.000Z", entries } },
});

it("all proven is a few words", () => {
  const good = of(entry(), entry({ slot: "rsa" }));
  expect(howMany(good)).toBe(": all 2 proven (2026-11-20 11:50 UTC)");
  expect(notProven(good)).toEqual([]);
  expect(howMany(of(entry()))).toBe(": proven (2026-11-20 11:50 UTC)");
  expect(howMany(of())).toBe("");
});

it("each verdict and reason once, with the first place of it and when it was seen", () => {
  const message = "serves another certificate: old.example.org";
  const mixed = of(
    entry(),
    entry({ slot: "rsa", verdict: "stale", message }),
    entry({ address: "::1", slot: "rsa", verdict: "stale", message }),
    { url: "smtp://mail.example.org:25", address: "::1", verdict: "unobservable" },
  );
  expect(howMany(mixed)).toBe(": 1 of 4 proven (2026-11-20 11:50 UTC)");
  expect(notProven(mixed)).toEqual([
    `    STALE (dovecot, seen 2026-11-20 11:50 UTC): imaps://mail.example.org:993 at 192.0.2.10 (rsa) and 1 more: ${message}`,
    "    not observed (dovecot, seen 2026-11-20 11:50 UTC): smtp://mail.example.org:25 at ::1",
  ]);
});

it("processes that serve their own client are told, those that take new ones have a finding", () => {
  const old = { id: "dovecot", server: "dovecot", program: "imap-login", since: "2026-11-20T09:00:00.000Z" };
  expect(
    beforeSwitch({
      oldProcesses: [
        { ...old, count: 3, takeNew: [7] },
        { ...old, count: 1, takeNew: [8] },
      ],
    }),
  ).toEqual([
    "    dovecot: 2 imap-login processes of before the switch (since 2026-11-20 09:00 UTC), for clients that are connected; end with their connections",
  ]);
  expect(beforeSwitch({})).toEqual([]);
});
