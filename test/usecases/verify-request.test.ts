// From the command line's words to a request: targets, trust and expectations, and every wrong word refused before a connection is made.
import { beforeAll, describe, expect, test } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { protocols } from "../../src/protocols/index.ts";
import type { Installation, Listener, Server } from "../../src/servers/server.ts";
import { type VerifyWords, verifyRequest } from "../../src/usecases/verify-request.ts";
import { type LiveCertificate, liveFor } from "../../src/usecases/verify-live.ts";
import type { World } from "../../src/usecases/world.ts";
import { type Pki, makePki } from "../fakes/pki.ts";

let pki: Pki;
beforeAll(async () => {
  pki = await makePki();
});

const system = ["system root"];

interface Given {
  readonly configured?: boolean;
  readonly live?: boolean;
  readonly listeners?: readonly Listener[];
  readonly damaged?: boolean;
  readonly issuer?: "acme" | "private-ca";
}

const installation: Installation = {
  server: "dovecot",
  id: "dovecot",
  version: "2.3",
  configDir: "/etc/dovecot",
  running: true,
};

const world = (given: Given = {}): World => {
  const files: Readonly<Record<string, () => readonly string[]>> = {
    "/ca.pem": () => [pki.root.pem],
    "/leaf.pem": () => [pki.leaf.pem, pki.intermediate.pem],
    "/live/fullchain.pem": () => [pki.leaf.pem, pki.intermediate.pem, pki.root.pem],
  };
  const server: Partial<Server> = { detect: async () => [installation], listeners: async () => given.listeners ?? [] };
  const parts: Partial<World> = {
    step: () => undefined,
    systemRoots: async () => system,
    localAddresses: () => ["127.0.0.1", "::1", "192.0.2.10"],
    servers: async () => ({ dovecot: server as Server }),
    config: {
      path: "/etc/mailcert/mailcert.yaml",
      read: async () =>
        given.configured
          ? {
              certificates: [
                {
                  name: "mail.example.org",
                  names: ["mail.example.org"],
                  keys: ["ecdsa"],
                  issuer: { kind: "private-ca", ca: "default", days: 397 },
                  servers: "auto",
                },
              ],
            }
          : undefined,
    } as World["config"],
    store: {
      list: () => (given.live ? ["mail.example.org"] : []),
      read: () => {
        if (given.damaged) throw new Failure("data", "state.json is damaged");
        return {
          generations: [
            {
              number: 7,
              names: ["mail.example.org", "*.example.net"],
              issuer: given.issuer ?? "private-ca",
              leaves: { ecdsa: { sha256: pki.leaf.sha256 } },
            },
          ],
        };
      },
      liveNumber: () => 7,
      livePaths: () => ({ ecdsa: { fullchain: "/live/fullchain.pem" } }),
    } as unknown as World["store"],
    verifying: async () => ({
      protocols,
      resolve: async () => [],
      further: { canInject: () => false, inject: async () => undefined, mailInClear: async () => undefined },
      readCertificates: async (path) => {
        const read = files[path];
        if (!read) throw new Failure("unavailable", `cannot read ${path}`);
        return read();
      },
      profile: async () => ({ profile: { connections: 0, versions: {} } }),
      writeReport: async () => undefined,
      openResults: async () => {
        throw new Error("not here");
      },
      readList: async () => "",
      renderHtml: async () => "",
    }),
  };
  return parts as World;
};

const ask = (words: Partial<VerifyWords>, given: Given = {}) => verifyRequest(world(given), { targets: [], ...words });

test("the least and the most at once is a mistake", async () => {
  const words = { targets: ["imaps://mail.example.org"], full: true };
  expect(await ask(words)).toMatchObject({ full: true });
  await expect(ask({ ...words, quick: true })).rejects.toMatchObject({ kind: "usage" });
});

test("a check of the full look is not asked for without it", async () => {
  const words = { targets: ["imaps://mail.example.org"], check: ["cert-name", "ciph-weak"] };
  await expect(ask(words)).rejects.toThrow("ciph-weak is judged with --full alone");
  expect(await ask({ ...words, full: true })).toMatchObject({ check: words.check });
  expect(await ask({ targets: words.targets, skip: ["ciph-weak"] })).toMatchObject({ skip: ["ciph-weak"] });
});

