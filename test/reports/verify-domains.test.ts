// A run with mail domains, to its end: scripted MX hosts, what is said about them, and documents that fit their schemas.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DomainFacts } from "../../src/checks/check.ts";
import type { Dns, TlsaLookup } from "../../src/dns/dns.ts";
import { readCertificate } from "../../src/domain/certificate.ts";
import type { VerifyResult } from "../../src/domain/verify-result.ts";
import { createProbe } from "../../src/probe/tls-probe.ts";
import { verifyHtmlView } from "../../src/reports/verify-html.ts";
import { verifyDocument } from "../../src/reports/verify-json.ts";
import { verifyNdjson } from "../../src/reports/verify-ndjson.ts";
import { verifyText } from "../../src/reports/verify-text.ts";
import { createTemplates } from "../../src/system/templates.ts";
import { mailDomains } from "../../src/usecases/mail-domains.ts";
import { type VerifyRequest, verify } from "../../src/usecases/verify.ts";
import { complaints } from "../docs/schemas.ts";
import { noDns } from "../fakes/dns.ts";
import { domainFacts, withMx, withPolicy, withServices } from "../fakes/domain-facts.ts";
import { type FakeServer, mailServer, startServer } from "../fakes/mail-server.ts";
import { type Pki, makePki } from "../fakes/pki.ts";

let pki: Pki;
let smtp: FakeServer;
let imaps: FakeServer;
beforeAll(async () => {
  pki = await makePki();
  smtp = await startServer(mailServer("smtp", "starttls"), pki.served);
  imaps = await startServer(mailServer("imap", "implicit"), pki.served);
});
afterAll(() => Promise.all([smtp.close(), imaps.close()]));

const { signal } = new AbortController();
const now = (): Date => new Date();

const tlsa = (data: string): TlsaLookup => ({
  kind: "found",
  owner: "_25._tcp.mail.example.org",
  records: [{ usage: 3, selector: 1, matchingType: 1, data }],
  secure: true,
});

const run = async (
  dns: Partial<Dns>,
  words: { readonly mx?: readonly string[]; readonly srv?: readonly string[] },
  more: Partial<VerifyRequest> = {},
): Promise<VerifyResult> => {
  const asked: Dns = { ...noDns, ...dns };
  const { wanted, domains } = await mailDomains(async () => asked, { ...words, ports: { smtp: smtp.port } }, signal);
  return verify(
    { now, probe: createProbe({ now }), resolve: async () => ["127.0.0.1"], dns: async () => asked },
    { wanted, domains, anchors: [pki.root.pem], ...more },
  );
};
const text = (result: VerifyResult): string => verifyText(result, { color: false, width: 100, quiet: false });
const told = ({ findings, entries }: VerifyResult): readonly string[] =>
  [...findings, ...entries.flatMap((entry) => entry.findings)].map(({ severity, check }) => `${severity} ${check}`);

const policy = withPolicy("enforce", ["mail.example.org", "mx2.example.org"]);
const sound = (data = pki.leaf.sha256): Partial<Dns> => ({
  mx: async () => withMx({}).mx,
  mtaSts: async () => policy.sts ?? { kind: "none" },
  tlsa: async () => tlsa(data),
});

