// What must not pass for well: servers that nobody reached, certificates that hide behind one error or cannot be read, checks asked in vain.
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { noRemains } from "../../src/domain/fleet-lines.ts";
import { parseTarget } from "../../src/domain/targets.ts";
import type { VerifyResult } from "../../src/domain/verify-result.ts";
import { createProbe } from "../../src/probe/tls-probe.ts";
import { protocols } from "../../src/protocols/index.ts";
import { type VerifyRequest, verify } from "../../src/usecases/verify.ts";
import { verifyFleet } from "../../src/usecases/verify-fleet.ts";
import { type FakeServer, mailServer, startServer } from "../fakes/mail-server.ts";
import { type Issued, type IssueOptions, type Pki, type Served, day, issue, makePki, served } from "../fakes/pki.ts";
import { freePort } from "../free-ports.ts";

let pki: Pki;
let evil: Issued;
beforeAll(async () => {
  pki = await makePki();
  evil = await issue({ subject: "CN=Evil Root", ca: true });
});
const open: FakeServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const now = (): Date => new Date();
const at = (days: number): Date => new Date(Date.now() + days * day);
const name = "mail.example.org";
const leafOf = (more: IssueOptions = {}): Promise<Issued> => issue({ names: [name], by: pki.intermediate, ...more });

const deps = { now, probe: createProbe({ now }), resolve: async () => ({ message: "no such name" }) };
const told = ({ entries, findings }: VerifyResult): readonly string[] =>
  [...entries.flatMap((one) => one.findings), ...findings].map(({ severity, check }) => `${severity} ${check}`);

const ask = async (url: string, port: number, more: Partial<VerifyRequest> = {}): Promise<VerifyResult> => {
  const wanted = parseTarget(url, protocols).map((target) => ({ ...target, port, address: "127.0.0.1" }));
  return verify(deps, { wanted, anchors: [pki.root.pem], ...more });
};

/** imaps://mail.example.org as it is served. */
const look = async (what: Served, more: Partial<VerifyRequest> = {}): Promise<VerifyResult> => {
  const server = await startServer(mailServer("imap", "implicit"), what);
  open.push(server);
  return ask(`imaps://${name}`, server.port, more);
};

describe("a server that nobody reached is not well, whatever was asked", () => {
  test.each([
    ["--check cert-expiry", { check: ["cert-expiry"] }],
    ["--skip net-reach", { skip: ["net-reach"] }],
    ["--check cert-expiry --skip net-reach", { check: ["cert-expiry"], skip: ["net-reach"] }],
  ])("refused: %s", async (_, more) => {
    const result = await ask(`imaps://${name}`, await freePort(), more);
    expect(told(result)).toEqual(["fault net-reach"]);
    expect(result.ok).toBe(false);
    expect(result.entries[0]?.ok).toBe(false);
  });

  test("a name without addresses", async () => {
    const wanted = parseTarget("imaps://no-such-host.invalid", protocols);
    const result = await verify(deps, { wanted, anchors: [pki.root.pem], check: ["cert-name"] });
    expect(told(result)).toEqual(["fault net-reach"]);
    expect(result.ok).toBe(false);
  });

  test("STARTTLS that is not offered, or not done", async () => {
    const silent = await startServer(
      mailServer("imap", "starttls", {
        greeting: "* OK ready\r\n",
        capabilities: "* CAPABILITY IMAP4rev1\r\n$TAG OK done\r\n",
      }),
      pki.served,
    );
    open.push(silent);
    const result = await ask(`imap://${name}`, silent.port, { check: ["cert-expiry"] });
    expect(told(result)).toEqual(["fault st-adv"]);
    expect(result.ok).toBe(false);
  });

  test("where something else was seen, --skip is believed", async () => {
    const server = await startServer(mailServer("imap", "implicit"), pki.served);
    open.push(server);
    const port = await freePort();
    const wanted = [server.port, port].flatMap((one) =>
      parseTarget(`imaps://${name}`, protocols).map((target) => ({ ...target, port: one, address: "127.0.0.1" })),
    );
    const result = await verify(deps, { wanted, anchors: [pki.root.pem], skip: ["net-reach"] });
    expect(told(result)).toEqual([]);
    expect(result.ok).toBe(true);
    const chosen = await verify(deps, { wanted, anchors: [pki.root.pem], check: ["cert-expiry"] });
    expect(told(chosen)).toEqual(["fault net-reach"]);
  });
});