describe("targets", () => {
  test("the same target twice is looked at once", async () => {
    const { wanted } = await ask({ targets: ["imaps://mail.example.org", "imaps://MAIL.example.org:993"] });
    expect(wanted).toHaveLength(1);
  });
  test("--address keeps the name", async () => {
    const { wanted } = await ask({ targets: ["imaps://mail.example.org"], address: "[2001:DB8::1]" });
    expect(wanted).toMatchObject([{ host: "mail.example.org", address: "2001:db8::1" }]);
  });
  test("a port that is the usual one of something else is noted, where a URL names it", async () => {
    const meant = async (target: string) => (await ask({ targets: [target] })).wanted[0]?.meant;
    expect(await meant("imap://mail.example.org:993")).toEqual({ protocol: "imap", mode: "implicit" });
    expect(await meant("imaps://mail.example.org:143")).toEqual({ protocol: "imap", mode: "starttls" });
    expect(await meant("smtp://mail.example.org:465")).toEqual({ protocol: "submission", mode: "implicit" });
    for (const target of ["imaps://mail.example.org", "imap://mail.example.org:1143", "smtp://mail.example.org:587"])
      expect(await meant(target), target).toBeUndefined();
    const guessed = await ask({ targets: ["mail.example.org"], ports: ["imap=993"] });
    expect(guessed.wanted.every((one) => one.meant === undefined)).toBe(true);
  });
  test("the least and the most do not go together", async () => {
    const targets = ["imaps://mail.example.org"];
    await expect(ask({ targets, quick: true, full: true })).rejects.toMatchObject({ kind: "usage" });
    expect(await ask({ targets, full: true, transcript: true })).toMatchObject({ full: true, transcript: true });
    expect(await ask({ targets })).not.toHaveProperty("full");
  });
  test("nothing named and no configuration", async () => {
    await expect(ask({})).rejects.toMatchObject({
      kind: "usage",
      hints: [expect.stringContaining("mailcert verify"), expect.any(String)],
    });
  });
});

describe("what the configuration deploys", () => {
  const listener = (port: number, address: string, more: Partial<Listener> = {}): Listener => ({
    protocol: "imap",
    mode: port === 993 ? "implicit" : "starttls",
    port,
    address,
    service: "imap-login/imap",
    ...more,
  });
  test("each listener, at the addresses that are proven too, demanded, with the live leaf expected; what is missing is not demanded", async () => {
    const listeners = [listener(993, "0.0.0.0"), listener(993, "::"), listener(143, "192.0.2.10")];
    const { wanted } = await ask({}, { configured: true, live: true, listeners });
    const shown = wanted.filter(({ demanded }) => demanded).map(({ port, address }) => `${port} ${address}`);
    expect(shown).toEqual(["143 192.0.2.10", "993 127.0.0.1", "993 192.0.2.10", "993 ::1"]);
    expect(new Set(wanted.filter(({ demanded }) => !demanded).map(({ port }) => port))).toEqual(
      new Set([25, 110, 465, 587, 995, 4190]),
    );
    for (const one of wanted)
      expect(one.expected).toMatchObject({
        kind: "live",
        leaves: [pki.leaf.sha256],
        source: "generation 7 of mail.example.org",
      });
  });
  test("a listener with its own certificate is not expected to serve ours, one behind a proxy is named", async () => {
    const listeners = [
      listener(993, "192.0.2.10", { ownCertificate: "local.conf:3" }),
      listener(143, "192.0.2.10", { unobservable: "it expects the PROXY protocol" }),
    ];
    const { wanted, notes } = await ask({}, { configured: true, live: true, listeners });
    expect(wanted.find(({ port }) => port === 993)).not.toHaveProperty("expected");
    expect(wanted.some(({ port }) => port === 143)).toBe(false);
    expect(notes).toMatchObject([{ check: "net-reach", severity: "info", message: expect.stringContaining("PROXY") }]);
  });
  test("a listener without TLS is looked at, and what its configuration says goes with it", async () => {
    const tlsOff = { setting: "Dovecot: ssl = no", mend: "take it out" };
    const listeners = [listener(143, "192.0.2.10", { tlsOff })];
    const { wanted, notes } = await ask({}, { configured: true, live: true, listeners });
    expect(wanted.find(({ port }) => port === 143)).toMatchObject({ tlsOff, demanded: true });
    expect(notes).toEqual([]);
  });
  test("this host's own name: what its servers listen on is demanded, the rest is guessed", async () => {
    const tlsOff = { setting: "Dovecot: ssl = no", mend: "take it out" };
    const listeners = [listener(993, "0.0.0.0"), listener(143, "127.0.0.1"), listener(143, "192.0.2.10", { tlsOff })];
    const own = await ask({ targets: ["mail.example.org"] }, { configured: true, listeners });
    expect(own.wanted.filter(({ demanded }) => demanded)).toMatchObject([
      { protocol: "imap", port: 143, tlsOff },
      { protocol: "imap", port: 993 },
    ]);
    expect(own.wanted.every((one) => one.address === undefined && one.expected === undefined)).toBe(true);
    const local = [listener(993, "127.0.0.1")];
    for (const [target, given] of [
      ["mail.example.org", { configured: true, listeners: local }],
      ["mail.example.org", { listeners }],
      ["other.example.org", { configured: true, listeners }],
    ] as const) {
      const { wanted } = await ask({ targets: [target] }, given);
      expect(
        wanted.some(({ demanded }) => demanded),
        target,
      ).toBe(false);
    }
  });
  test("--entry without a host means this host's: by protocol or by port, demanded, and nothing else", async () => {
    const listeners = [listener(993, "192.0.2.10"), listener(1143, "192.0.2.10"), listener(143, "192.0.2.10")];
    const given = { configured: true, live: true, listeners };
    for (const [words, ports] of [
      [["imaps"], [993]],
      [["imap"], [143, 1143]],
      [
        ["993", "1143"],
        [993, 1143],
      ],
      // No server here has it: looked at, and missed.
      [["25"], [25]],
    ] as const) {
      const { wanted } = await ask({ entries: words }, given);
      expect(wanted.map(({ port }) => port)).toEqual(ports);
      expect(wanted.every(({ demanded, expected }) => demanded && expected !== undefined)).toBe(true);
    }
    await expect(ask({ entries: ["2525"] }, given)).rejects.toThrow("no entry point that 2525 means");
    await expect(ask({ entries: ["imapz"] }, given)).rejects.toThrow('unknown protocol "imapz"');
  });
  test.each([{ ports: ["imaps=1"] }, { address: "192.0.2.1" }])("%j needs a host", async (words) => {
    await expect(ask(words, { configured: true, live: true })).rejects.toMatchObject({ kind: "usage" });
  });
});

