// `addresses:` and `services:` of a certificate: what is read, what is refused with its line, and that setup keeps them.
import { describe, expect, it } from "vitest";
import { editConfig } from "../../src/config/edit.ts";
import { parseConfig } from "../../src/config/parse.ts";

const parse = (text: string) => parseConfig([{ path: "f.yaml", text: `certificates:\n${text}` }]);
const read = (text: string) => {
  const parsed = parse(text);
  if (!("config" in parsed)) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config.certificates;
};
const problems = (text: string): readonly string[] => {
  const parsed = parse(text);
  return "config" in parsed ? [] : parsed.problems.map(({ line, message, hint }) => `${line}: ${message} -> ${hint}`);
};

describe("places", () => {
  it("one or a list, addresses in one canonical text", () => {
    expect(
      read(
        '  a.example.org: { addresses: "2001:DB8:0::11", services: [imap, pop3] }\n  b.example.org: { services: smtp }\n  c.example.org:\n',
      ).map(({ places }) => places),
    ).toEqual([{ addresses: ["2001:db8::11"], services: ["imap", "pop3"] }, { services: ["smtp"] }, undefined]);
  });

  it("what is no address, no service, or twice there, and what people write for another word", () => {
    expect(
      problems(
        "  a.example.org:\n    addresses: [192.0.2.300, 0.0.0.0, 192.0.2.1, 192.0.2.1, localhost]\n    services: [imaps, smtps, sieve, imap, imap, http, constructor]\n",
      ),
    ).toEqual([
      '3: addresses: "192.0.2.300" is no IP address -> write it like 192.0.2.11 or "2001:db8::11"',
      '3: addresses: "0.0.0.0" stands for every address -> leave addresses: out: the first certificate is for everybody',
      '3: the address "192.0.2.1" is listed twice -> remove one of the two',
      '3: addresses: "localhost" is no IP address -> write it like 192.0.2.11 or "2001:db8::11"',
      '4: unknown service "imaps" -> write imap',
      '4: unknown service "smtps" -> write submissions (port 465)',
      '4: unknown service "sieve" -> write managesieve',
      "4: the service imap is listed twice -> remove one of the two",
      '4: unknown service "http" -> known here: smtp, submission, submissions, imap, pop3, lmtp, managesieve',
      '4: unknown service "constructor" -> known here: smtp, submission, submissions, imap, pop3, lmtp, managesieve',
    ]);
  });

  it("two for everybody at one entry point, unless no server is for both", () => {
    const two = (more: string): string =>
      `  a.example.org: { services: [imap, smtp]${more} }\n  b.example.org: { services: smtp, servers: postfix }\n`;
    expect(problems(two(""))).toEqual([
      '3: "b.example.org" and "a.example.org" are both for smtp -> everybody gets one certificate there: leave it to one of the two, or tell them apart by addresses: and services: together',
    ]);
    expect(problems(two(", servers: dovecot"))).toEqual([]);
    expect(problems(two(", servers: none"))).toEqual([]);
  });

  it("setup keeps them", () => {
    const entry =
      "  a.example.org:\n    issuer: self-signed\n    addresses: 192.0.2.11\n    services: [ imap, pop3 ]\n";
    const [certificate] = read(entry);
    if (!certificate) throw new Error("not read");
    expect(editConfig(`certificates:\n${entry}`, { ...certificate, keys: ["rsa"] }, "f.yaml")).toBe(
      `certificates:\n${entry}    key: rsa\n`,
    );
  });
});
