// verify for monitors and CI: each form read back by a strict reader of its grammar, also where everything in it is hostile, or too much.
import { describe, expect, test } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import type { Finding } from "../../src/domain/finding.ts";
import { verifyJunit } from "../../src/reports/verify-junit.ts";
import { type NagiosReport, nagiosUnknown, verifyNagios } from "../../src/reports/verify-nagios.ts";
import { verifyPrometheus } from "../../src/reports/verify-prometheus.ts";
import { readExposition } from "../fakes/exposition.ts";
import { type XmlElement, readXml } from "../fakes/strict-xml.ts";
import { certificateFacts, hostile, mixed, nasty, sound, verifiedEntry, verifyResult } from "../fakes/verify-result.ts";

const warning: Finding = { check: "cert-expiry", severity: "warning", message: "it ends soon" };
const many = verifyResult(
  Array.from({ length: 2_000 }, (_, index) =>
    verifiedEntry({
      entry: { host: `mail${index}.example.org` },
      chain: [certificateFacts("5", { notAfter: new Date(Date.UTC(2027, 0, 1) + index * 86_400_000) })],
      findings: [{ ...warning, message: `it ends soon: number ${index}`, hint: "renew it" }],
    }),
  ),
);

describe("nagios", () => {
  interface Metric {
    readonly value: number;
    readonly warning?: string;
    readonly critical?: string;
  }
  /** By the guidelines: `'label'=value[UOM];[warn];[crit];[min];[max]`. */
  const read = ({ text }: NagiosReport) => {
    const [first = "", ...lines] = text.split("\n");
    const [status = "", data = "", ...rest] = first.split("|");
    expect(rest).toEqual([]);
    expect(lines.join("")).not.toContain("|");
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(8_192);
    const metrics: Record<string, Metric> = {};
    let left = data;
    while (left !== "") {
      const found =
        /^((?:'(?:[^'=]|'')+')|[^\s'=]+)=(-?\d+(?:\.\d+)?)(s?)(?:;(\d*(?:\.\d+)?:?)(?:;(\d*(?:\.\d+)?:?)(?:;(\d*)(?:;(\d*))?)?)?)?(?: |$)/.exec(
          left,
        );
      if (!found) throw new Error(`no metric: ${left.slice(0, 100)}`);
      const [whole, label = "", value, , warn, crit] = found;
      expect(metrics).not.toHaveProperty([label]);
      metrics[label] = {
        value: Number(value),
        ...(warn ? { warning: warn } : {}),
        ...(crit ? { critical: crit } : {}),
      };
      left = left.slice(whole.length);
    }
    return { status, metrics, lines };
  };

  test("state, metrics with ranges, what is wrong below", () => {
    const report = verifyNagios(mixed, "share");
    expect(report.status).toBe(2);
    const { status, metrics, lines } = read(report);
    expect(status).toMatch(
      /^MAILCERT CRITICAL - mail\.example\.org: 4 faults, 2 warnings \(5 entry points, 1 not offered\); /,
    );
    expect(metrics["imaps_993_ecdsa_days"]).toEqual({ value: 60, warning: "22.5:", critical: "11.25:" });
    expect(metrics["imap_143_days"]?.value).toBe(-3);
    expect(metrics).toMatchObject({ faults: { value: 4 }, warnings: { value: 2 }, time: { value: 1.234 } });
    expect(lines.filter((line) => line.startsWith("fault: "))).toHaveLength(4);
    expect(lines.filter((line) => line.startsWith("warning: "))).toHaveLength(2);
  });

  test("limits of one's own, and none where expiry is not judged", () => {
    expect(read(verifyNagios(mixed, { warning: 30, fault: 7 })).metrics["imaps_993_rsa_days"]).toEqual({
      value: 18,
      warning: "30:",
      critical: "7:",
    });
    expect(read(verifyNagios(mixed, undefined)).metrics["imaps_993_rsa_days"]).toEqual({ value: 18 });
  });

  test("the four states", () => {
    const state = (report: NagiosReport): string => `${report.status} ${read(report).status.split(" - ")[0]}`;
    const entry = (findings: readonly Finding[], notOffered = false) =>
      verifiedEntry({ entry: {}, chain: notOffered ? [] : [certificateFacts("1")], findings, notOffered });
    const of = (...all: Parameters<typeof verifyResult>): string => state(verifyNagios(verifyResult(...all), "share"));
    expect(state(verifyNagios(sound, "share"))).toBe("0 MAILCERT OK");
    expect(of([entry([warning])])).toBe("1 MAILCERT WARNING");
    expect(of([entry([])], [warning])).toBe("1 MAILCERT WARNING");
    expect(of([entry([{ ...warning, severity: "fault" }])])).toBe("2 MAILCERT CRITICAL");
    expect(of([entry([])], [{ ...warning, severity: "fault" }])).toBe("2 MAILCERT CRITICAL");
    expect(of([entry([{ ...warning, severity: "info" }])])).toBe("0 MAILCERT OK");
    // Nothing was looked at: that nothing is wrong means nothing.
    expect(of([])).toBe("3 MAILCERT UNKNOWN");
    expect(of([entry([], true)])).toBe("3 MAILCERT UNKNOWN");
    const failure = new Failure("config", `bad | configuration\n${nasty}`, { hints: ["mend | it", "twice"] });
    expect(state(nagiosUnknown(failure))).toBe("3 MAILCERT UNKNOWN");
    expect(read(nagiosUnknown(failure)).lines).toEqual(["hint: mend ¦ it", "hint: twice"]);
  });

  test("hostile texts make no metric and no line", () => {
    const { metrics, lines } = read(verifyNagios(hostile, "share"));
    expect(Object.keys(metrics)).toHaveLength(4);
    expect(lines.filter((line) => !/^(fault|warning|hint): /.test(line))).toEqual([]);
  });

  test("2,000 entry points fit: whole metrics, those that end first; the lines left out are counted", () => {
    const { metrics, lines, status } = read(verifyNagios(many, "share"));
    const days = Object.keys(metrics).slice(3);
    expect(days[0]).toBe("mail0.example.org_imaps_993_days");
    expect(days.length).toBeGreaterThan(40);
    expect(days).toEqual(Array.from(days, (_, index) => `mail${index}.example.org_imaps_993_days`));
    expect(status).toContain("2000 hosts: 2000 warnings (2000 entry points)");
    expect(lines.at(-1)).toBe(`... and ${4_000 - lines.length + 1} more lines: mailcert verify shows them all`);
  });

  test("several hosts, and a name that needs quotes", () => {
    const chain = [certificateFacts("1")];
    const two = verifyResult([
      verifiedEntry({ entry: { host: "mailcert-check.example.org" }, chain }),
      verifiedEntry({ entry: { host: "it's" }, chain }),
    ]);
    expect(Object.keys(read(verifyNagios(two, "share")).metrics).slice(3)).toEqual([
      "'*.example.org_imaps_993_days'",
      "'it''s_imaps_993_days'",
    ]);
  });
});

