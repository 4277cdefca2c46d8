// Name constraints of any CA, read as RFC 5280 §4.2.1.10 has them; the expected answers are OpenSSL's for the same names.
import { expect, it } from "vitest";
import { readCertificate } from "../../src/domain/certificate.ts";
import { forbiddenNames } from "../../src/domain/forbidden-names.ts";
import { writeNameConstraints } from "../../src/domain/name-constraints.ts";
import { issue } from "../fakes/pki.ts";

const dns = (text: string): string =>
  `82${Buffer.from([text.length]).toString("hex")}${Buffer.from(text).toString("hex")}`;
const sequence = (tag: string, ...parts: readonly string[]): string => {
  const content = parts.join("");
  return tag + Buffer.from([content.length / 2]).toString("hex") + content;
};
const constraints = (permitted: readonly string[], excluded: readonly string[] = []): string =>
  sequence(
    "30",
    ...(permitted.length > 0 ? [sequence("a0", ...permitted.map((one) => sequence("30", one)))] : []),
    ...(excluded.length > 0 ? [sequence("a1", ...excluded.map((one) => sequence("30", one)))] : []),
  );
/** 192.0.2.0/24 */
const net = "8708c0000200ffffff00";

const judged = async (value: string, dnsNames: readonly string[], ipNames: readonly string[] = []) => {
  const ca = await issue({ subject: "CN=CA", ca: true, raw: [["2.5.29.30", value]] });
  return forbiddenNames({ dnsNames, ipNames }, [readCertificate(ca.der)]);
};

it.each([
  ["permitted, and below it", constraints([dns("example.org")]), ["example.org", "a.b.example.org"], []],
  ["not the same ending alone", constraints([dns("example.org")]), ["notexample.org"], ["notexample.org"]],
  [
    "a leading dot: below it alone",
    constraints([dns(".example.org")]),
    ["a.example.org", "example.org"],
    ["example.org"],
  ],
  [
    "excluded",
    constraints([], [dns("bad.example.org")]),
    ["a.bad.example.org", "good.example.org"],
    ["a.bad.example.org"],
  ],
  [
    "excluded within permitted",
    constraints([dns("example.org")], [dns("x.example.org")]),
    ["x.example.org"],
    ["x.example.org"],
  ],
  [
    "a wildcard is judged by what it stands below",
    constraints([dns("example.org")]),
    ["*.example.org", "*.example.net"],
    ["*.example.net"],
  ],
  ["addresses alone constrain no host", constraints([net]), ["example.net"], []],
  ["everything excluded", constraints([], [dns("")]), ["example.org"], ["example.org"]],
  ["what cannot be read constrains nothing", "3005", ["example.org"], []],
])("%s", async (_what, value, names, expected) => {
  expect(await judged(value, names)).toEqual(expected);
});

it("addresses by their mask", async () => {
  expect(await judged(constraints([net]), [], ["192.0.2.7", "192.0.3.7", "2001:db8::1"])).toEqual([
    "192.0.3.7",
    "2001:db8::1",
  ]);
  expect(await judged(constraints([], [net]), [], ["192.0.2.7", "192.0.3.7"])).toEqual(["192.0.2.7"]);
});

it("those that mailcert writes for its own CA", async () => {
  const value = writeNameConstraints({ domains: ["example.org"], addresses: [] }).toString("hex");
  expect(await judged(value, ["mail.example.org", "mail.example.net"], ["192.0.2.1"])).toEqual([
    "mail.example.net",
    "192.0.2.1",
  ]);
});
