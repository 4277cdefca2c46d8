// Records to publish as zone files have them, and what is published held against what is served.
import { describe, expect, it, test } from "vitest";
import { caaToPublish, serviceToPublish, textToPublish, tlsaToPublish, zoneLine } from "../../src/domain/dns-record.ts";
import { reportsFinding, serviceFinding, stsFinding, tlsaFindings } from "../../src/domain/dns-judgement.ts";
import { parseStsPolicy, stsCovers, stsId } from "../../src/domain/mta-sts.ts";
import { mailServices, serviceRecords } from "../../src/domain/srv-records.ts";
import { reportsIn, reportsToPublish, stsToPublish } from "../../src/domain/sts-records.ts";
import { tlsaFor } from "../../src/domain/tlsa.ts";
import { parsePermission } from "../../src/domain/caa.ts";

describe("lines of a zone file", () => {
  test.each([
    [
      tlsaToPublish("_25._tcp.mail.example.org", { usage: 3, selector: 1, matchingType: 1, data: "ab".repeat(32) }),
      `_25._tcp.mail.example.org. IN TLSA 3 1 1 ${"ab".repeat(32)}`,
    ],
    [caaToPublish("example.org", "issuewild", ";"), 'example.org. IN CAA 0 issuewild ";"'],
    [textToPublish("tlsrpt", "a.example.org", 'say "\\"'), 'a.example.org. IN TXT "say \\"\\\\\\""'],
    [
      serviceToPublish("_imaps._tcp.example.org", { priority: 0, weight: 1, port: 993, target: "mail.example.org" }),
      "_imaps._tcp.example.org. IN SRV 0 1 993 mail.example.org.",
    ],
  ])("%#", (record, line) => expect(zoneLine(record)).toBe(line));

  it("a long text is several character strings (RFC 1035 §3.3.14)", () => {
    const { data } = textToPublish("tlsrpt", "a.example.org", "x".repeat(300));
    expect(data).toBe(`"${"x".repeat(255)}" "${"x".repeat(45)}"`);
  });

  it("counted in octets, which are no ASCII by their number (RFC 1035 §5.1)", () => {
    const strings = textToPublish("tlsrpt", "a.example.org", "\u00e4".repeat(200)).data.split(" ");
    expect(strings.map((one) => one.match(/\\\d{3}/g)?.length)).toEqual([255, 145]);
    expect(strings[0]?.slice(0, 9)).toBe('"\\195\\164');
    expect(textToPublish("tlsrpt", "a.example.org", "").data).toBe('""');
  });

  it("a CAA value is one, however long (RFC 8659 §4.1)", () => {
    const value = `ca.example; accounturi=https://ca.example/${"a".repeat(300)}`;
    expect(caaToPublish("a.example", "issue", value).data).toBe(`0 issue "${value}"`);
  });
});

describe("services", () => {
  it("each that is offered, TLS at once first; what is not offered is not named", () => {
    const records = serviceRecords("example.org", "mail.example.org", [
      { protocol: "imap", mode: "starttls", port: 143 },
      { protocol: "imap", mode: "implicit", port: 993 },
      { protocol: "submission", mode: "implicit", port: 1465 },
      { protocol: "smtp", mode: "starttls", port: 25 },
    ]);
    expect(records.map(zoneLine)).toEqual([
      "_imaps._tcp.example.org. IN SRV 0 1 993 mail.example.org.",
      "_submissions._tcp.example.org. IN SRV 0 1 1465 mail.example.org.",
      "_imap._tcp.example.org. IN SRV 10 1 143 mail.example.org.",
    ]);
  });

  const service = mailServices[0] as (typeof mailServices)[number];
  const published = {
    owner: "_imaps._tcp.example.org",
    service,
    record: { priority: 0, weight: 1, port: 993, target: "mail.example.org" },
    named: true,
    here: true,
    port: 993,
  };
  test.each([
    ["as it is served", published, "ok", /which the certificate is for/],
    ["another port", { ...published, port: 1993 }, "fault", /leads to port 993; the service is on port 1993/],
    ["not offered", { ...published, port: undefined }, "warning", /no server here offers/],
    [
      "this host under a name that is not in the certificate",
      { ...published, named: false },
      "fault",
      /not for that name/,
    ],
    ["another host", { ...published, named: false, here: false }, "info", /not looked after here/],
    [
      "a dot, and offered all the same",
      { ...published, record: { ...published.record, target: "" } },
      "warning",
      /says that the service is not offered, and it is, on port 993/,
    ],
    [
      "a dot",
      { ...published, port: undefined, record: { ...published.record, target: "." } },
      "ok",
      /says that the service is not offered/,
    ],
  ] as const)("%s", (_what, facts, severity, message) => {
    const finding = serviceFinding("mail.example.org", facts);
    expect(finding).toMatchObject({ check: "srv-target", severity, message: expect.stringMatching(message) as string });
  });

  it("a target's name is shown without what it could do to a terminal", () => {
    const record = { ...published.record, target: "\u001b]0;owned\u0007" };
    const { message } = serviceFinding("mail.example.org", { ...published, named: false, record });
    expect(Buffer.from(message).some((one) => one < 32)).toBe(false);
  });
});

