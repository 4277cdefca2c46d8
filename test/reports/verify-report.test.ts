// The two reports of verify: real documents against docs/schema/verify.json, and the text for people.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Target } from "../../src/domain/targets.ts";
import type { VerifyResult } from "../../src/domain/verify-result.ts";
import { createProbe } from "../../src/probe/tls-probe.ts";
import { verifyDocument } from "../../src/reports/verify-json.ts";
import { verifyText } from "../../src/reports/verify-text.ts";
import { verify } from "../../src/usecases/verify.ts";
import { type FakeServer, mailServer, startServer } from "../fakes/mail-server.ts";
import { complaints } from "../docs/schemas.ts";
import { type Pki, day, issue, makePki, served } from "../fakes/pki.ts";

const now = (): Date => new Date();
let pki: Pki;
let servers: FakeServer[];
let sound: VerifyResult;
let mixed: VerifyResult;

beforeAll(async () => {
  pki = await makePki();
  const expired = await issue({
    names: ["other.example"],
    by: pki.intermediate,
    notBefore: new Date(Date.now() - 90 * day),
    notAfter: new Date(Date.now() - 3 * day),
    key: "RSA-2048",
  });
  servers = await Promise.all([
    startServer(mailServer("imap", "implicit"), pki.served),
    startServer(mailServer("imap", "starttls"), served(expired, pki.intermediate)),
    startServer(
      mailServer("submission", "starttls", { goAhead: "454 4.7.0 \u001b[31mTLS\u0007 not available\r\n" }),
      pki.served,
    ),
    startServer(mailServer("sieve", "starttls", { greeting: 'BYE "busy"\r\n' }), pki.served),
  ]);
  const [imaps, imap, submission, sieve] = servers.map(({ port }) => port) as [number, number, number, number];
  const base = { host: "mail.example.org", address: "127.0.0.1", demanded: true } as const;
  const one: Target = { ...base, protocol: "imap", mode: "implicit", port: imaps };
  const run = (wanted: readonly Target[]): Promise<VerifyResult> =>
    verify(
      { now, probe: createProbe({ now }), resolve: async () => ({ message: "no such name" }) },
      { wanted, anchors: [pki.root.pem] },
    );
  sound = await run([one]);
  mixed = await run([
    one,
    { ...base, protocol: "imap", mode: "starttls", port: imap },
    { ...base, protocol: "submission", mode: "starttls", port: submission },
    { ...base, protocol: "sieve", mode: "starttls", port: sieve },
    { ...base, protocol: "submission", mode: "implicit", port: 1, demanded: false },
    { protocol: "smtp", mode: "starttls", port: 25, host: "nowhere.example", demanded: true },
  ]);
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
});

const document = (result: VerifyResult) =>
  JSON.parse(JSON.stringify(verifyDocument(result))) as Record<string, unknown> & {
    entries: Record<string, unknown>[];
  };

describe("the document", () => {
  test("keeps its schema, well or not", () => {
    expect(complaints(document(sound))).toEqual([]);
    expect(complaints(document(mixed))).toEqual([]);
  });
  test("the validator finds what is wrong (so that the test above can fail)", () => {
    const broken = document(sound);
    broken.entries[0] = { ...broken.entries[0], mode: "plain", extra: 1 };
    delete broken["ok"];
    expect(complaints(broken)).toHaveLength(3);
  });
  test("says what cli.md promises", () => {
    const [entry] = document(sound).entries;
    expect(entry).toMatchObject({
      url: `imaps://mail.example.org:${servers[0]?.port}`,
      label: "SSL/TLS",
      role: "mua",
      ok: true,
      tls: { version: "TLSv1.3", group: expect.any(String) },
      leaf: {
        sha256: pki.leaf.sha256,
        subject: "CN=mail.example.org",
        names: ["mail.example.org"],
        daysLeft: 89,
        key: { type: "ec", curve: "P-256" },
      },
      findings: [],
    });
    expect(entry?.["chain"]).toHaveLength(2);
    expect(entry).not.toHaveProperty("error");
    expect(document(sound)).toMatchObject({ schema: "mailcert.verify/1", ok: true, findings: [] });
  });
  test("error is there exactly where something broke off", () => {
    const entries = document(mixed).entries;
    expect(entries.map((entry) => (entry["error"] as { stage?: string } | undefined)?.stage)).toEqual([
      undefined,
      undefined,
      "starttls",
      "greeting",
      "connect",
      "resolve",
    ]);
    expect(entries.map((entry) => entry["ok"])).toEqual([true, false, false, false, true, false]);
    expect(document(mixed)["ok"]).toBe(false);
  });
});

