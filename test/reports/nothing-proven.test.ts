// What is said of a certificate of which nothing could be proven: its addresses are away, or its entry points have certificates of their own.
import { expect, it } from "vitest";
import { decide, lastProven } from "../../src/domain/renew-decision.ts";
import type { Verdict } from "../../src/domain/verdict.ts";
import { deploymentText } from "../../src/reports/deployment.ts";
import { statusText } from "../../src/reports/status.ts";
import { issue } from "../../src/usecases/issue.ts";
import { status } from "../../src/usecases/status.ts";
import { switchTo } from "../../src/usecases/switch-live.ts";
import { certificate, fakeWorld } from "../fakes/world.ts";

const at = "2026-11-20T12:00:00.000Z";
const records = (verdicts: readonly Verdict[]) =>
  verdicts.map((verdict) => ({ url: "imaps://192.0.2.7:993", address: "192.0.2.7", verdict }));

it.each([
  [["unobservable"], false, "0 of 1 proven"],
  [["own-certificate"], false, "0 of 1 proven"],
  [["unobservable", "proven"], true, "1 of 2 proven"],
] as const)("status of one with %j", async (verdicts, proven, many) => {
  const fake = fakeWorld();
  try {
    const { world } = fake;
    const { generation } = await issue(world, certificate());
    const state = world.store.read(certificate().name);
    if (!state) throw new Error("no state");
    await switchTo(world, state, generation);
    const deployments = { dovecot: { server: "dovecot", generation: 1, at, entries: records(verdicts) } };
    await world.store.write({ ...state, stage: "verified", deployments });
    const result = await status(world, []);
    expect(result.certificates[0]?.lastProven).toBe(proven ? at : undefined);
    const text = statusText(result, undefined, new Date(at));
    expect(text).toContain(many);
    expect(/ (verified|in place)\n/.exec(text)?.[1]).toBe(proven ? "verified" : "in place");
    expect(lastProven({ deployments })?.toISOString()).toBe(proven ? at : undefined);
    // It is looked at once a day all the same.
    const wish = { force: false, named: false };
    const later = new Date("2026-11-22T12:00:00.000Z");
    expect(decide(certificate(), { ...state, stage: "verified", deployments }, wish, later)).toMatchObject({
      action: "deploy",
      why: expect.stringContaining(proven ? "last proven on 2026-11-20" : "last looked at on 2026-11-20"),
    });
  } finally {
    fake.dispose();
  }
});

it.each([
  [["proven"], "served and proven at every entry point"],
  [["unobservable"], "in place; none of its entry points can be looked at from here"],
  [["own-certificate"], "in place; NOT served: each of its entry points has a certificate of its own"],
  [["own-certificate", "proven"], "served and proven at every entry point that has no certificate of its own"],
  [
    ["unobservable", "own-certificate"],
    "in place; NOT proven: an entry point has a certificate of its own, the others cannot be looked at from here",
  ],
  [
    ["unobservable", "own-certificate", "proven"],
    "served and proven at every entry point that can be looked at from here and has no certificate of its own",
  ],
] as const)("deploy of one with %j", async (verdicts, words) => {
  const fake = fakeWorld();
  try {
    const { generation } = await issue(fake.world, certificate());
    const entry = {
      protocol: "imap",
      host: "mail.example.org",
      port: 993,
      mode: "implicit",
      address: "192.0.2.7",
    } as const;
    const entries = verdicts.map(
      (verdict) => ({ entry, slot: "ecdsa", installation: "dovecot", service: "imaps", verdict }) as const,
    );
    const text = deploymentText(
      { certificate: "mail.example.org", generation, outcome: "verified", servers: [], entries, findings: [] },
      new Date(at),
    );
    expect(text.split("\n")[0]).toBe(`mail.example.org: ${words}`);
  } finally {
    fake.dispose();
  }
});

it.each([
  [["proven", "proven"], "proven at every entry point, and NOT done: see the fault; the next run goes on from here"],
  [["proven", "stale"], "NOT served everywhere yet; the next run goes on from here"],
] as const)("a fault beside %j: the headline says what the list below it shows", async (verdicts, words) => {
  const fake = fakeWorld();
  try {
    const { generation } = await issue(fake.world, certificate());
    const entry = { protocol: "imap", host: "a.example", port: 993, mode: "implicit", address: "192.0.2.7" } as const;
    const entries = verdicts.map(
      (verdict) => ({ entry, slot: "ecdsa", installation: "dovecot", service: "imaps", verdict }) as const,
    );
    const findings = [{ check: "deploy-config", severity: "fault", message: "dovecot was not reloaded" }] as const;
    const result = {
      certificate: "a.example",
      generation,
      outcome: "unproven",
      servers: [],
      entries,
      findings,
    } as const;
    expect(deploymentText(result, new Date(at)).split("\n")[0]).toBe(`a.example: ${words}`);
  } finally {
    fake.dispose();
  }
});
