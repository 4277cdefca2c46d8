// Before an order: what certainly fails is not ordered, what nobody could say stops nothing, and no way is tried that CAA rules out.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { Failure } from "../../src/domain/failure.ts";
import { beforeOrder } from "../../src/usecases/before-order.ts";
import { issue } from "../../src/usecases/issue.ts";
import { issueFiles } from "../../src/usecases/issue-files.ts";
import { type AcmeCas, acmeAt, acmeCas, found } from "../fakes/acme-cas.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const ca = "ca.example";
const account = `https://${ca}/acct/1`;
const name = "mail.example.org";
const config = (over: Partial<CertificateConfig> = {}): CertificateConfig =>
  certificate({ issuer: acmeAt(ca), ...over });

let fake: FakeWorld;
let cas: AcmeCas;
beforeEach(() => {
  fake = fakeWorld();
  cas = acmeCas(fake.world);
});
afterEach(() => fake.dispose());

const failure = async (one: CertificateConfig = config()): Promise<Failure> => {
  try {
    await issue(cas.world, one);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("it was issued");
};

describe("CAA", () => {
  it("that forbids stops the order, and says a line that would permit it", async () => {
    cas.caa.set(name, found("example.org", "other.example"));
    const refused = await failure();
    expect(refused).toMatchObject({
      kind: "config",
      message:
        "no order was placed: CAA records forbid ca.example to issue: mail.example.org (CAA at example.org): only other.example may issue, and this CA is ca.example",
      facts: { code: "CAA", forbidden: [{ name, owner: "example.org" }] },
    });
    expect(refused.hints[0]).toContain('example.org. IN CAA 0 issue "ca.example"');
    expect(refused.hints[0]).toContain(`example.org. IN CAA 0 issue "ca.example; accounturi=${account}"`);
    expect(refused.hints[0]).toContain("http-01 has to stand in validationmethods");
    expect(cas.orders).toEqual([]);
    // The next run comes by itself.
    expect(cas.world.store.read(name)).toMatchObject({ attempts: 1, lastError: { facts: { code: "CAA" } } });
  });

  it("names every name that is forbidden, six at most", async () => {
    const names = Array.from({ length: 9 }, (_, index) => `m${index}.example.org`);
    for (const one of names) cas.caa.set(one, found(one, ";"));
    const { message } = await failure(config({ names }));
    expect(message).toContain("m5.example.org (CAA at m5.example.org)");
    expect(message).toContain("and 3 more");
    expect(message).not.toContain("m6.example.org");
  });

  it("of a wildcard: the line is issuewild where that is what forbids", async () => {
    cas.caa.set("*.example.org", {
      kind: "found",
      owner: "example.org",
      records: [
        { critical: false, tag: "issue", value: ca },
        { critical: false, tag: "issuewild", value: ";" },
      ],
    });
    const refused = await failure(config({ names: ["*.example.org"], issuer: acmeAt(ca, { challenges: ["dns-01"] }) }));
    expect(refused.hints[0]).toContain('example.org. IN CAA 0 issuewild "ca.example"');
  });

  it("with accounturi: ours goes on, another's and a new account do not", async () => {
    cas.caa.set(name, found("example.org", `${ca}; accounturi=${account}`));
    await issue(cas.world, config());
    expect(cas.orders).toHaveLength(1);
    cas.caa.set(name, found("example.org", `${ca}; accounturi=https://${ca}/acct/2`));
    expect((await failure()).message).toContain(`is for the account https://${ca}/acct/2, and ours is ${account}`);
    const { account: _none, ...unknown } = { identities: [ca], account };
    cas.facts.set(ca, { ...unknown, account: undefined as never });
    expect((await failure()).message).toContain("a new account would be registered");
    expect(cas.orders).toHaveLength(1);
  });

  it("that nobody could say, a zone that is bogus here, and a CA without a name stop nothing", async () => {
    await issue(cas.world, config());
    cas.caa.set(name, { kind: "blocked", owner: "example.org", why: "SERVFAIL" });
    await issue(cas.world, config());
    cas.caa.set(name, found("example.org", "other.example"));
    cas.facts.set(ca, { identities: [] });
    await issue(cas.world, config());
    cas.caa.set(name, found("example.org", ";"));
    await issue(cas.world, config());
    expect(cas.orders).toHaveLength(4);
    expect(fake.steps.filter((step) => /CAA|may issue|permitted/.test(step))).toEqual([
      expect.stringContaining("going on without CAA: no name server answered"),
      "the CAA records of example.org could not be had (SERVFAIL)",
      expect.stringContaining("going on: mail.example.org: other.example may issue, and the CA does not say"),
      expect.stringContaining("going on: mail.example.org: no CA is permitted; but the CA does not say"),
    ]);
  });

  it("that was mended while the resolver remembers: what all of the zone's servers say counts", async () => {
    cas.caa.set(name, found("example.org", "other.example"));
    const permitted = [{ critical: false, tag: "issue", value: ca }];
    cas.caaEverywhere.set("example.org", [permitted, [{ critical: false, tag: "issue", value: ";" }]]);
    expect((await failure()).facts?.["code"]).toBe("CAA");
    cas.caaEverywhere.set("example.org", [permitted, []]);
    await issue(cas.world, config());
    expect(cas.orders).toHaveLength(1);
    expect(fake.steps.join("\n")).toContain("still has old CAA records of example.org");
  });

  it("addresses have none", async () => {
    cas.caa.set("192.0.2.10", found("10", ";"));
    await issue(cas.world, config({ names: ["192.0.2.10", "2001:db8::1"] }));
    expect(cas.orders).toHaveLength(1);
  });
});

describe("challenges that CAA rules out", () => {
  const both = acmeAt(ca, { challenges: ["http-01", "dns-01"] });
  const ways = (): readonly unknown[] => cas.orders.map(({ request }) => request.settings.challenges);

  it("are not tried: each would count as a failed validation", async () => {
    cas.caa.set(name, found("example.org", `${ca}; validationmethods=dns-01`));
    const { generation } = await issue(cas.world, config({ issuer: both }));
    expect(ways()).toEqual([["dns-01"]]);
    // The configuration is what it was.
    expect(generation.authority).toBe(both.directory);
  });

  it("are tried where no single one will do for all names", async () => {
    cas.caa.set("a.example.org", found("a.example.org", `${ca}; validationmethods=dns-01`));
    cas.caa.set("b.example.org", found("b.example.org", `${ca}; validationmethods=http-01`));
    await issue(cas.world, config({ names: ["a.example.org", "b.example.org"], issuer: both }));
    expect(ways()).toEqual([["http-01", "dns-01"]]);
  });

  it("a wildcard, which only DNS proves, rules nothing out for the others", async () => {
    cas.caa.set("example.org", found("example.org", ca));
    cas.caa.set("*.example.org", found("example.org", ca));
    await issue(cas.world, config({ names: ["example.org", "*.example.org"], issuer: both }));
    cas.caa.set("*.example.org", found("example.org", `${ca}; validationmethods=http-01`));
    await failure(config({ names: ["example.org", "*.example.org"], issuer: both }));
    expect(ways()).toEqual([["http-01", "dns-01"]]);
  });
});

describe("this host", () => {
  it("a state folder that cannot be written costs no order, and no question", async () => {
    const preflight = async () => ({
      ...(await fake.world.preflight()),
      writeTrouble: async () => "no space is left on the device",
    });
    await expect(beforeOrder({ ...cas.world, preflight }, config())).rejects.toMatchObject({
      kind: "cannot-create",
      message: expect.stringContaining("no space is left on the device"),
    });
    expect(cas.inspected).toEqual([]);
  });

  it("another issuer than ACME is asked nothing", async () => {
    const own = certificate();
    expect(await beforeOrder(cas.world, own)).toBe(own.issuer);
    expect(cas.inspected).toEqual([]);
  });

  it("the CA is asked for nothing but its directory", async () => {
    await beforeOrder(cas.world, config());
    expect(cas.inspected).toMatchObject([{ thoroughly: false, names: [name] }]);
  });
});

it("files for somebody else's use are ordered by the same rules", async () => {
  cas.caa.set(name, found("example.org", "other.example"));
  await expect(issueFiles(cas.world, config(), "/tmp/nowhere", false)).rejects.toMatchObject({
    facts: { code: "CAA" },
  });
  cas.caa.set(name, found("example.org", `${ca}; validationmethods=dns-01`));
  const issuer = acmeAt(ca, { challenges: ["http-01", "dns-01"] });
  await issueFiles(cas.world, config({ issuer }), "/tmp/nowhere", false);
  expect(cas.orders.map(({ request }) => request.settings.challenges)).toEqual([["dns-01"]]);
});
