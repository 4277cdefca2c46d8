// The next command by what stands on a host, and which of a host's own names may be proposed.
import { describe, expect, it } from "vitest";
import { type Standing, nextStep } from "../../src/domain/next-step.ts";
import { publicHost } from "../../src/domain/public-host.ts";

const empty: Standing = {
  root: true,
  config: "readable",
  damaged: false,
  certificates: [],
  trouble: false,
  others: [],
  renews: false,
  host: "mail.example.org",
};
const well = { name: "mail.example.org", ok: true, configured: true };
const ill = { name: "ill.example.org", ok: false, configured: true };

describe("the next step", () => {
  it.each<[string, Partial<Standing>, string]>([
    ["nothing there", {}, "mailcert setup mail.example.org"],
    ["nothing there, and no name that could be certified", { host: undefined }, "mailcert setup"],
    ["another client", { others: ["certbot"] }, "mailcert import certbot --dry-run"],
    ["a mistake in the configuration", { config: "mistake", certificates: [ill] }, "mailcert config check"],
    ["a configuration for root alone", { root: false, config: "closed" }, "mailcert"],
    ["a damaged state", { damaged: true }, "mailcert status"],
    ["one that is not well", { certificates: [well, ill], renews: true }, "mailcert status ill.example.org"],
    ["several that are not well", { certificates: [ill, ill], renews: true }, "mailcert status"],
    ["a fault of a server", { certificates: [well], trouble: true, renews: true }, "mailcert status"],
    ["nothing that renews", { certificates: [well], others: ["certbot"] }, "mailcert schedule install"],
    ["another's schedule", { certificates: [well], othersSchedule: true }, "mailcert schedule show"],
    ["nobody knows whether anything renews", { certificates: [well], renews: undefined }, "mailcert verify"],
    ["nothing to renew", { certificates: [{ ...well, configured: false }] }, "mailcert verify"],
    ["all as it should be", { certificates: [well], renews: true }, "mailcert verify"],
  ])("%s", (_what, given, command) => {
    const step = nextStep({ ...empty, ...given });
    expect(step.command).toBe(command);
    expect(step.why.length).toBeLessThanOrEqual(66);
  });

  it("says where it takes root", () => {
    expect(nextStep({ ...empty, root: false }).why).toMatch(/\(as root\)$/);
    expect(nextStep(empty).why).not.toContain("root");
  });
});

describe("the name to propose", () => {
  it.each<[readonly string[], string | undefined]>([
    [["mx.example.org", "mail.example.org"], "mx.example.org"],
    [["Mail.Example.ORG."], "mail.example.org"],
    [["localhost.localdomain", "box.lan", "mail.example.org"], "mail.example.org"],
    [["mail", "192.0.2.1", "*.example.org", "not a name", ""], undefined],
    [["mail.corp", "mail.internal", "a.local", "b.home", "1.0.0.127.in-addr.arpa"], undefined],
    [["münchen.example.org"], "xn--mnchen-3ya.example.org"],
    [[], undefined],
  ])("of %j: %s", (names, expected) => expect(publicHost(names)).toBe(expected));
});