describe("trust", () => {
  test("the system's roots, as they are", async () => {
    expect((await ask({ targets: ["a.example"] })).anchors).toBe(system);
  });
  test("and the private CA of this host, read from public files", async () => {
    const request = await ask({ targets: ["a.example"] }, { live: true });
    expect(request.anchors).toEqual([...system, pki.root.pem]);
    expect(request.ownRoots).toEqual([pki.root.sha256]);
    // Named by the caller, or alone: then it is not trusted for being made here.
    expect((await ask({ targets: ["a.example"], caFiles: ["/ca.pem"] }, { live: true })).ownRoots).toEqual([]);
    expect(await ask({ targets: ["a.example"], onlyCa: ["/ca.pem"] }, { live: true })).not.toHaveProperty("ownRoots");
  });
  test("an ACME chain adds nothing", async () => {
    expect((await ask({ targets: ["a.example"] }, { live: true, issuer: "acme" })).anchors).toBe(system);
  });
  test("--ca-file adds, --only-ca replaces", async () => {
    expect((await ask({ targets: ["a.example"], caFiles: ["/ca.pem"] })).anchors).toEqual([...system, pki.root.pem]);
    expect((await ask({ targets: ["a.example"], onlyCa: ["/ca.pem"] }, { live: true })).anchors).toEqual([
      pki.root.pem,
    ]);
  });
  test("a damaged state folder does not stop a look at another host", async () => {
    expect((await ask({ targets: ["a.example"] }, { live: true, damaged: true })).anchors).toBe(system);
    await expect(ask({ targets: ["a.example"], expect: ["live"] }, { live: true, damaged: true })).rejects.toThrow(
      "damaged",
    );
  });
});

describe("--expect", () => {
  const expected = async (text: string, target = "imaps://mail.example.org") =>
    (await ask({ targets: [target], expect: [text] }, { live: true })).wanted[0]?.expected;
  test("a file: its leaf", async () => {
    expect(await expected("/leaf.pem")).toMatchObject({ kind: "given", leaves: [pki.leaf.sha256] });
  });
  test("a fingerprint, with colons or without", async () => {
    const colons = pki.leaf.sha256.toUpperCase().match(/../g)?.join(":") ?? "";
    expect((await expected(`sha256:${colons}`))?.leaves).toEqual([pki.leaf.sha256]);
    expect((await expected(`sha256:${pki.leaf.sha256}`))?.leaves).toEqual([pki.leaf.sha256]);
  });
  test("live: rather the very name than a wildcard, whichever comes first", () => {
    const certificate = (name: string): LiveCertificate => ({
      name,
      generation: { number: 1, names: [name], leaves: {} } as unknown as LiveCertificate["generation"],
    });
    const all = [certificate("*.example.org"), certificate("mail.example.org")];
    expect(liveFor(all, "mail.example.org").name).toBe("mail.example.org");
    expect(liveFor(all.toReversed(), "mail.example.org").name).toBe("mail.example.org");
    expect(liveFor(all, "imap.example.org").name).toBe("*.example.org");
  });
  test("live: by the host's name, wildcards too", async () => {
    expect(await expected("live")).toMatchObject({ kind: "live" });
    expect(await expected("live", "imaps://mx.example.net")).toMatchObject({ kind: "live" });
    await expect(expected("live", "imaps://other.example")).rejects.toThrow(
      "no certificate in the state folder has the name other.example",
    );
  });
});