describe("MTA-STS and TLS reports", () => {
  it("what is printed is a policy and a record that senders take (RFC 8461 §3)", () => {
    const { record, policy, url } = stsToPublish("example.org", ["mail.example.org"]);
    const read = parseStsPolicy(policy);
    expect(read).toEqual({ mode: "testing", mx: ["mail.example.org"], maxAge: 86_400 });
    expect(read && stsCovers(read, "mail.example.org")).toBe(true);
    expect(stsId([String(record.fields["text"])])).toMatch(/^[0-9a-f]{20}$/);
    expect(url).toBe("https://mta-sts.example.org/.well-known/mta-sts.txt");
    const other = stsToPublish("example.org", ["mx.example.org"]).record;
    expect(other.data).not.toBe(record.data);
  });

  it("the record for reports is one that senders take (RFC 8460 §3)", () => {
    const text = String(reportsToPublish("example.org").fields["text"]);
    expect(reportsIn([text, "v=spf1 -all"])).toEqual({ kind: "found", to: ["mailto:tls-reports@example.org"] });
    expect(reportsIn([])).toEqual({ kind: "none" });
    expect(reportsIn([text, text])).toEqual({ kind: "several" });
    expect(reportsIn(["v=TLSRPTv1; rua="])).toEqual({ kind: "malformed" });
    expect(reportsIn(["v=TLSRPTv1; rua=mailto:a@b.example,https://c.example/x"])).toMatchObject({ kind: "found" });
  });

  test.each([
    [["v=TLSRPTv1; rua=mailto:a@b.example"], "ok"],
    [[], "info"],
    [["v=TLSRPTv1; rua=ftp://x"], "warning"],
    [["v=TLSRPTv1;rua=mailto:a@b.example", "v=TLSRPTv1;rua=mailto:a@b.example"], "warning"],
  ] as const)("reports: %j is %s", (texts, severity) => {
    expect(reportsFinding("mail.example.org", "example.org", texts).severity).toBe(severity);
  });

  const policy = { mode: "enforce", mx: ["*.example.org"], maxAge: 86_400 } as const;
  test.each([
    [policy, true, "ok"],
    [policy, false, "fault"],
    [{ ...policy, mode: "testing" }, false, "warning"],
    [{ ...policy, mx: ["mx.example.net"] }, true, "fault"],
    [{ ...policy, mode: "testing", mx: ["mx.example.net"] }, true, "warning"],
    [{ ...policy, mode: "none" }, false, "info"],
  ] as const)("policy %j, publicly trusted %s: %s", (found, trusted, severity) => {
    const finding = stsFinding("mail.example.org", "example.org", found, ["mail.example.org"], trusted);
    expect(finding.severity).toBe(severity);
  });
});

describe("TLSA", () => {
  const spki = Buffer.from("key one");
  const owner = "_25._tcp.mail.example.org";
  const ours = tlsaFor(spki);
  const foreign = { ...ours, data: "ab".repeat(32) };
  const offered = [{ slot: "ecdsa", spki }];
  const published = { owner, records: [ours], secure: true, servers: [{ server: "ns1 (192.0.2.1)", records: [ours] }] };
  const severities = (facts: typeof published, all = offered): readonly string[] =>
    tlsaFindings(facts, all).map(({ check, severity }) => `${check} ${severity}`);

  it("matches, for every kind of key, at every server", () => {
    expect(severities(published)).toEqual(["dane-match ok"]);
    expect(severities({ ...published, records: [foreign] })).toEqual(["dane-match fault"]);
    const two = [...offered, { slot: "rsa", spki: Buffer.from("key two") }];
    expect(severities(published, two)).toEqual(["dane-match fault"]);
    const lagging = { ...published, servers: [...published.servers, { server: "ns2", records: [foreign] }] };
    expect(severities(lagging)).toEqual(["dane-match fault"]);
    expect(tlsaFindings(lagging, offered)[0]?.message).toContain("ns2");
  });

  it("says which line to publish", () => {
    expect(tlsaFindings({ ...published, records: [foreign] }, offered)[0]?.hint).toContain(
      `${owner}. IN TLSA 3 1 1 ${ours.data}`,
    );
  });

  it("that nobody vouches for, or that no mail server uses", () => {
    expect(severities({ ...published, secure: false })).toEqual(["dane-sec warning"]);
    expect(severities({ ...published, records: [{ ...ours, usage: 1 }] })).toEqual(["dane-usage warning"]);
  });
});

it("CAA values are by the grammar of RFC 8659 §4.2", () => {
  const value = "letsencrypt.org; accounturi=https://ca.example/acct/1";
  expect(parsePermission(String(caaToPublish("a.example", "issue", value).fields["value"]))).toEqual({
    domain: "letsencrypt.org",
    parameters: [{ tag: "accounturi", value: "https://ca.example/acct/1" }],
  });
});
