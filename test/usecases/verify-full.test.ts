// verify --full: what it asks besides, in which order, when it stops asking, and what comes of it.
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Observation } from "../../src/domain/observation.ts";
import { parseTarget } from "../../src/domain/targets.ts";
import type { VerifyResult } from "../../src/domain/verify-result.ts";
import { createInjector } from "../../src/probe/injector.ts";
import { askMailInClear } from "../../src/probe/mail-asker.ts";
import type { Probe, ProbeOptions } from "../../src/probe/probe.ts";
import { createProbe } from "../../src/probe/tls-probe.ts";
import { canInject, protocols } from "../../src/protocols/index.ts";
import type { FurtherTools } from "../../src/usecases/further-looks.ts";
import { type VerifyRequest, verify } from "../../src/usecases/verify.ts";
import { type FakeServer, type Script, mailServer, startServer } from "../fakes/mail-server.ts";
import { takingMail } from "../fakes/mail-taker.ts";
import { type Issued, type Pki, issue, makePki, served } from "../fakes/pki.ts";
import { freePort } from "../free-ports.ts";

let pki: Pki;
let rsa: Issued;
let other: Issued;
const open: FakeServer[] = [];
beforeAll(async () => {
  pki = await makePki();
  rsa = await issue({ names: ["mail.example.org"], by: pki.intermediate, key: "RSA-2048" });
  other = await issue({ names: ["other.example"], by: pki.intermediate });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const now = (): Date => new Date();
const real: FurtherTools = { canInject, inject: createInjector(), mailInClear: askMailInClear };

const look = (
  url: string,
  probe: Probe,
  tools: FurtherTools,
  more: Partial<VerifyRequest> = {},
): Promise<VerifyResult> =>
  verify(
    { now, probe, resolve: async () => [], further: tools },
    {
      wanted: parseTarget(url, protocols).map((target) => ({ ...target, address: "127.0.0.1" })),
      anchors: [pki.root.pem],
      full: true,
      timeoutMs: 20_000,
      ...more,
    },
  );
const ids = (result: VerifyResult): readonly string[] => [
  ...result.entries.flatMap(({ findings }) => findings.map(({ check }) => check)),
  ...result.findings.map(({ check }) => check),
];

describe("the questions", () => {
  const asked: string[] = [];
  const wordOf = ({ slot, sni, renegotiate }: ProbeOptions): string =>
    [slot ?? "any", sni === false ? "no name" : (sni ?? ""), renegotiate ? "renegotiate" : ""]
      .filter(Boolean)
      .join(" ");
  /** An ECDSA server that shows `leaf`s by what it is asked. */
  const probe =
    (change: (word: string) => Partial<Observation> = () => ({})): Probe =>
    async (entry, options) => {
      const word = wordOf(options);
      asked.push(word);
      const sni = options.sni === false ? undefined : (options.sni ?? entry.host);
      return {
        entry,
        address: entry.address,
        local: false,
        ...(sni === undefined ? {} : { sni }),
        ...(change(word).error ? {} : { tls: { version: "TLSv1.3", cipher: "x" } }),
        chain: [pki.leaf.der, pki.intermediate.der],
        startedAt: now(),
        durationMs: 1,
        ...change(word),
      };
    };
  const tools = (outcome: "discarded" | "undecided" = "discarded"): FurtherTools => ({
    canInject: () => true,
    inject: async (_entry, { sni }) => {
      asked.push(`inject ${sni ?? "no name"}`);
      return { outcome: outcome === "discarded" ? { kind: outcome } : { kind: outcome, why: "454 later" } };
    },
    mailInClear: async () => {
      asked.push("mail");
      return undefined;
    },
  });
  const refusal = (stage: "handshake" | "greeting"): Partial<Observation> => {
    return { chain: [], error: { stage, reason: "tls", message: "nothing in common" } };
  };
  afterEach(() => void asked.splice(0));

  test("one after the other: the other kind of key, injection, no name, an unknown name, mail in clear", async () => {
    const result = await look("submission://mail.example.org", probe(), tools());
    const inject = "inject mail.example.org";
    expect(asked).toEqual([
      "any",
      "rsa",
      inject,
      "any no name",
      "any mailcert-asks.invalid",
      "any renegotiate",
      "mail",
    ]);
    expect(ids(result)).toEqual([]);
    expect(result.entries).toHaveLength(1);
  });
  test("without --full nothing of it", async () => {
    await look("submission://mail.example.org", probe(), tools(), { full: false });
    expect(asked).toEqual(["any"]);
  });
  test("what no check needs is not asked", async () => {
    await look("submission://mail.example.org", probe(), tools(), { check: ["st-cmd-inj"] });
    expect(asked).toEqual(["any", "inject mail.example.org"]);
    asked.length = 0;
    await look("submission://mail.example.org", probe(), tools(), {
      skip: ["st-cmd-inj", "sni", "st-enforced", "reneg-cli"],
    });
    expect(asked).toEqual(["any", "rsa"]);
  });
  test("an address has no name to leave out, and --sni has named one already", async () => {
    await look(
      "imaps://192.0.2.1",
      probe((word) => (word === "any" ? { sni: "" } : {})),
      tools(),
    );
    expect(asked).toEqual(["any", "rsa", "inject ", "any renegotiate"]);
    asked.length = 0;
    await look("imaps://mail.example.org", probe(), tools(), { sni: "two.example" });
    expect(asked).toEqual(["any two.example", "rsa two.example", "inject two.example", "any two.example renegotiate"]);
  });
  test("a server that asks to come later is left alone", async () => {
    await look("imap://mail.example.org", probe(), tools("undecided"));
    expect(asked).toEqual(["any", "rsa", "inject mail.example.org"]);
  });
  test("whenever it asks: nothing more is asked, and it is said", async () => {
    const later = { chain: [], error: { stage: "greeting", reason: "temporary", message: "421 too many" } } as const;
    const result = await look(
      "submission://mail.example.org",
      probe((word) => (word === "any no name" ? later : {})),
      tools(),
    );
    expect(asked).toEqual(["any", "rsa", "inject mail.example.org", "any no name"]);
    expect(result.entries[0]?.findings).toMatchObject([
      {
        check: "net-reach",
        severity: "warning",
        message: expect.stringMatching(/not everything was asked: 421 too many/),
      },
    ]);
  });
  test("an injection that breaks off counts only where the server still speaks TLS", async () => {
    const broken: FurtherTools = {
      ...tools(),
      inject: async () => ({ outcome: { kind: "refused", how: "the handshake breaks" }, broke: true }),
    };
    const checked = async (from: Probe, check: readonly string[]): Promise<boolean | undefined> =>
      (await look("imap://mail.example.org", from, broken, { check })).entries[0]?.checked.includes("st-cmd-inj");
    expect(await checked(probe(), ["st-cmd-inj"])).toBe(true);
    // An ordinary look was the witness.
    expect(asked.splice(0)).toEqual(["any", "any"]);
    expect(await checked(probe(), ["st-cmd-inj", "sni"])).toBe(true);
    expect(asked.splice(0)).toEqual(["any", "any no name", "any mailcert-asks.invalid"]);
    const limited = probe(() => (asked.length > 1 ? refusal("handshake") : {}));
    expect(await checked(limited, ["st-cmd-inj"])).toBe(false);
    expect(asked.splice(0)).toEqual(["any", "any"]);
  });
  test("one that did not come as far as TLS, too", async () => {
    await look(
      "imap://mail.example.org",
      probe(() => refusal("greeting")),
      tools(),
    );
    expect(asked).toEqual(["any"]);
  });
  test("without a name: refused, and what it says", async () => {
    const result = await look(
      "smtp://mail.example.org",
      probe((word) => (word === "any no name" ? refusal("handshake") : {})),
      tools(),
    );
    expect(result.entries[0]?.findings).toMatchObject([
      { check: "sni", severity: "warning", message: expect.stringContaining("nothing in common") },
    ]);
    expect(result.ok).toBe(true);
    expect(result.entries[0]?.checked).toEqual(expect.arrayContaining(["sni", "st-cmd-inj"]));
  });
  test("without a name: another host's certificate", async () => {
    const result = await look(
      "imaps://mail.example.org",
      probe((word) => (word.includes(" ") ? { chain: [other.der, pki.intermediate.der] } : {})),
      tools(),
    );
    expect(result.entries[0]?.findings).toMatchObject([
      { check: "sni", severity: "info", message: expect.stringContaining("for other.example") },
    ]);
  });
});

describe("real handshakes", () => {
  const start = async (script: Script, tls: Parameters<typeof startServer>[1]): Promise<FakeServer> => {
    const server = await startServer(script, tls);
    open.push(server);
    return server;
  };
  const both = () => {
    const [first, second] = [served(pki.leaf, pki.intermediate), served(rsa, pki.intermediate)];
    return { key: [first.key, second.key], cert: [first.cert, second.cert] };
  };

  test("a server with two kinds of key shows both", async () => {
    const server = await start(mailServer("imap", "implicit"), both());
    const result = await look(`imaps://mail.example.org:${server.port}`, createProbe({ now }), real);
    expect(result.entries.map(({ slot, chain }) => `${slot} ${chain[0]?.key.type}`).toSorted()).toEqual([
      "ecdsa ec",
      "rsa rsa",
    ]);
    // Node's servers renegotiate when they are asked to.
    expect(ids(result)).toEqual(["reneg-cli"]);
    // Both kinds, no name, unknown name, renegotiation.
    expect(server.connections).toBe(5);
  });
  test.each(["ecdsa", "rsa"])("a server with one (%s) shows one", async (kind) => {
    const leaf = kind === "rsa" ? rsa : pki.leaf;
    const server = await start(mailServer("imap", "implicit"), served(leaf, pki.intermediate));
    const result = await look(`imaps://mail.example.org:${server.port}`, createProbe({ now }), real);
    expect(result.entries.map(({ slot, chain }) => [slot, chain[0]?.sha256])).toEqual([[undefined, leaf.sha256]]);
    expect(ids(result)).toEqual(["reneg-cli"]);
  });
  test("two kinds at one port and one at another: cert-dual", async () => {
    const two = await start(mailServer("imap", "implicit"), both());
    const one = await start(mailServer("pop3", "implicit"), pki.served);
    const result = await verify(
      { now, probe: createProbe({ now }), resolve: async () => ["127.0.0.1"], further: real },
      {
        wanted: [`imaps://mail.example.org:${two.port}`, `pop3s://mail.example.org:${one.port}`].flatMap((url) =>
          parseTarget(url, protocols),
        ),
        anchors: [pki.root.pem],
        full: true,
        timeoutMs: 20_000,
      },
    );
    expect(ids(result)).toEqual(["reneg-cli", "reneg-cli", "cert-dual"]);
  });

  test.each([
    ["250 2.1.0 Ok\r\n", { code: 250, text: "250 2.1.0 Ok" }, ["MAIL FROM:<>", "RSET", "QUIT"]],
    ["530 5.7.0 Must issue a STARTTLS command first\r\n", { code: 530 }, ["MAIL FROM:<>", "QUIT"]],
  ])("MAIL FROM in clear: %s", async (answer, expected, said) => {
    const server = await start(takingMail(answer), pki.served);
    const seen = await askMailInClear(
      { protocol: "submission", mode: "starttls", host: "mail.example.org", address: "127.0.0.1", port: server.port },
      { ehlo: "verifier.example.net", timeoutMs: 20_000 },
    );
    expect(seen).toMatchObject(expected);
    expect(server.lines).toEqual(["EHLO verifier.example.net", ...said]);
  });
  test("MAIL FROM: a closed port says nothing", async () => {
    const at = { host: "mail.example.org", address: "127.0.0.1", port: await freePort() };
    const terms = { ehlo: "x.example", timeoutMs: 20_000 };
    expect(await askMailInClear({ protocol: "submission", mode: "starttls", ...at }, terms)).toBeUndefined();
  });
  test("turned away by the greeting: no MAIL, a goodbye", async () => {
    const server = await start(mailServer("submission", "starttls", { greeting: "421 busy\r\n" }), pki.served);
    const at = { protocol: "submission", mode: "starttls", host: "mail.example.org", address: "127.0.0.1" } as const;
    const terms = { ehlo: "x.example", timeoutMs: 20_000 };
    expect(await askMailInClear({ ...at, port: server.port }, terms)).toBeUndefined();
    expect(server.lines).toEqual(["QUIT"]);
  });
});