describe("one error does not hide another", () => {
  test("nobody's root behind an issuer that is not yet valid", async () => {
    const early = await issue({ subject: "CN=Evil", ca: true, by: evil, notBefore: at(2), notAfter: at(90) });
    const leaf = await leafOf({ by: early });
    const all = ["fault cert-trust", "fault cert-expiry"];
    expect(told(await look(served(leaf, early, evil)))).toEqual(all);
    const root = await issue({ subject: "CN=Evil", ca: true, notBefore: at(2), notAfter: at(90) });
    expect(told(await look(served(await leafOf({ by: root }), root)))).toEqual(all);
  });

  test("nobody's root behind a leaf that has expired: neither --skip nor --check lets it pass", async () => {
    const leaf = await leafOf({ by: evil, notBefore: at(-90), notAfter: at(-2) });
    const here = served(leaf, evil);
    expect(told(await look(here))).toEqual(["fault cert-trust", "fault cert-expiry"]);
    expect(told(await look(here, { skip: ["cert-expiry"] }))).toEqual(["fault cert-trust"]);
    expect(told(await look(here, { check: ["cert-trust", "cert-name"] }))).toEqual(["fault cert-trust"]);
  });

  test("whoever accepts a date accepts the date alone", async () => {
    const leaf = await leafOf({ notBefore: at(-90), notAfter: at(-2) });
    const result = await look(served(leaf, pki.intermediate), { skip: ["cert-expiry"] });
    expect(told(result)).toEqual([]);
    expect(result.ok).toBe(true);
  });

  test("a certificate for clients is no server's, whichever check is asked", async () => {
    const here = served(await leafOf({ eku: ["1.3.6.1.5.5.7.3.2"] }), pki.intermediate);
    expect(told(await look(here))).toEqual(["fault cert-eku"]);
    expect(told(await look(here, { check: ["cert-trust"] }))).toEqual(["fault cert-trust"]);
  });
});

describe("the anchor has dates too", () => {
  test.each([
    ["expired", at(-900), at(-1), false],
    ["expired, and sent", at(-900), at(-1), true],
    ["not yet valid", at(2), at(900), false],
    ["not yet valid, and sent", at(2), at(900), true],
  ])("a root that is %s", async (_, notBefore, notAfter, sent) => {
    const root = await issue({ subject: "CN=Old Root", ca: true, notBefore, notAfter });
    const leaf = await leafOf({ by: root });
    const result = await look(served(leaf, ...(sent ? [root] : [])), { anchors: [root.pem] });
    expect(told(result)).toEqual(["fault cert-expiry"]);
    expect(result.ok).toBe(false);
    expect(result.entries[0]?.findings[0]?.message).toContain("CN=Old Root");
  });
});

describe("a certificate that cannot be read is not well", () => {
  /** notBefore with an offset, which RFC 5280 §4.1.2.5.1 does not allow: OpenSSL reads the rest of it. */
  const unreadable = async (): Promise<Served> => {
    const leaf = await leafOf();
    const der = Buffer.from(leaf.der);
    der.write("+", der.indexOf("Z", der.indexOf(Buffer.from([0x17, 0x0d]))), "latin1");
    const pem = `-----BEGIN CERTIFICATE-----\n${der.toString("base64")}\n-----END CERTIFICATE-----\n`;
    return { key: leaf.privateKey, cert: pem };
  };

  test("dates that are none", async () => {
    const here = await unreadable();
    const result = await look(here, { check: ["cert-name", "cert-expiry"] });
    expect(result.ok).toBe(false);
    expect(told(result)).toContain("fault cert-form");
    const wanted = { kind: "given", leaves: ["00"], source: "leaf.pem" } as const;
    const server = await startServer(mailServer("imap", "implicit"), here);
    open.push(server);
    const targets = parseTarget(`imaps://${name}`, protocols).map((one) => ({ ...one, port: server.port }));
    const expected = await verify(deps, {
      wanted: targets.map((one) => ({ ...one, address: "127.0.0.1", expected: wanted })),
      anchors: [pki.root.pem],
      check: ["cert-expect"],
    });
    expect(told(expected)).toContain("fault cert-expect");
  });

  test("a SAN that is none: neither trust nor name is forgotten", async () => {
    const leaf = await issue({ subject: "CN=evil", raw: [["2.5.29.17", "3005"]] });
    expect(told(await look(served(leaf)))).toEqual(["fault cert-form", "fault cert-name", "fault cert-trust"]);
  });

  test("a name with a NUL behind it is another name", async () => {
    const san = Buffer.from("\u0030\u0014\u0082\u0012mail.example.org\0\n", "latin1").toString("hex");
    const leaf = await issue({ by: pki.intermediate, raw: [["2.5.29.17", san]] });
    const result = await look(served(leaf, pki.intermediate));
    expect(told(result)).toEqual(["fault cert-name"]);
    expect(result.entries[0]?.findings[0]?.message).toContain("it is for mail.example.org\\000\\010");
  });
});