describe("the text", () => {
  const text = (result: VerifyResult, quiet = false): string => verifyText(result, { color: false, width: 80, quiet });

  test("all well: one sentence and the table, with the labels that clients show", () => {
    const lines = text(sound).split("\n");
    expect(lines[0]).toMatch(/^mail\.example\.org: all as it should be \(1 entry point looked at, /);
    expect(lines.at(-1)).toMatch(
      new RegExp(`^${servers[0]?.port} · SSL/TLS +IMAP +127\\.0\\.0\\.1 +${pki.leaf.sha256.slice(0, 12)} +89 +ok$`),
    );
  });
  test("what is wrong comes first, each with its hint", () => {
    const shown = text(mixed);
    expect(shown.split("\n")[0]).toMatch(/faults/);
    expect(shown.indexOf("fault ")).toBeLessThan(shown.indexOf("port · clients say"));
    for (const id of ["cert-expiry", "cert-name", "st-refused", "net-reach"]) expect(shown).toContain(`${id}: `);
    expect(shown.match(/hint: /g)?.length).toBeGreaterThanOrEqual(4);
    expect(shown).toMatch(/1 · SSL\/TLS +submission +127\.0\.0\.1 +- +- +not offered/);
  });
  test("80 columns, no colour, no control characters from the network", () => {
    for (const line of text(mixed).split("\n")) {
      expect(line.length).toBeLessThanOrEqual(80);
      expect(line).not.toMatch(/[\u0000-\u001f\u007f]/);
    }
  });
  test("quiet: nothing when all is well, else only what is wrong", () => {
    expect(text(sound, true)).toBe("");
    expect(text(mixed, true)).toContain("cert-expiry");
    expect(text(mixed, true)).not.toContain("port · clients say");
  });
  test("colour only when asked", () => {
    expect(verifyText(sound, { color: true, width: 80 })).toContain("\u001b[32m");
  });
  test("one finding of several servers has each server's hint", () => {
    const [first] = mixed.entries;
    if (!first) throw new Error("no entry");
    const finding = { check: "cert-disk", severity: "fault", message: "serves another certificate" } as const;
    const shown = text({
      ...mixed,
      findings: [],
      entries: ["Dovecot: reload it", "Postfix: reload it", "Dovecot: reload it"].map((hint) => ({
        ...first,
        findings: [{ ...finding, hint }],
      })),
    });
    expect(shown.match(/cert-disk/g)).toHaveLength(1);
    expect(shown.match(/hint: .*/g)).toEqual(["hint: Dovecot: reload it", "hint: Postfix: reload it"]);
  });
  test("a command in a hint is not broken over two lines", () => {
    const [first] = mixed.entries;
    if (!first) throw new Error("no entry");
    const command = "`mailcert verify mail.example.org --address 192.0.2.10`";
    const hint = `look at it under the name that clients use: ${command}; and more`;
    const finding = { check: "cert-name", severity: "fault", message: "not for it", hint } as const;
    const shown = text({ ...mixed, findings: [], entries: [{ ...first, findings: [finding] }] });
    expect(shown).toContain(`use:\n        ${command}; and more\n`);
  });
  test("a dead host is told of once, by its name or its wildcard", async () => {
    const gone = await verify(
      { now, probe: createProbe({ now }), resolve: async () => [] },
      {
        wanted: [1, 2].map((port) => ({
          protocol: "imap",
          mode: "implicit",
          host: "mailcert-check.example.org",
          address: "127.0.0.1",
          port,
          demanded: port === 1,
        })),
        anchors: [],
      },
    );
    expect(gone.deadHosts).toEqual(["mailcert-check.example.org"]);
    const shown = text(gone);
    expect(shown.match(/net-reach/g)).toHaveLength(1);
    expect(shown).toMatch(/^\*\.example\.org \(asked for as mailcert-check\.example\.org\): 1 fault/);
    expect(shown).toContain("nothing can be reached at *.example.org");
    // The document keeps what each entry point said.
    expect(document(gone).entries[0]?.["findings"]).toMatchObject([{ check: "net-reach", severity: "fault" }]);
    expect(complaints(document(gone))).toEqual([]);
  });
  test("the same finding on several ports is told once", async () => {
    const twice: VerifyResult = {
      ...mixed,
      findings: [],
      entries: [mixed.entries[1], mixed.entries[1]].filter((one) => one !== undefined),
    };
    expect(text(twice).match(/cert-expiry/g)).toHaveLength(1);
  });
});