describe("prometheus", () => {
  const read = (result: Parameters<typeof verifyPrometheus>[0]) => readExposition(`${verifyPrometheus(result)}\n`);
  const names = (text: string): readonly string[] => text.match(/^# HELP \S+/gm) ?? [];

  test("every line is in the grammar, every series once, HELP and TYPE alike in every file", () => {
    const samples = read(mixed);
    const entries = samples.filter(({ name }) => name === "mailcert_entry_ok");
    // 25 was guessed and does not answer: neither well nor ill.
    expect(entries.map(({ value }) => value)).toEqual([1, 1, 1, 1, 0, 0]);
    expect(samples.filter(({ name }) => name === "mailcert_entry_offered").map(({ value }) => value)).toEqual([
      1, 1, 1, 1, 1, 1, 0, 0,
    ]);
    expect(samples.find(({ name }) => name === "mailcert_cert_not_after_seconds")?.value).toBe(
      Date.UTC(2027, 0, 19, 12) / 1000,
    );
    expect(samples.at(-1)).toEqual({
      name: "mailcert_verify_last_run_seconds",
      labels: { host: "mail.example.org" },
      value: Date.UTC(2026, 10, 20, 12) / 1000 + 1.234,
    });
    for (const result of [sound, many, hostile, verifyResult([])]) {
      read(result);
      expect(names(verifyPrometheus(result))).toEqual(names(verifyPrometheus(mixed)));
    }
  });

  test("the same finding twice at one place is one series; findings about the whole name the host where there is one", () => {
    const twice = verifiedEntry({ entry: {}, findings: [warning, { ...warning, message: "another" }] });
    const samples = read(verifyResult([twice, twice], [warning])).filter(({ name }) => name === "mailcert_finding");
    expect(samples.map(({ labels, value }) => [labels["url"], labels["host"], value])).toEqual([
      ["", "mail.example.org", 1],
      ["imaps://mail.example.org:993", "mail.example.org", 4],
    ]);
  });

  test("a hostile name stays in its label", () => {
    const [first] = read(hostile);
    expect(first?.name).toBe("mailcert_entry_offered");
    expect(first?.labels["host"]).toContain('<script>alert("1")</script>');
    expect(first?.labels["host"]).toContain("\nmailcert_entry_ok 1\n");
    expect(read(hostile).filter(({ name }) => name === "mailcert_entry_ok")).toHaveLength(2);
  });

  test("the reader refuses what is wrong (so that the tests above can fail)", () => {
    for (const wrong of ['a{b="c"} 1', "# HELP a x\n# TYPE a gauge\na 1\na 2\n", "# HELP a x\n# TYPE a gauge\na 1 2\n"])
      expect(() => readExposition(wrong)).toThrow();
  });
});

describe("junit", () => {
  const all = (element: XmlElement, name: string): readonly XmlElement[] => [
    ...(element.name === name ? [element] : []),
    ...element.children.flatMap((child) => all(child, name)),
  ];
  const number = (element: XmlElement, name: string): number => Number(element.attributes[name]);

  test.each([
    ["mixed", mixed],
    ["sound", sound],
    ["hostile", hostile],
    ["many", many],
  ])("%s is well-formed, and its counts are right", (_name, result) => {
    const root = readXml(verifyJunit(result));
    expect(root.name).toBe("testsuites");
    const suites = all(root, "testsuite");
    for (const element of [root, ...suites]) {
      expect(number(element, "tests")).toBe(all(element, "testcase").length);
      expect(number(element, "failures")).toBe(all(element, "failure").length);
      expect(number(element, "errors")).toBe(0);
    }
    for (const suite of suites) expect(number(suite, "skipped")).toBe(all(suite, "skipped").length);
    const ids = all(root, "testcase").map(({ attributes }) => `${attributes["classname"]} ${attributes["name"]}`);
    expect(new Set(ids).size).toBe(ids.length);
    expect(all(root, "failure").length > 0).toBe(!result.ok);
  });

  test("a suite for each entry point; faults fail, warnings are told, what is not offered is skipped", () => {
    const suites = all(readXml(verifyJunit(mixed)), "testsuite");
    expect(suites.map(({ attributes }) => attributes["name"])).toEqual([
      "imaps://mail.example.org:993 192.0.2.10 ecdsa",
      "imaps://mail.example.org:993 192.0.2.10 rsa",
      "imaps://mail.example.org:993 2001:db8::10 ecdsa",
      "imaps://mail.example.org:993 2001:db8::10 rsa",
      "imap://mail.example.org:143 192.0.2.10",
      "submission://mail.example.org:587 192.0.2.10",
      "smtp://mail.example.org:25 192.0.2.10",
      "pop3s://mail.example.org:995 192.0.2.10",
      "all entry points",
    ]);
    const of = (index: number, check: string): XmlElement | undefined =>
      suites[index]?.children.find(({ attributes }) => attributes["name"] === check);
    expect(of(0, "cert-expiry")?.children).toEqual([]);
    expect(of(1, "cert-expiry")?.children.map(({ name }) => name)).toEqual(["system-out"]);
    expect(of(4, "cert-expiry")?.children[0]).toMatchObject({
      name: "failure",
      attributes: { message: "the certificate expired 3 days ago (2026-11-17)", type: "cert-expiry" },
      text: expect.stringContaining("hint: `mailcert renew` on the server") as string,
    });
    // What broke off before the certificate came has not passed the checks of it.
    expect(of(5, "cert-name")?.children[0]?.name).toBe("skipped");
    expect(of(7, "net-reach")?.children[0]?.attributes["message"]).toBe("not offered");
    expect(of(8, "cert-same")?.children[0]?.name).toBe("failure");
    expect(of(8, "net-equal")?.children).toEqual([]);
  });

  test("hostile texts come out as they went in, except for what XML cannot write", () => {
    const [failure] = all(readXml(verifyJunit(hostile)), "failure");
    const written = nasty.replace(/[\u0000\u0007\u001b\ud800\ufffe]/g, "\ufffd");
    expect(failure?.attributes["message"]).toBe(written);
    expect(failure?.text).toContain(written.replaceAll("\r", "\n"));
  });

  test("the reader refuses what is wrong (so that the tests above can fail)", () => {
    const head = '<?xml version="1.0" encoding="UTF-8"?>\n';
    for (const wrong of ["<a>]]></a>", '<a b="<"/>', "<a>&x;</a>", "<a><b></a></b>", "<a>\u0001</a>", "<a/><a/>"])
      expect(() => readXml(head + wrong)).toThrow();
  });
});