describe("--mx", () => {
  test("a domain in order: its hosts with DANE and MTA-STS, and nothing to say", async () => {
    const result = await run(sound(readCertificate(pki.leaf.der).spkiSha256), { mx: ["example.org"] });
    expect(told(result).filter((one) => !one.startsWith("info "))).toEqual([]);
    expect(result.ok).toBe(true);
    expect(result.checked).toEqual(expect.arrayContaining(["mx-host", "sts-policy", "cert-same"]));
    expect(result.checked).not.toContain("srv-target");
    expect(result.entries[0]?.checked).toContain("sts-mx");
    expect(text(result)).toContain(
      [
        "Mail for example.org goes to",
        "  MX  host              DANE            MTA-STS",
        "  10  mail.example.org  3 1 1 (signed)  enforce, listed",
      ].join("\n"),
    );
  });

  test("what is wrong with DNS and with the host comes together", async () => {
    const result = await run(
      { ...sound("ab".repeat(32)), mx: async () => withMx({ host: "mx2.example.org" }, { host: "192.0.2.9" }).mx },
      { mx: ["example.org"] },
    );
    expect(result.ok).toBe(false);
    expect(told(result)).toEqual(
      expect.arrayContaining(["fault mx-host", "fault sts-mx", "fault dane-match", "info cert-name"]),
    );
  });

  test("--quick asks for no TLSA, --check for that alone", async () => {
    const quick = await run(sound("ab".repeat(32)), { mx: ["example.org"] }, { quick: true });
    expect(told(quick)).not.toContain("fault dane-match");
    expect(text(quick)).toContain("not looked at");
    const one = await run(
      { mx: async () => domainFacts.aliasMx.mx, mtaSts: async () => domainFacts.malformed.sts },
      { mx: ["example.org"] },
      { check: ["sts-policy"] },
    );
    expect(told(one)).toEqual(["warning sts-policy"]);
  });

  test("nothing to connect to is said, and is no success where nobody could say", async () => {
    const mute = await run({}, { mx: ["example.org"] });
    expect([mute.ok, mute.entries, told(mute)]).toEqual([false, [], ["fault mx-host", "warning sts-policy"]]);
    const none = await run({ ...sound(), mx: async () => domainFacts.nullMx.mx }, { mx: ["example.org"] });
    expect([none.ok, none.entries]).toEqual([true, []]);
    expect(text(none)).toMatch(/^example\.org: all as it should be \(0 entry points looked at.*takes no mail/s);
  });
});

test("--srv: places, and what is served there", async () => {
  const services = withServices({ "_imaps._tcp": [{ port: imaps.port }], "_pop3._tcp": [{ host: "", port: 0 }] });
  const service: Dns["service"] = async (owner) =>
    services.services?.find((one) => owner.startsWith(one.service.label))?.lookup ?? { kind: "none" };
  const result = await run({ service }, { srv: ["example.org"] });
  expect(result.ok).toBe(true);
  const said = text(result);
  expect(said).toContain(
    `Programs that know example.org alone find\n  service  priority  place\n  imaps    0         mail.example.org:${imaps.port}`,
  );
  expect(said).toContain("not offered");
});

test("the page has the same tables, and no word of DNS is markup there", async () => {
  const render = createTemplates(join(import.meta.dirname, "../../templates"));
  const page = async (result: VerifyResult) =>
    render("verify-report.html", verifyHtmlView(result) as Readonly<Record<string, unknown>>, "html");
  const html = await page(await run(sound(), { mx: ["example.org"] }));
  expect(html).toContain("<caption>Mail for example.org goes to</caption>");
  expect(html).toContain('<td role="cell" data-label="MTA-STS">enforce, listed</td>');
  const service: Dns["service"] = async () => ({
    kind: "found",
    records: [{ priority: 0, weight: 0, port: 993, host: "<b>x</b>.example.org" }],
  });
  const hostile = await page(await run({ service }, { srv: ["example.org"] }));
  expect(hostile).toContain("&lt;b&gt;x");
  expect(hostile).not.toContain("<b>x");
});

test("documents fit their schemas, whatever DNS says", async () => {
  for (const facts of Object.values(domainFacts)) {
    const { mx, sts, services } = facts as DomainFacts;
    const result = await run(
      {
        mx: async () => mx ?? { kind: "none", exists: false, secure: false },
        mtaSts: async () => sts ?? { kind: "none" },
        tlsa: async () => ({ kind: "none" }),
        service: async (owner) =>
          services?.find((one) => owner.startsWith(one.service.label))?.lookup ?? { kind: "none" },
      },
      services ? { srv: ["example.org"] } : { mx: ["example.org"] },
      { timeoutMs: 5_000 },
    );
    expect(complaints(JSON.parse(JSON.stringify(verifyDocument(result))) as object)).toEqual([]);
    const last = verifyNdjson(result).split("\n").at(-1) ?? "";
    expect(complaints(JSON.parse(last) as object)).toEqual([]);
  }
});

test("a domain that is asked about in both ways has its mail hosts shown once", async () => {
  const result = await run(sound(), { mx: ["example.org"], srv: ["example.org"] });
  expect(text(result).match(/Mail for example\.org goes to/g)).toHaveLength(1);
  expect(told(result)).toContain("fault srv-target");
  expect(complaints(verifyDocument(result))).toEqual([]);
});
