// --dry-run: no more connections than it says, to nowhere else than it says; and --transcript of the same servers.
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { mostConnections } from "../../src/domain/allowance.ts";
import { parseTarget } from "../../src/domain/targets.ts";
import { createInjector } from "../../src/probe/injector.ts";
import { askMailInClear } from "../../src/probe/mail-asker.ts";
import { createProbe } from "../../src/probe/tls-probe.ts";
import { canInject, protocols } from "../../src/protocols/index.ts";
import { verifyPlanDocument, verifyPlanText } from "../../src/reports/verify-plan.ts";
import { verifyText } from "../../src/reports/verify-text.ts";
import { verifyPlan } from "../../src/usecases/verify-plan.ts";
import { type VerifyRequest, verify } from "../../src/usecases/verify.ts";
import { complaints } from "../docs/schemas.ts";
import { type FakeServer, mailServer, startServer } from "../fakes/mail-server.ts";
import { type Pki, makePki } from "../fakes/pki.ts";

let pki: Pki;
beforeAll(async () => {
  pki = await makePki();
});
const open: FakeServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const further = { canInject, inject: createInjector(), mailInClear: askMailInClear };
const resolve = async (host: string) =>
  host === "gone.example.org" ? { message: "no such name" } : ["192.0.2.1", "2001:db8::1"];
const plan = (urls: readonly string[], more: Partial<VerifyRequest> = {}) =>
  verifyPlan(
    { resolve, further },
    { wanted: urls.flatMap((url) => parseTarget(url, protocols)), anchors: [], ...more },
  );

describe("what a run would connect to", () => {
  test("each address of each entry point, once; a name that leads nowhere, not at all", async () => {
    const planned = await plan(["imaps://mail.example.org", "imap://gone.example.org"]);
    expect(planned).toMatchObject({
      connections: 2,
      entries: [
        { entry: { address: "192.0.2.1", port: 993 }, connections: 1 },
        { entry: { address: "2001:db8::1" }, connections: 1 },
        { connections: 0, unresolved: "gone.example.org: no such name" },
      ],
    });
    expect(complaints(verifyPlanDocument(planned))).toEqual([]);
    expect(verifyPlanText(planned)).toBe(
      [
        "verify would make at most 2 connections; no mail server was connected to",
        "",
        "connections  entry point                  address",
        "1            imaps://mail.example.org:993  192.0.2.1",
        "1            imaps://mail.example.org:993  2001:db8::1",
        "-            imap://gone.example.org:143   gone.example.org: no such name",
      ]
        .join("\n")
        .replace("entry point                  ", "entry point                   "),
    );
  });
  test("a mail domain that leads nowhere: why, in both forms", async () => {
    const domains = [{ domain: "example.org", mx: { kind: "unknown", why: "no name server answers" } }] as const;
    const planned = await plan([], { domains });
    expect(complaints(verifyPlanDocument(planned))).toEqual([]);
    expect(verifyPlanDocument(planned)).toMatchObject({ findings: [{ check: "mx-host", severity: "fault" }] });
    expect(verifyPlanText(planned)).toMatch(
      /^verify would make no connection; .*\n\nfault: nobody could say where the mail of example.org goes: no name server answers\n {2}-> /,
    );
    expect(verifyPlanText(planned)).not.toContain("entry point  ");
  });
  test("of a name with hundreds of addresses, eight of each family", async () => {
    const many = [...Array.from({ length: 300 }, (_, n) => `192.0.2.${n % 256}`), "2001:db8::1"];
    const wanted = parseTarget("imaps://mail.example.org", protocols);
    const planned = await verifyPlan({ resolve: async () => many, further }, { wanted, anchors: [] });
    expect(planned.connections).toBe(9);
  });
  test.each<readonly [string, Partial<VerifyRequest>, number]>([
    ["submission://192.0.2.1", {}, 1],
    ["submission://192.0.2.1", { full: true }, 5],
    ["submission://192.0.2.1", { full: true, skip: ["st-cmd-inj", "st-enforced"] }, 3],
    ["imaps://192.0.2.1", { full: true }, 3],
  ])("%s %j: %i", async (url, more, connections) => {
    const wanted = parseTarget(url, protocols).map((target) => ({ ...target, address: "192.0.2.1" }));
    expect((await verifyPlan({ resolve, further }, { wanted, anchors: [], ...more })).connections).toBe(connections);
  });
  test("with the profile of TLS ten at most, whatever is asked besides, and that only where a check needs it", async () => {
    const wanted = parseTarget("imaps://mail.example.org", protocols).map((one) => ({ ...one, address: "192.0.2.1" }));
    const profile = async () => {
      throw new Error("not in a dry run");
    };
    const count = async (more: Partial<VerifyRequest>) =>
      (await verifyPlan({ resolve, further, profile }, { wanted, anchors: [], full: true, ...more })).connections;
    expect(mostConnections).toBe(10);
    expect(await count({})).toBe(10);
    expect(await count({ check: ["ver-legacy"] })).toBe(10);
    expect(await count({ check: ["sni", "cert-name"] })).toBe(4);
    expect(await count({ full: false })).toBe(1);
  });
  test("two kinds of key: two, and with --quick one", async () => {
    const wanted = parseTarget("imaps://mail.example.org", protocols).map((target) => ({
      ...target,
      address: "192.0.2.1",
      slots: ["ecdsa", "rsa"] as const,
    }));
    const count = async (more: Partial<VerifyRequest>) =>
      (await verifyPlan({ resolve, further }, { wanted, anchors: [], ...more })).connections;
    expect([await count({}), await count({ quick: true }), await count({ full: true })]).toEqual([2, 1, 5]);
  });
});

