// What setup, status, log and bundle say to people: the settings to type, what renews, how to take things back; all within 80 columns.
import { expect, describe, test } from "vitest";
import { bundleText } from "../../src/reports/bundle.ts";
import { clientSettings } from "../../src/reports/client-settings.ts";
import { deployPlanLines } from "../../src/reports/deploy-plan.ts";
import { deploymentText } from "../../src/reports/deployment.ts";
import { logText } from "../../src/reports/log.ts";
import { nameForPeople } from "../../src/reports/names.ts";
import { statusText } from "../../src/reports/status.ts";
import type { EntryPoint } from "../../src/domain/entry-point.ts";
import type { Verdict } from "../../src/domain/verdict.ts";
import type { HostEvent } from "../../src/store/store.ts";
import type { DeployResult } from "../../src/usecases/deployment.ts";
import type { CertificateStatus } from "../../src/usecases/status.ts";

const now = new Date("2026-11-20T12:00:00Z");
const generation = {
  number: 1,
  names: ["mail.example.org"],
  issuer: "private-ca",
  authority: "default",
  createdAt: "2026-11-20T12:00:00.000Z",
  notBefore: "2026-11-20T12:00:00.000Z",
  notAfter: "2027-12-22T12:00:00.000Z",
  leaves: {},
} as const;

const seen = (protocol: EntryPoint["protocol"], port: number, verdict: Verdict = "proven") => ({
  entry: {
    protocol,
    port,
    mode: [993, 995, 465].includes(port) ? "implicit" : "starttls",
    host: "mail.example.org",
    address: "192.0.2.10",
  } as const,
  installation: "x",
  service: "x",
  slot: "ecdsa" as const,
  verdict,
});

const result = (entries: DeployResult["entries"], names: readonly string[] = ["mail.example.org"]): DeployResult => ({
  certificate: "mail.example.org",
  generation: { ...generation, names },
  outcome: "verified",
  servers: [],
  entries,
  findings: [
    { check: "submission-off", severity: "info", message: "no sending", hint: "do this" },
    { check: "deploy-own-certificate", severity: "info", message: "it keeps its own" },
  ],
});

