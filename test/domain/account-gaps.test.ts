// Why an account file is left out, and which names the certificate lacks for those that are published.
import { describe, expect, test } from "vitest";
import { accountFailing, offeredNames } from "../../src/domain/account-gaps.ts";
import type { AccountEntry, MailAccount } from "../../src/domain/mail-account.ts";
import { writeNameConstraints } from "../../src/domain/name-constraints.ts";
import { issue } from "../fakes/pki.ts";

const host = "mail.example.org";
const imap: AccountEntry = { protocol: "imap", mode: "implicit", host, port: 993 };
const submission: AccountEntry = { protocol: "submission", mode: "implicit", host, port: 465 };
const account = (more: Partial<MailAccount> = {}): MailAccount => ({
  domain: "example.org",
  host,
  login: "address",
  proven: [imap, submission],
  unproven: [],
  ...more,
});
const issuer = { kind: "private-ca", ca: "default", days: 397 } as const;
const certificate = { name: host, names: [host], servers: "auto" as const, issuer };
const situation = (more: Partial<MailAccount> = {}) => {
  const one = account(more);
  return { certificate, found: { ...one, account: one }, imports: "root" as const };
};

describe("the reason", () => {
  test.each([
    [
      "nothing was proven",
      "autoconfig",
      situation({ proven: [] }),
      /^no entry point .* proven yet$/,
      /^prove them: mailcert deploy mail\.example\.org$/,
    ],
    [
      "nothing is as it should be",
      "srv",
      situation({ proven: [], unproven: [imap] }),
      /another certificate, or none/,
      /mailcert deploy/,
    ],
    [
      "no server is mailcert's",
      "srv",
      { ...situation({ proven: [] }), certificate: { ...certificate, servers: [] } },
      /servers: none/,
      /name the mail servers/,
    ],
    ["nothing to send through", "autodiscover", situation({ proven: [imap] }), /no submission service/, /another host/],
    ["nothing to receive from", "account", situation({ proven: [submission] }), /no IMAP or POP3/, undefined],
    ["an address", "srv", situation({ host: "192.0.2.1" }), /leads to a name/, undefined],
    [
      "wildcards",
      "srv",
      { certificate, found: { proven: [], unproven: [] }, imports: "root" as const },
      /wildcard/,
      /names:/,
    ],
    [
      "an address has no domain",
      "autoconfig",
      { certificate, found: { proven: [], unproven: [], host: "192.0.2.1" }, imports: "root" as const },
      /nothing of the mail domain/,
      /account_domain: /,
    ],
    ["self-signed", "account", { ...situation(), imports: "self-signed" as const }, /self-signed/, undefined],
  ] as const)("%s", (_what, format, given, reason, hint) => {
    const said = accountFailing(format, given);
    expect(said.reason).toMatch(reason);
    if (hint === undefined) expect(said.hint).toBeUndefined();
    else expect(said.hint).toMatch(hint);
  });
});

describe("names to add", () => {
  const asked = ["autoconfig", "autodiscover", "srv"] as const;
  test("those that the certificate lacks, with the command that adds them to the others", () => {
    const two = { ...certificate, names: [host, "mx.example.org"] };
    expect(offeredNames(two, account(), asked, "root")).toEqual({
      missing: ["autoconfig.example.org", "autodiscover.example.org"],
      add: "mailcert setup mail.example.org mx.example.org autoconfig.example.org autodiscover.example.org",
    });
  });
  test("a policy's name only where a policy can be kept to: with a public certificate", () => {
    expect(offeredNames(certificate, account(), asked, "nothing")?.missing).toContain("mta-sts.example.org");
  });
  test("a wildcard has them; only what was asked for is offered; a request says for itself", () => {
    expect(
      offeredNames({ ...certificate, names: [host, "*.example.org"] }, account(), asked, "nothing"),
    ).toBeUndefined();
    expect(offeredNames(certificate, account(), ["srv", "account"], "nothing")).toBeUndefined();
    expect(offeredNames(certificate, account(), ["autoconfig"], "root")?.missing).toEqual(["autoconfig.example.org"]);
    expect(offeredNames({ ...certificate, csr: "/tmp/request" }, account(), asked, "root")).toBeUndefined();
  });
  test("an entry of another name: the line for the configuration", () => {
    expect(
      offeredNames(
        { ...certificate, name: "office", names: ["*.example.net", host] },
        account(),
        ["autoconfig"],
        "root",
      )?.add,
    ).toBe(
      'names: ["*.example.net", "mail.example.org", "autoconfig.example.org"]   (in the entry office, then: mailcert renew office)',
    );
  });
  test("those that the authority may not certify are not offered: what limits it, and what would lift that", async () => {
    const value = writeNameConstraints({ domains: ["example.org"], addresses: [] }).toString("hex");
    const root = (await issue({ ca: true, raw: [["2.5.29.30", value]] })).certificate;
    const authority = { der: Buffer.from(root.rawData) };
    const others = account({ domain: "example.net" });
    expect(offeredNames(certificate, others, asked, "root", authority)).toEqual({
      missing: ["autoconfig.example.net", "autodiscover.example.net"],
      limited: { to: ["example.org"], widen: "mailcert ca rotate default --ca-domains example.org,example.net" },
    });
    expect(offeredNames(certificate, account(), asked, "root", authority)?.add).toContain("mailcert setup");
    const acme = { ...certificate, issuer: { kind: "acme" } as never };
    expect(offeredNames(acme, others, asked, "root", authority)?.limited).toEqual({ to: ["example.org"] });
  });
});