const wrong: readonly (readonly [string, Partial<VerifyWords>, RegExp])[] = [
  ["an unknown check", { check: ["cert-nmae"] }, /no check "cert-nmae"/],
  [
    "checks that are wanted and skipped: nobody would judge",
    { check: ["cert-name"], skip: ["cert-name"] },
    /leave no check/,
  ],
  ["an unknown check to skip", { skip: ["x"] }, /no check "x"/],
  ["an address that is none", { address: "mail.example.org" }, /--address takes an IP address/],
  ["a short fingerprint", { expect: ["sha256:abcd"] }, /64 hexadecimal digits/],
  ["a file that is not there", { caFiles: ["/none.pem"] }, /none\.pem/],
  ["days the wrong way round", { warnDays: 3, criticalDays: 10 }, /warning would never come/],
  ["an EHLO name with a line break", { ehlo: "x.example\r\nQUIT" }, /control character/],
  ["an SNI that is no name", { sni: "a b" }, /space/],
  ["an unknown entry", { entries: ["gopher"] }, /unknown protocol "gopher"/],
];
test.each(wrong)("refused: %s", async (_, words, message) => {
  await expect(ask({ targets: ["mail.example.org"], ...words })).rejects.toThrow(message);
});

test.each([
  [{ mx: ["example.org"], entries: ["imaps"] }, /--entry means nothing with --mx alone/],
  [{ srv: ["example.org"], entries: ["imaps"] }, /--entry means nothing with --srv alone/],
  [{ srv: ["example.org"], ports: ["imaps=10993"] }, /--port means nothing with --srv alone/],
] as const)("refused: %j, where DNS says what is looked at", async (words, message) => {
  const refused = ask({ targets: [], ...words });
  await expect(refused).rejects.toThrow(message);
  await expect(refused).rejects.toMatchObject({ kind: "usage" });
});

test("limits, SNI, EHLO and time are handed on", async () => {
  const request = await ask({
    targets: ["a.example"],
    sni: "",
    ehlo: "[IPv6:2001:db8::1]",
    timeoutSeconds: 3,
    warnDays: 10,
    quick: true,
  });
  expect(request).toMatchObject({
    sni: false,
    ehlo: "[IPv6:2001:db8::1]",
    timeoutMs: 3000,
    expiryDays: { warning: 10, fault: 0 },
    quick: true,
  });
});

describe("a unix socket among the targets", () => {
  const socket = "lmtp+unix:///run/dovecot/lmtp";

  test("is no place for --address, and is known by --sni", async () => {
    const { wanted } = await verifyRequest(world(), {
      targets: [socket, "imaps://mail.example.org"],
      address: "192.0.2.1",
      sni: "mail.example.org",
    });
    expect(wanted.map(({ host, address }) => [host, address])).toEqual([
      ["mail.example.org", "/run/dovecot/lmtp"],
      ["mail.example.org", "192.0.2.1"],
    ]);
  });

  test("two sockets are two targets, one that is named twice is one", async () => {
    const { wanted } = await verifyRequest(world(), { targets: [socket, `${socket}-2`, socket] });
    expect(wanted.map(({ host, address }) => [host, address])).toEqual([
      ["localhost", "/run/dovecot/lmtp"],
      ["localhost", "/run/dovecot/lmtp-2"],
    ]);
  });

  test("--expect live goes by --sni", async () => {
    const words = { targets: [socket], expect: ["live"] };
    const { wanted } = await verifyRequest(world({ live: true }), { ...words, sni: "mail.example.org" });
    expect(wanted[0]?.expected?.source).toBe("generation 7 of mail.example.org");
    await expect(verifyRequest(world({ live: true }), words)).rejects.toThrow(/localhost/);
  });
});
