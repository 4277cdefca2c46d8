// Verify over fake probes (what is asked of them) and over scripted servers (what comes out at the end).
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Observation } from "../../src/domain/observation.ts";
import { type Target, parseTarget } from "../../src/domain/targets.ts";
import type { Probe, ProbeOptions } from "../../src/probe/probe.ts";
import { createProbe } from "../../src/probe/tls-probe.ts";
import { protocols } from "../../src/protocols/index.ts";
import { type VerifyDeps, type VerifyRequest, verify } from "../../src/usecases/verify.ts";
import { type FakeServer, mailServer, startServer } from "../fakes/mail-server.ts";
import { type Pki, issue, makePki, served } from "../fakes/pki.ts";

let pki: Pki;
beforeAll(async () => {
  pki = await makePki();
});
const open: FakeServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const now = (): Date => new Date();

interface Asked {
  readonly url: string;
  readonly options: ProbeOptions;
}

/** Answers with a healthy observation, except where `change` says otherwise; keeps what it was asked. */
const fakeProbe = (change: (entry: Parameters<Probe>[0]) => Partial<Observation> = () => ({})) => {
  const asked: Asked[] = [];
  let most = 0;
  const busy = new Map<string, number>();
  const probe: Probe = async (entry, options) => {
    const key = `${entry.address}:${entry.port}`;
    asked.push({ url: `${entry.host} ${key}`, options });
    busy.set(key, (busy.get(key) ?? 0) + 1);
    most = Math.max(most, busy.get(key) ?? 0);
    await new Promise((resolve) => setTimeout(resolve, 2));
    busy.set(key, (busy.get(key) ?? 1) - 1);
    const changed = change(entry);
    return {
      entry,
      address: entry.address,
      local: false,
      ...(changed.error ? {} : { tls: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" } }),
      chain: [pki.leaf.der, pki.intermediate.der],
      startedAt: now(),
      durationMs: 2,
      ...changed,
    };
  };
  return { probe, asked, mostAtOnePlace: () => most };
};

const deps = (probe: Probe, addresses: Readonly<Record<string, readonly string[]>> = {}): VerifyDeps => ({
  now,
  probe,
  resolve: async (host) => addresses[host] ?? { message: "no such name" },
});
const targets = (text: string): readonly Target[] => parseTarget(text, protocols);
const request = (wanted: VerifyRequest["wanted"], more: Partial<VerifyRequest> = {}): VerifyRequest => ({
  wanted,
  anchors: [pki.root.pem],
  ...more,
});
const ids = (findings: readonly { severity: string; check: string }[]): readonly string[] =>
  findings.map(({ severity, check }) => `${severity} ${check}`);

const refused: Partial<Observation> = {
  chain: [],
  error: { stage: "connect", reason: "refused", message: "connection refused" },
};

test("where nothing is offered and nobody may say so, nothing is well", async () => {
  const { probe } = fakeProbe(() => refused);
  const one = deps(probe, { "mail.example.org": ["192.0.2.1"] });
  const result = await verify(one, request(targets("mail.example.org"), { check: ["cert-name"] }));
  expect(ids(result.findings)).toEqual(["fault net-reach"]);
  expect(result.ok).toBe(false);
  expect((await verify(one, request([]))).ok).toBe(false);
});

describe("what is connected to", () => {
  test("every address of both families, with the name kept", async () => {
    const { probe, asked } = fakeProbe();
    const result = await verify(
      deps(probe, { "mail.example.org": ["192.0.2.1", "2001:db8::1"] }),
      request(targets("imaps://mail.example.org")),
    );
    expect(asked.map(({ url }) => url).sort()).toEqual([
      "mail.example.org 192.0.2.1:993",
      "mail.example.org 2001:db8::1:993",
    ]);
    expect(result.entries).toHaveLength(2);
    expect(result.ok).toBe(true);
  });
  test("a name that stands for another host: its addresses, with the name that is to be verified", async () => {
    const { probe } = fakeProbe();
    const one = deps(probe, { "mail.example.org": ["192.0.2.1"] });
    const chat = { protocol: "xmpp-client", mode: "starttls", port: 5222, demanded: true } as const;
    const wanted = ["mail.example.org", "gone.example.org"].map((connectTo) => ({
      ...chat,
      host: "example.org",
      connectTo,
    }));
    const result = await verify(one, request(wanted));
    expect(result.entries.map(({ entry }) => [entry.host, entry.address])).toEqual([
      ["example.org", "192.0.2.1"],
      ["example.org", undefined],
    ]);
    expect(result.entries[1]?.observation.error?.message).toContain("gone.example.org");
  });

  test("an address that is given is not looked up", async () => {
    const { probe, asked } = fakeProbe();
    await verify(
      deps(probe),
      request(targets("imaps://mail.example.org").map((target) => ({ ...target, address: "192.0.2.9" }))),
    );
    expect(asked.map(({ url }) => url)).toEqual(["mail.example.org 192.0.2.9:993"]);
  });
  test("port 25 has 45 s, the others 10 s, --timeout sets all", async () => {
    const { probe, asked } = fakeProbe();
    const here = deps(probe, { "mail.example.org": ["192.0.2.1"] });
    await verify(here, request(targets("mail.example.org")));
    const budget = (port: number): number | undefined =>
      asked.find(({ url }) => url.endsWith(`:${port}`))?.options.timeoutMs;
    expect([budget(25), budget(993), budget(587)]).toEqual([45_000, 10_000, 10_000]);
    asked.length = 0;
    await verify(here, request(targets("mail.example.org"), { timeoutMs: 3000 }));
    expect(new Set(asked.map(({ options }) => options.timeoutMs))).toEqual(new Set([3000]));
  });
  test("a scheme that does not fit the port costs 4 s, not the whole budget", async () => {
    const { probe, asked } = fakeProbe();
    const wanted = targets("imap://mail.example.org:993").map((target) => ({
      ...target,
      meant: { protocol: "imap", mode: "implicit" } as const,
    }));
    const here = deps(probe, { "mail.example.org": ["192.0.2.1"] });
    await verify(here, request(wanted));
    await verify(here, request(wanted, { timeoutMs: 20_000 }));
    expect(asked.map(({ options }) => options.timeoutMs)).toEqual([4000, 20_000]);
  });
  test("two slots: one handshake each, one after the other; --quick: one", async () => {
    const { probe, asked, mostAtOnePlace } = fakeProbe();
    const here = deps(probe, { "mail.example.org": ["192.0.2.1"] });
    const wanted = targets("imaps://mail.example.org").map((target) => ({
      ...target,
      slots: ["ecdsa", "rsa"] as const,
    }));
    const result = await verify(here, request(wanted));
    expect(asked.map(({ options }) => options.slot)).toEqual(["ecdsa", "rsa"]);
    expect(mostAtOnePlace()).toBe(1);
    expect(result.entries.map(({ slot }) => slot)).toEqual(["ecdsa", "rsa"]);
    asked.length = 0;
    await verify(here, request(wanted, { quick: true }));
    expect(asked.map(({ options }) => options.slot)).toEqual([undefined]);
  });
  test("what did not come as far as TLS is not asked for the other kind of key", async () => {
    const { probe, asked } = fakeProbe(() => refused);
    const wanted = targets("imaps://mail.example.org").map((target) => ({
      ...target,
      slots: ["ecdsa", "rsa"] as const,
    }));
    const result = await verify(deps(probe, { "mail.example.org": ["192.0.2.1"] }), request(wanted));
    expect(asked).toHaveLength(1);
    expect(result.entries[0]).not.toHaveProperty("slot");
  });
  test("one anchors array for the whole run: one SecureContext", async () => {
    const { probe, asked } = fakeProbe();
    await verify(deps(probe, { "mail.example.org": ["192.0.2.1", "192.0.2.2"] }), request(targets("mail.example.org")));
    expect(new Set(asked.map(({ options }) => options.anchors)).size).toBe(1);
  });
});

describe("what a refusal means", () => {
  test("guessed ports that refuse are not offered and no failure", async () => {
    const { probe } = fakeProbe(({ port }) => (port === 587 || port === 465 ? refused : {}));
    const result = await verify(
      deps(probe, { "mail.example.org": ["192.0.2.1"] }),
      request(targets("mail.example.org"), { skip: ["cert-same"] }),
    );
    expect(result.ok).toBe(true);
    expect(result.entries.filter(({ notOffered }) => notOffered).map(({ entry }) => entry.port)).toEqual([587, 465]);
  });
  test("a named one that refuses is a fault", async () => {
    const { probe } = fakeProbe(() => refused);
    const result = await verify(
      deps(probe, { "mail.example.org": ["192.0.2.1"] }),
      request(targets("imaps://mail.example.org")),
    );
    expect(result.ok).toBe(false);
    expect(result.entries[0]?.notOffered).toBe(false);
  });
  test("nothing reached at all is a fault about the whole", async () => {
    const { probe } = fakeProbe(() => refused);
    const result = await verify(
      deps(probe, { "mail.example.org": ["192.0.2.1"] }),
      request(targets("mail.example.org")),
    );
    expect(ids(result.findings)).toEqual(["fault net-reach"]);
    expect(result.ok).toBe(false);
  });
  test("a name that leads nowhere", async () => {
    const { probe, asked } = fakeProbe();
    const result = await verify(deps(probe), request(targets("imaps://mail.example.org")));
    expect(asked).toEqual([]);
    expect(result.entries[0]?.observation.error).toMatchObject({ stage: "resolve" });
    expect(result.ok).toBe(false);
  });
});

describe("which checks judge", () => {
  const bad = {
    local: false,
    clear: { greeting: "", capabilities: [], startTlsOffered: true, authInClear: ["PLAIN"], injectedBytes: 3 },
  };
  test("--check and --skip", async () => {
    const { probe } = fakeProbe(() => bad);
    const here = deps(probe, { "mail.example.org": ["192.0.2.1"] });
    const wanted = targets("imap://mail.example.org");
    expect(ids((await verify(here, request(wanted))).entries[0]?.findings ?? [])).toEqual([
      "fault st-resp-inj",
      "fault st-auth-clear",
    ]);
    expect(ids((await verify(here, request(wanted, { check: ["st-auth-clear"] }))).entries[0]?.findings ?? [])).toEqual(
      ["fault st-auth-clear"],
    );
    expect((await verify(here, request(wanted, { skip: ["st-auth-clear", "st-resp-inj"] }))).ok).toBe(true);
  });
  test("a second handshake does not repeat what the first one said", async () => {
    const { probe } = fakeProbe(() => bad);
    const wanted = targets("imap://mail.example.org").map((target) => ({
      ...target,
      slots: ["ecdsa", "rsa"] as const,
    }));
    const result = await verify(deps(probe, { "mail.example.org": ["192.0.2.1"] }), request(wanted));
    expect(result.entries.map(({ findings }) => findings.length)).toEqual([2, 0]);
    expect(result.ok).toBe(false);
  });
  test("a chain with bytes that are no certificate", async () => {
    const { probe } = fakeProbe(() => ({ chain: [pki.leaf.der, Buffer.from("nonsense")] }));
    const result = await verify(
      deps(probe, { "mail.example.org": ["192.0.2.1"] }),
      request(targets("imaps://mail.example.org")),
    );
    expect(result.entries[0]?.chain).toHaveLength(1);
  });
});

describe("the full look", () => {
  const looking = () => {
    const asked: (readonly [url: string, known: object, options: object])[] = [];
    const profile: NonNullable<VerifyDeps["profile"]> = async (entry, known, options) => {
      asked.push([`${entry.host} ${entry.address}:${entry.port}`, known, options]);
      return { profile: { connections: 7, versions: { TLSv1: true } } };
    };
    return { profile, asked };
  };
  const addresses = { "mail.example.org": ["192.0.2.1", "2001:db8::1"] };

  test("once at each address, whatever kinds of key there are, with what the ordinary look showed", async () => {
    const { probe } = fakeProbe(() => ({ sni: "mail.example.org" }));
    const { profile, asked } = looking();
    const wanted = targets("imaps://mail.example.org").map((target) => ({
      ...target,
      slots: ["ecdsa", "rsa"] as const,
    }));
    const result = await verify(
      { ...deps(probe, addresses), profile },
      request(wanted, { full: true, ehlo: "me.example" }),
    );
    expect(asked.map(([url]) => url).sort()).toEqual([
      "mail.example.org 192.0.2.1:993",
      "mail.example.org 2001:db8::1:993",
    ]);
    expect(asked[0]?.[1]).toEqual({
      version: "TLSv1.3",
      onCurve: true,
      anonymousMatters: true,
      unnamed: true,
      alpn: "imap",
    });
    // Two of ten were made; one is kept for a name that nobody has.
    expect(asked[0]?.[2]).toMatchObject({
      sni: "mail.example.org",
      ehlo: "me.example",
      timeoutMs: 10_000,
      mailFirst: false,
      allowance: { left: 8 },
      further: { kept: 1 },
    });
    expect(result.entries.map(({ findings }) => ids(findings))).toEqual([
      ["fault ver-legacy"],
      [],
      ["fault ver-legacy"],
      [],
    ]);
    expect(result.entries.map(({ checked }) => checked.includes("ver-12"))).toEqual([false, false, false, false]);
  });

  test("port 25: anonymous suites are by design; its own time", async () => {
    const { probe } = fakeProbe();
    const { profile, asked } = looking();
    const wanted = targets("smtp://mail.example.org");
    await verify({ ...deps(probe, { "mail.example.org": ["192.0.2.1"] }), profile }, request(wanted, { full: true }));
    expect(asked.map(([, known, options]) => [known, options])).toMatchObject([
      [
        { anonymousMatters: false, unnamed: false },
        { timeoutMs: 45_000, sni: false, further: { kept: 0 } },
      ],
    ]);
  });

  test("not without --full, and not where there was no TLS, or not as it should be", async () => {
    const { profile, asked } = looking();
    const wanted = targets("imap://mail.example.org");
    const here = (change: Partial<Observation>): VerifyDeps => ({
      ...deps(fakeProbe(() => change).probe, { "mail.example.org": ["192.0.2.1"] }),
      profile,
    });
    await verify(here({}), request(wanted));
    await verify(here(refused), request(wanted, { full: true }));
    await verify(here({ wrongMode: true }), request(wanted, { full: true }));
    await verify(
      here({ error: { stage: "starttls", reason: "closed", message: "x" } }),
      request(wanted, { full: true }),
    );
    expect(asked).toEqual([]);
  });
});

describe("over real sockets", () => {
  const at = (server: FakeServer, text: string): readonly Target[] =>
    targets(text).map((target) => ({ ...target, port: server.port, address: "127.0.0.1" }));
  const start = async (...args: Parameters<typeof startServer>): Promise<FakeServer> => {
    const server = await startServer(...args);
    open.push(server);
    return server;
  };
  const real = deps(createProbe({ now }));

  test("all protocols side by side, all well", async () => {
    const kinds = [
      ["imap", "starttls"],
      ["imap", "implicit"],
      ["pop3", "starttls"],
      ["smtp", "starttls"],
      ["submission", "implicit"],
      ["sieve", "starttls"],
    ] as const;
    const wanted: Target[] = [];
    for (const [protocol, mode] of kinds) {
      const server = await start(mailServer(protocol, mode), pki.served);
      wanted.push({
        protocol,
        mode,
        host: "mail.example.org",
        address: "127.0.0.1",
        port: server.port,
        demanded: true,
      });
    }
    const result = await verify(real, request(wanted));
    expect(result.entries.flatMap(({ findings }) => ids(findings))).toEqual([]);
    expect(result.ok).toBe(true);
  });

  test("a port that was not reloaded is found three ways", async () => {
    const old = await issue({ names: ["mail.example.org"], by: pki.intermediate });
    const first = await start(mailServer("imap", "implicit"), pki.served);
    const second = await start(mailServer("submission", "starttls"), served(old, pki.intermediate));
    const expected = { kind: "live", leaves: [pki.leaf.sha256], source: "generation 2 of mail.example.org" } as const;
    const wanted = [...at(first, "imaps://mail.example.org"), ...at(second, "submission://mail.example.org")].map(
      (one) => ({ ...one, expected }),
    );
    const result = await verify(real, request(wanted));
    expect(result.entries.map(({ findings }) => ids(findings))).toEqual([[], ["fault cert-disk"]]);
    expect(ids(result.findings)).toEqual(["fault cert-same"]);
  });
});