describe("settings for mail programs", () => {
  const dovecot = [
    seen("pop3", 110),
    seen("imap", 143),
    seen("imap", 993),
    seen("pop3", 995),
    seen("sieve", 2000),
    seen("sieve", 4190),
  ];

  test("the recommended port first and marked; ManageSieve is nothing for Outlook; no sending is said", () => {
    const lines = clientSettings(result([...dovecot, seen("smtp", 25)]), true)
      .join("\n")
      .split("\n");
    expect(lines).toEqual([
      "Settings for mail programs (server: mail.example.org):",
      '  IMAP         993   SSL/TLS   old programs: "SSL"  <- take this one',
      '  POP3         995   SSL/TLS   old programs: "SSL"',
      '  IMAP         143   STARTTLS  old Outlook: "TLS"',
      '  POP3         110   STARTTLS  old Outlook: "TLS"',
      "  ManageSieve  4190  STARTTLS",
      "  Sending: not offered on this host (neither port 465 nor 587)",
    ]);
  });

  test("a port that has another certificate still is no reason to recommend a worse one: it is shown, and what it waits for", () => {
    const stale = [seen("imap", 993, "stale"), seen("submission", 465, "stale"), seen("imap", 143)];
    const text = clientSettings(result(stale), true).join("\n");
    expect(text.split("\n")).toEqual([
      "Settings for mail programs (server: mail.example.org):",
      '  IMAP            993  SSL/TLS   old programs: "SSL"  <- take this one (not yet)',
      '  SMTP (sending)  465  SSL/TLS   old programs: "SSL"  <- for sending (not yet)',
      '  IMAP            143  STARTTLS  old Outlook: "TLS"',
      "  (not yet): it has another certificate until the faults above are mended",
    ]);
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    // One address of it has it.
    expect(clientSettings(result([...stale, seen("imap", 993)]), true).join("\n")).toMatch(/993 .*<- take this one$/m);
    // What is broken is nothing to type.
    expect(clientSettings(result([seen("imap", 993, "broken"), seen("imap", 143)]), true).join()).not.toContain("993");
  });

  test("with sending, 465 is marked; where it is there and not proven nothing is said of it", () => {
    const both = clientSettings(result([...dovecot, seen("submission", 587), seen("submission", 465)]), true);
    const text = both.join("\n");
    expect(text).toMatch(/\n {2}IMAP +993 .*\n {2}SMTP \(sending\) +465 .*<- for sending\n/);
    expect(text).not.toContain("not offered");
    expect(text).not.toMatch(/587.*<-/);
    expect(clientSettings(result([...dovecot, seen("submission", 465, "stale")]), true).join()).not.toContain(
      "Sending",
    );
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  test("a port that speaks the other mode than programs expect of it is not in the table", () => {
    const submission = [seen("submission", 587), seen("submission", 465)].map((one) => ({
      ...one,
      entry: { ...one.entry, mode: "starttls" as const },
    }));
    const text = clientSettings(result([...dovecot, ...submission]), true).join("\n");
    expect(text).not.toContain("465");
    expect(text).toMatch(/587 .*<- for sending/);
  });

  test("where only Dovecot was asked for nothing is known of sending; where nothing is proven there is nothing to type", () => {
    expect(clientSettings(result(dovecot), false).join()).not.toContain("Sending");
    expect(clientSettings(result([seen("imap", 993, "stale")]), true)).toEqual([]);
  });

  test("a wildcard is no server's name; an international name is shown as it is written, too", () => {
    const [wild] = clientSettings(result(dovecot, ["*.example.org"]), true);
    expect(wild).toBe("Settings for mail programs (server: a name of this host that *.example.org covers):");
    expect(nameForPeople("xn--bcher-kva.example.org")).toBe("bücher.example.org (xn--bcher-kva.example.org)");
    expect(nameForPeople("mail.example.org")).toBe("mail.example.org");
  });
});

test("advice is setup's to give; a deployment says the rest, a timer run only trouble", () => {
  expect(deploymentText(result([]), now, "everything")).toContain("info: no sending\n  -> do this");
  expect(deploymentText(result([]), now)).toMatch(/^(?![\s\S]*no sending)[\s\S]*it keeps its own/);
  expect(deploymentText(result([]), now, "trouble")).not.toContain("info:");
});

test("what needs a yes says how it is given, once", () => {
  const changes = ["write /etc/a", "after a yes: write /etc/b", "after a yes: /etc/c line 1: x -> y"];
  const servers = [
    { id: "haproxy", version: "3.0", running: true, changes, notes: [] },
    { id: "postfix", version: "3.10", running: true, changes: ["main.cf: a = b"], notes: [] },
  ];
  const lines = deployPlanLines({ certificate: "a", names: [], servers, notes: [] });
  expect(lines.filter((line) => line.includes("mailcert deploy --yes"))).toEqual([
    "after a yes: at a terminal you are asked; else: mailcert deploy --yes",
  ]);
});

test("a plan's arrow stands further in than what it belongs to", () => {
  const [note] = result([]).findings;
  const servers = [{ id: "postfix", version: "3.10", running: true, changes: [], notes: note ? [note] : [] }];
  const plan = { certificate: "a", names: [], live: { from: undefined, to: undefined }, servers, notes: [] };
  expect(deployPlanLines(plan, { advice: true, noServer: "none" })).toEqual([
    "would make the new generation live",
    "postfix 3.10: settings are as they should be",
    "  info: no sending",
    "    -> do this",
  ]);
  expect(deployPlanLines(plan)).toHaveLength(2);
});

describe("status", () => {
  const one: CertificateStatus = {
    name: "mail.example.org",
    names: ["mail.example.org"],
    issuer: "private-ca",
    authority: "default",
    configured: true,
    folder: "/var/lib/mailcert/certificates/mail.example.org",
    live: generation,
    target: generation,
    rolledBack: [],
    stage: "verified",
    next: { action: "nothing", dueAt: new Date("2027-08-11T12:00:00Z") },
    parked: false,
    attempts: 0,
    deployments: {
      dovecot: {
        server: "dovecot",
        generation: 1,
        at: "2026-11-20T11:50:00.000Z",
        entries: [{ url: "imaps://mail.example.org:993", address: "::1", verdict: "proven" }],
      },
    },
    lastProven: "2026-11-20T11:50:00.000Z",
  };
  const text = (over: Partial<CertificateStatus>, hourly?: Parameters<typeof statusText>[1]): string =>
    statusText({ certificates: [{ ...one, ...over }], ok: true }, hourly, now);

  test("generation, last proof, who serves it, and that nothing renews by itself", () => {
    expect(text({ rolledBack: [2] }, { renews: false }))
      .toBe(`certificate       issuer      expires                stage
mail.example.org  private-ca  2027-12-22 (397 days)  verified

mail.example.org: nothing to do; renewal is due on 2027-08-11
  generation 1 (2 rolled back)
  served by dovecot 993: proven (2026-11-20 11:50 UTC)

warning: no timer or cron line, nothing renews by itself: mailcert schedule install, or start \`mailcert renew --quiet\` every hour by other means`);
  });

  test.each([
    [
      { renews: true, kind: "systemd", next: "2026-11-20T13:00:00.000Z" },
      /by itself: systemd timer, next run 2026-11-20 13:00 UTC$/,
    ],
    [{ renews: true, kind: "cron" }, /by itself: cron line$/],
    [
      { renews: true, kind: "systemd", failed: 78 },
      /\nwarning: the last run by itself failed \(exit 78\): mailcert schedule show$/,
    ],
    [
      { renews: false, kind: "cron", problem: "cron is not running" },
      /\nwarning: nothing renews by itself: cron is not running/,
    ],
  ] as const)("%j", (hourly, expected) => expect(text({}, hourly)).toMatch(expected));

  test("taken out of the servers, it is not called verified", () => {
    const shown = text({ parked: true, deployments: {} });
    expect(shown).toMatch(/ taken out\n/);
    expect(shown).not.toContain("verified");
    expect(text({ deployments: {} })).toMatch(/ live\n[\s\S]*served by nowhere/);
    expect(text({ deployments: {}, servers: [] })).toContain("no mail server is to serve it (servers: none)");
  });

  test("not in the configuration: how to forget it, after it is out of the servers", () => {
    const { next: _next, ...rest } = one;
    const gone = { ...rest, configured: false };
    const served = statusText({ certificates: [gone], ok: true }, undefined, now);
    expect(served).toContain("take it out of the servers: mailcert deploy --remove mail.example.org\n");
    expect(served).toContain(`to forget it after that: rm -r ${one.folder}`);
    const wild = { ...generation, names: ["*.example.org"] };
    const name = "wildcard.example.org";
    const staged = { ...gone, name, stage: "staged", deployments: {}, live: wild, target: wild } as const;
    const idle = statusText({ certificates: [staged], ok: true }, undefined, now);
    expect(idle).toContain(`to forget it: rm -r ${one.folder}`);
    expect(idle).toContain("mailcert setup '*.example.org' --issuer private-ca\n");
    expect(idle).not.toContain("--remove");
    const others = { ...gone, deployments: {}, servers: [] };
    expect(statusText({ certificates: [others], ok: true }, undefined, now)).not.toMatch(/--remove|nowhere/);
  });
});

describe("log", () => {
  const event = (run: string, what: string, undo?: string): HostEvent => ({
    at: "2026-11-20T12:00:00.000Z",
    run,
    command: `mailcert ${run}`,
    certificate: "mail.example.org",
    what,
    ...(undo === undefined ? {} : { undo }),
  });

  test("one block for each run; changes that one command takes back share its line", () => {
    const remove = "mailcert deploy --remove mail.example.org";
    const events = [
      event("a", "wrote x", "take it out"),
      event("a", "live: generation 1", remove),
      event("a", "dovecot: write y", remove),
      event("b", "issued generation 2"),
      event("b", "live: generation 1 -> 2", "mailcert rollback mail.example.org"),
    ];
    expect(logText(events)).toBe(`2026-11-20 12:00 UTC  mailcert a  (run a)
  mail.example.org: wrote x
    undo: take it out
  mail.example.org: live: generation 1
  mail.example.org: dovecot: write y
    undo: ${remove}

2026-11-20 12:00 UTC  mailcert b  (run b)
  mail.example.org: issued generation 2
  mail.example.org: live: generation 1 -> 2
    undo: mailcert rollback mail.example.org`);
  });

  test("nothing yet, at all or for one certificate", () => {
    expect(logText([])).toBe("nothing was changed on this host yet");
    expect(logText([], "mail.example.org")).toBe("nothing was changed on this host for mail.example.org yet");
  });
});

test("a bundle's report has the fingerprint to be read by telephone", () => {
  const text = bundleText({
    certificate: "mail.example.org",
    dir: "/srv/ca",
    dryRun: false,
    imports: "root",
    fingerprint: { title: "Test Root", sha256: "0a".repeat(32), sha1: "0b".repeat(20) },
    files: [],
  });
  expect(text).toContain(
    `by telephone, so that they can compare before they import:\n  Test Root, SHA-256\n  ${"0A:".repeat(16)}\n`,
  );
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});