test("an old certificate with a key of another kind is found, and --full is sure of it", async () => {
  const rsa = served(await leafOf({ key: "RSA-2048" }), pki.intermediate);
  const servers = await Promise.all([pki.served, rsa].map((what) => startServer(mailServer("imap", "implicit"), what)));
  open.push(...servers);
  const wanted = servers.flatMap(({ port }) =>
    parseTarget(`imaps://${name}`, protocols).map((target) => ({ ...target, port, address: "127.0.0.1" })),
  );
  const request = { wanted, anchors: [pki.root.pem], check: ["cert-same"] };
  expect(told(await verify(deps, request))).toEqual(["warning cert-same"]);
  expect(told(await verify(deps, { ...request, full: true }))).toEqual(["fault cert-same"]);
});

test("what nobody asked for is not called passed", async () => {
  const checked = (await look(pki.served, { quick: true })).entries.flatMap((one) => one.checked);
  expect(checked).toEqual(
    expect.arrayContaining(["net-reach", "tls-handshake", "cert-form", "cert-name", "cert-trust"]),
  );
  expect(checked.filter((id) => /^dane-|^sts-|^st-[^c]|^cert-(?:disk|expect)$|^sni$/.test(id))).toEqual([]);
  const unseen = await ask(`imaps://${name}`, await freePort());
  expect(unseen.entries.flatMap((one) => one.checked)).toEqual(["net-reach"]);
});

describe("a check that was named and had nothing to judge", () => {
  test.each(["dane-match", "sts-mx", "cert-disk", "cert-expect", "st-adv", "st-preauth", "mx-host", "srv-target"])(
    "%s",
    async (id) => {
      const result = await look(pki.served, { check: [id], quick: true });
      expect(told(result)).toEqual([`fault ${id}`]);
      expect(result.findings[0]?.message).toContain("nothing was judged");
      expect(result.ok).toBe(false);
    },
  );

  test("of a long list, a target that a check does not fit is told, and no fault", async () => {
    const server = await startServer(mailServer("imap", "implicit"), pki.served);
    open.push(server);
    const wanted = parseTarget(`imaps://${name}`, protocols).map((one) => ({
      ...one,
      port: server.port,
      address: "127.0.0.1",
    }));
    const request = { wanted, anchors: [pki.root.pem], check: ["st-adv", "cert-name"] };
    const seen: VerifyResult[] = [];
    const counts = await verifyFleet(
      deps,
      {
        targets: ["one"],
        requestFor: async () => request,
        concurrency: 1,
        remains: noRemains,
      },
      async (_, result) => void seen.push(result),
    );
    expect(seen.flatMap(told)).toEqual(["warning st-adv"]);
    expect(counts.faulty).toBe(0);
  });

  test("what was judged, or was in the way, is not told twice", async () => {
    expect(told(await look(pki.served, { check: ["cert-name", "cert-same"] }))).toEqual([]);
    expect(told(await ask(`imaps://${name}`, await freePort(), { check: ["dane-match"] }))).toEqual([
      "fault net-reach",
    ]);
  });
});
