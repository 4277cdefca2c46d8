// dns-persist-01: the standing record is looked for everywhere, named in full where it is missing, published only where an updater is named.
import { describe, expect, it } from "vitest";
import type { ChallengeToken } from "../../src/challenges/challenge.ts";
import { createDnsPersist01 } from "../../src/challenges/dns-persist-01.ts";
import type { Failure } from "../../src/domain/failure.ts";
import { textZone } from "../fakes/text-zone.ts";

const { signal } = new AbortController();
const token: ChallengeToken = {
  identifier: "mail.example.org",
  token: "",
  keyAuthorization: "",
  issuerDomainNames: ["CA.example.", "other.example"],
};
const name = "_validation-persist.mail.example.org";
const directory = "https://ca.example/dir";
const value = "ca.example; accounturi=https://ca.example/acct/1";

const refusal = async (job: Promise<unknown>): Promise<Failure> => {
  const error: unknown = await job.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error as Failure;
};

describe("dns-persist-01", () => {
  it("is content with a record that allows CA and account, and leaves it alone", async () => {
    const zone = textZone();
    zone.values.set(name, [{ value, since: 0 }]);
    const challenge = createDnsPersist01({ dns: "fake", directory }, zone.deps);
    await challenge.present(token, signal);
    await challenge.cleanUp(token);
    expect([zone.changes, zone.journal, zone.standing]).toEqual([[], [], []]);
  });

  it("names every record that the order lacks, as one can publish it", async () => {
    const zone = textZone(["mail.example.org", "*.mail.example.org", "imap.example.org", "pop.example.org"]);
    zone.values.set(name, [{ value, since: 0 }]);
    zone.values.set("_validation-persist.pop.example.org", [{ value, since: 0 }]);
    const error = await refusal(createDnsPersist01({ directory }, zone.deps).present(token, signal));
    expect(error).toMatchObject({
      kind: "config",
      message: `${name} does not allow this CA and account: what is there does not: "${value}"`,
      facts: {
        publish: [
          `${name}. IN TXT "${value}; policy=wildcard"`,
          `_validation-persist.imap.example.org. IN TXT "${value}"`,
        ],
      },
    });
  });

  it("publishes it once where an updater is named, and waits until it is seen", async () => {
    const zone = textZone();
    zone.servers.push({ server: "ns2.example.org", address: "192.0.2.2", lag: 10_000 });
    const challenge = createDnsPersist01({ dns: "fake", directory }, zone.deps);
    await challenge.present(token, signal);
    expect(zone.clock.now).toBeGreaterThanOrEqual(10_000);
    await challenge.cleanUp(token);
    await challenge.present(token, signal);
    expect(zone.changes).toEqual([`add ${name} in example.org`]);
    expect(zone.values.get(name)).toMatchObject([{ value }]);
    expect(zone.standing).toEqual([`example.org: ${name}. IN TXT "${value}"`]);
  });

  it("says that it stays before it is published", async () => {
    const zone = textZone();
    zone.trouble = new Error("killed");
    await expect(createDnsPersist01({ dns: "fake", directory }, zone.deps).present(token, signal)).rejects.toThrow();
    expect([zone.changes, zone.standing.length]).toEqual([[], 1]);
  });

  it("is for a name that the CA gives itself in its directory, where it says any: never for another CA's", async () => {
    const zone = textZone();
    const foreign = { ...token, issuerDomainNames: ["letsencrypt.org"] };
    const deps = { ...zone.deps, caaIdentities: ["ca.example"] };
    for (const dns of [{ dns: "fake" }, {}]) {
      const error = await refusal(createDnsPersist01({ ...dns, directory }, deps).present(foreign, signal));
      expect(error.kind).toBe("unavailable");
      expect(error.message).toContain("wants a record for letsencrypt.org, and calls itself ca.example");
    }
    // What stands there for another CA is not ours either.
    zone.values.set(name, [{ value: value.replace("ca.example", "letsencrypt.org"), since: 0 }]);
    const both = { ...token, issuerDomainNames: ["letsencrypt.org", "CA.example."] };
    expect(zone.changes).toEqual([]);
    await createDnsPersist01({ dns: "fake", directory }, deps).present(both, signal);
    expect(zone.values.get(name)).toMatchObject([{}, { value }]);
    // A directory that says none leaves it to the account's host.
    await createDnsPersist01({ dns: "fake", directory }, zone.deps).present(foreign, signal);
  });

  it("takes the account as the challenge names it, and speaks of a record that ends soon", async () => {
    const zone = textZone();
    const accountUri = "https://ca.example/hash/abc";
    const until = Date.parse("2026-12-01T00:00:00Z") / 1000;
    zone.values.set(name, [{ value: `ca.example;accounturi=${accountUri};persistUntil=${until}`, since: 0 }]);
    await createDnsPersist01({ directory }, zone.deps).present({ ...token, accountUri }, signal);
    expect(zone.steps.at(-1)).toContain("the record ends at 2026-12-01 00:00 UTC");
    expect((await refusal(createDnsPersist01({ directory }, zone.deps).present(token, signal))).kind).toBe("config");
  });

  it("does not make a record of what a CA should not have sent", async () => {
    const { deps } = textZone();
    const of = (change: Partial<ChallengeToken>) =>
      refusal(createDnsPersist01({ directory }, deps).present({ ...token, ...change }, signal));
    for (const change of [
      { issuerDomainNames: [] },
      { issuerDomainNames: ['ca.example"\n'] },
      { accountUri: 'https://ca.example/"; x' },
      { accountUri: "javascript:1" },
      // At another CA, which would take the record for leave to certify for somebody else.
      { accountUri: "https://other.example/acct/1" },
    ])
      expect(await of(change)).toMatchObject({ name: "Failure", kind: "unavailable" });
    expect(await of({ identifier: "nowhere" })).toMatchObject({
      message: "cannot look up _validation-persist.nowhere: no zone",
    });
  });
});