describe.each([
  ["imap", "starttls", "imap"],
  ["pop3", "implicit", "pop3s"],
  ["submission", "starttls", "submission"],
] as const)("a run with --full makes no more than it said: %s %s", (protocol, mode, scheme) => {
  test.each([false, true])("full: %s", async (full) => {
    const server = await startServer(mailServer(protocol, mode), pki.served);
    open.push(server);
    const wanted = parseTarget(`${scheme}://mail.example.org:${server.port}`, protocols).map((target) => ({
      ...target,
      address: "127.0.0.1",
    }));
    const request = { wanted, anchors: [pki.root.pem], full, timeoutMs: 20_000, transcript: true };
    const planned = await verifyPlan({ resolve, further }, request);
    expect(server.connections).toBe(0);
    const now = (): Date => new Date();
    const result = await verify({ now, resolve, probe: createProbe({ now }), further }, request);
    expect(server.connections).toBe(planned.connections);

    const text = verifyText(result, { color: false, width: 80 });
    if (mode === "implicit") expect(text).toContain(":" + server.port + " at 127.0.0.1\n  (TLS starts at once)");
    else
      expect(text).toMatch(
        /\n {2}S: [^\n]*\\r\\n\n(?: {2}[CS]: [^\n]*\\r\\n\n)* {2}C: [^\n]*STARTTLS\\r\\n\n {2}S: [^\n]*\\r\\n\n {2}\(TLS starts\)/,
      );
  });
});

test("a transcript of a server that refuses ends with its words, and bytes behind the go-ahead are in it", async () => {
  const now = (): Date => new Date();
  const said = async (goAhead: string) => {
    const server = await startServer(mailServer("smtp", "starttls", { goAhead }), pki.served);
    open.push(server);
    const wanted = parseTarget(`smtp://mail.example.org:${server.port}`, protocols).map((target) => ({
      ...target,
      address: "127.0.0.1",
    }));
    const request = { wanted, anchors: [pki.root.pem], timeoutMs: 20_000, transcript: true, ehlo: "v.example" };
    const result = await verify({ now, resolve, probe: createProbe({ now }) }, request);
    const lines = result.entries[0]?.observation.transcript ?? [];
    const from = lines.findIndex(({ text }) => text.startsWith("STARTTLS"));
    return lines.slice(from, from + 3);
  };
  expect(await said("454 4.7.0 later \x1b[2J\r\n")).toEqual([
    { from: "client", text: "STARTTLS\\r\\n" },
    { from: "server", text: "454 4.7.0 later \\x1b[2J\\r\\n" },
    { from: "client", text: "QUIT\\r\\n" },
  ]);
  expect(await said("220 go\r\n250 injected\r\n")).toEqual([
    { from: "client", text: "STARTTLS\\r\\n" },
    { from: "server", text: "220 go\\r\\n" },
    { from: "server", text: "250 injected\\r\\n" },
  ]);
});
