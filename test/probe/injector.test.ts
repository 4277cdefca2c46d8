// Command injection against servers that keep, drop, refuse or swallow what was glued to STARTTLS, in every dialect.
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ProtocolName } from "../../src/domain/entry-point.ts";
import { createInjector } from "../../src/probe/injector.ts";
import { createProbe } from "../../src/probe/tls-probe.ts";
import { injections } from "../../src/protocols/injection.ts";
import { protocols } from "../../src/protocols/index.ts";
import { type Glued, type GluedServer, dialects, gluedServer } from "../fakes/glued-server.ts";
import { type Pki, makePki } from "../fakes/pki.ts";
import { freePort } from "../free-ports.ts";

let pki: Pki;
const open: GluedServer[] = [];
const inject = createInjector();

beforeAll(async () => {
  pki = await makePki();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const entry = (protocol: ProtocolName, port: number) => ({
  protocol,
  mode: "starttls" as const,
  host: "mail.example.org",
  address: "127.0.0.1",
  port,
});
const terms = { sni: "mail.example.org", ehlo: "verifier.example.net", timeoutMs: 20_000, smallHello: false };

const serve = async (dialect: (typeof dialects)[number], glued: Glued): Promise<GluedServer> => {
  const server = await gluedServer(dialect, pki.served, glued);
  open.push(server);
  return server;
};

describe.each(dialects.map((dialect) => [dialect.protocol, dialect] as const))("%s", (protocol, dialect) => {
  const outcome = async (glued: Glued, more: Partial<typeof terms> = {}) => {
    const server = await serve(dialect, glued);
    const injected = await inject(entry(protocol, server.port), { ...terms, ...more });
    // A leaf is seen where TLS came about, and only where it did not is it unclear what for.
    const { kind } = injected?.outcome ?? {};
    if (kind === "executed" || kind === "discarded") expect(injected?.leaf).toEqual(pki.leaf.der);
    if (kind === "refused") expect(injected).not.toHaveProperty("leaf");
    return { server, outcome: injected?.outcome, broke: injected?.broke };
  };

  test("the ordinary look finds nothing wrong with any of them", async () => {
    const server = await serve(dialect, "keeps");
    const seen = await createProbe({ now: () => new Date() })(entry(protocol, server.port), {
      timeoutMs: 20_000,
      ehlo: "verifier.example.net",
      anchors: [pki.root.pem],
      dialogue: "handshake",
    });
    expect(seen.error).toBeUndefined();
    expect(seen.tls?.version).toBe("TLSv1.3");
  });
  test("executed inside TLS: told with the answer, in one connection", async () => {
    const { server, outcome: seen } = await outcome("keeps");
    expect(seen).toMatchObject({ kind: "executed", answer: expect.stringMatching(/\S/) });
    expect(server.connections).toBe(1);
    expect(server.secure[0]).toBe(injections[protocol]?.command);
  });
  test("forgotten, or answered by a greeting that nobody asked for: nothing is claimed of it but that", async () => {
    const { server, outcome: seen } = await outcome("drops");
    expect(seen).toEqual({ kind: "discarded" });
    expect(server.secure).toEqual([injections[protocol]?.goodbye]);
    expect((await outcome("greets-again")).outcome?.kind).not.toBe("executed");
  });
  test("fed to the TLS engine, hung up on, refused, or answered in clear: refused", async () => {
    expect(await outcome("feeds")).toMatchObject({
      outcome: { kind: "refused", how: "the handshake breaks" },
      broke: true,
    });
    expect((await outcome("hangs-up")).outcome).toMatchObject({ kind: "refused" });
    expect((await outcome("says-no")).outcome).toMatchObject({
      kind: "refused",
      how: expect.stringMatching(/^the server says /),
    });
    // Its answer comes with the go-ahead or breaks the handshake: both end in no TLS.
    expect((await outcome("in-clear")).outcome).toMatchObject({ kind: "refused" });
  });
  test("not now, or silence: nothing is claimed", async () => {
    expect((await outcome("busy")).outcome).toMatchObject({ kind: "undecided", why: expect.stringMatching(/./) });
    expect((await outcome("silent", { timeoutMs: 400 })).outcome).toMatchObject({ kind: "undecided" });
    expect((await outcome("mute", { timeoutMs: 700 })).outcome).toMatchObject({ kind: "undecided" });
  });
  test("an answer without end: bounded, and nothing is claimed", async () => {
    expect((await outcome("floods")).outcome).toMatchObject({ kind: "undecided" });
    expect((await outcome("endless-line")).outcome).toMatchObject({ kind: "undecided" });
  });
  test("what is glued changes nothing, and no more than one line", () => {
    expect(injections[protocol]?.command).toMatch(/^(?:\S+ )?(?:NOOP|CAPA|DATE)(?: "\w+")?$/);
  });
});

describe("where it is not tried", () => {
  test("where TLS starts at once", async () => {
    const seen = await inject({ ...entry("imap", 1), mode: "implicit" }, terms);
    expect(seen).toBeUndefined();
  });
  test("nobody listens: undecided, and no exception", async () => {
    expect(await inject(entry("smtp", await freePort()), terms)).toMatchObject({ outcome: { kind: "undecided" } });
  });
  test("Ctrl-C ends it as it ends everything", async () => {
    const stop = new AbortController();
    stop.abort(new Error("stopped"));
    await expect(inject(entry("smtp", 1), { ...terms, signal: stop.signal })).rejects.toThrow("stopped");
  });
});

describe("how answers are told apart", () => {
  const read = (protocol: ProtocolName, lines: readonly string[], ended = true) =>
    injections[protocol]?.read(lines, ended);
  test.each<readonly [ProtocolName, readonly string[], string]>([
    ["smtp", ["221 bye"], "discarded"],
    ["smtp", ["250 Ok", "221 bye"], "executed"],
    ["smtp", ["502 not implemented", "221 bye"], "executed"],
    ["smtp", ["250-two", "250 lines", "221 bye"], "executed"],
    ["smtp", ["220 greeting", "221 bye"], "discarded"],
    ["smtp", ["421 too many errors"], "unclear"],
    ["smtp", ["554 synchronization error", "221 bye"], "unclear"],
    ["smtp", ["250 Ok"], "unclear"],
    ["ftp", ["530 log in", "221 bye"], "executed"],
    ["ftp", ["220 greeting", "221 bye"], "discarded"],
    ["nntp", ["201 greeting", "205 bye"], "discarded"],
    ["nntp", ["111 20261121000000", "205 bye"], "executed"],
    ["imap", ["injected1 OK", "* BYE", "goodbye1 OK"], "executed"],
    ["imap", ["injected1 BAD what"], "executed"],
    ["imap", ["* OK greeting", "* BYE", "goodbye1 OK"], "discarded"],
    ["imap", ["* BYE too late"], "discarded"],
    ["imap", [], "unclear"],
    ["pop3", ["+OK", "USER", ".", "+OK bye"], "executed"],
    ["pop3", ["-ERR what", "+OK bye"], "executed"],
    ["pop3", ["+OK bye"], "discarded"],
    ["pop3", ["+OK greeting", "+OK bye"], "unclear"],
    ["pop3", ["-ERR what"], "unclear"],
    ["sieve", ['"SASL" "PLAIN"', "OK", 'OK (TAG "injected1") "Done"', "OK"], "executed"],
    ["sieve", ["OK", 'NO "what"', "OK"], "executed"],
    ["sieve", ['"SASL" "PLAIN"', "OK", "OK"], "discarded"],
    ["sieve", ["OK"], "discarded"],
    ["sieve", ["OK", "OK", "OK"], "unclear"],
    ["sieve", ["BYE"], "unclear"],
  ])("%s: %j is %s", (protocol, lines, verdict) => {
    expect(read(protocol, lines)).toBe(verdict);
  });
  test("every protocol that can be tried is one that there is", () => {
    for (const name of Object.keys(injections)) expect(Object.keys(protocols)).toContain(name);
  });
});
