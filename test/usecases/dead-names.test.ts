// Names that no longer resolve: they end the attempt or are left out, never the first one, and never because nobody could say.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { Failure } from "../../src/domain/failure.ts";
import { issueText } from "../../src/reports/issue.ts";
import { renewText } from "../../src/reports/renew.ts";
import { statusText } from "../../src/reports/status.ts";
import { issue } from "../../src/usecases/issue.ts";
import { type RenewOptions, type RenewResult, renew } from "../../src/usecases/renew.ts";
import { status } from "../../src/usecases/status.ts";
import { type AcmeCas, acmeAt, acmeCas } from "../fakes/acme-cas.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";
import { timerRun as timer } from "../fakes/renew-options.ts";

const [first, second, third] = ["mail.example.org", "autoconfig.example.org", "smtp.example.org"];
const names = [first, second, third];
const day = 86_400_000;
const config = (over: Partial<CertificateConfig> = {}): CertificateConfig =>
  certificate({ names, issuer: acmeAt("ca.example"), onDeadName: "drop", ...over });

let fake: FakeWorld;
let cas: AcmeCas;
beforeEach(() => {
  fake = fakeWorld();
  cas = acmeCas(fake.world);
  for (const name of names) cas.addresses.set(name, { kind: "found", addresses: ["192.0.2.10"] });
});
afterEach(() => fake.dispose());

const die = (name: string, exists = false): void => void cas.addresses.set(name, { kind: "none", exists });
const live = (name: string): void => void cas.addresses.set(name, { kind: "found", addresses: ["192.0.2.10"] });
const failure = async (one: CertificateConfig): Promise<Failure> => {
  try {
    await issue(cas.world, one);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("it was issued");
};
const ordered = (): readonly (readonly string[])[] => cas.orders.map(({ request }) => request.names);
const run = (one: CertificateConfig, over: Partial<RenewOptions> = {}): Promise<RenewResult> =>
  renew(cas.world, [one], { ...timer, ...over });
const pass = (ms: number): void => {
  fake.clock.now = new Date(fake.clock.now.getTime() + ms);
};
const told = async (one: CertificateConfig): Promise<string> => {
  const world = { ...cas.world, config: { ...cas.world.config, read: async () => ({ certificates: [one] }) as never } };
  return statusText(await status(world, []), undefined, fake.clock.now);
};

describe("on_dead_name: fail", () => {
  it("ends the attempt before an order, with the names and what to do", async () => {
    die(second);
    die(third, true);
    const refused = await failure(config({ onDeadName: "fail" }));
    expect(refused).toMatchObject({
      kind: "unavailable",
      message:
        "no order was placed: autoconfig.example.org does not exist in DNS (NXDOMAIN); smtp.example.org has no A or AAAA record",
      facts: { code: "NAME_DEAD", names: [second, third] },
    });
    expect(refused.hints.join(" ")).toContain("on_dead_name: drop");
    expect(cas.orders).toEqual([]);
    expect(cas.world.store.read(first)).toMatchObject({ attempts: 1 });
  });

  it("does not advise to drop the first name, which never is", async () => {
    die(first);
    expect((await failure(config({ onDeadName: "fail" }))).hints.join(" ")).not.toContain("on_dead_name: drop");
  });
});

describe("on_dead_name: drop", () => {
  it("leaves the name out, says so in every report, and certifies the others", async () => {
    die(second);
    const issued = await issue(cas.world, config());
    expect(ordered()).toEqual([[first, third]]);
    expect(issued.generation).toMatchObject({ names: [first, third], dropped: [second] });
    const text = issueText({ certificate: config(), issued, configured: true }, fake.clock.now);
    expect(text.replaceAll(/\s+/g, " ")).toContain(
      "autoconfig.example.org does not exist in DNS (NXDOMAIN): it was left out of this certificate",
    );
    expect(await told(config())).toContain("autoconfig.example.org did not resolve when generation 1 was issued");
    // Who took it out of the configuration was told enough.
    expect(await told(config({ names: [first, third] }))).not.toContain("did not resolve");
  });

  it("deploys it and is content: the name that is missing is no reason for a new order each hour", async () => {
    die(second);
    const result = await run(config());
    expect(result.certificates[0]).toMatchObject({ deployed: { outcome: "verified" } });
    expect(renewText(result, fake.clock.now, true)).toContain("autoconfig.example.org");
    live(second);
    expect((await run(config())).certificates[0]?.decision.action).toBe("nothing");
    expect(ordered()).toHaveLength(1);
    pass(61 * day);
    await run(config());
    expect(ordered()).toEqual([[first, third], names]);
    expect(cas.world.store.read(first)?.generations.at(-1)).not.toHaveProperty("dropped");
    expect(await told(config())).not.toContain("did not resolve");
  });

  it("never the first name, whoever else is dead", async () => {
    die(first);
    die(second);
    expect(await failure(config())).toMatchObject({ facts: { code: "NAME_DEAD", names: [first, second] } });
    expect(cas.orders).toEqual([]);
  });

  it("a name that is added while another is out asks for a new certificate", async () => {
    die(second);
    await run(config());
    live("imap.example.org");
    await run(config({ names: [...names, "imap.example.org"] }));
    expect(ordered()).toEqual([
      [first, third],
      [first, third, "imap.example.org"],
    ]);
    // And none when the dead one is taken out of the configuration.
    expect((await run(config({ names: [first, third, "imap.example.org"] }))).certificates[0]?.decision.action).toBe(
      "nothing",
    );
  });
});

describe("a name that was left out", () => {
  const hour = 3_600_000;
  let looked: string[] = [];
  beforeEach(async () => {
    const { dns } = cas.world;
    cas = {
      ...cas,
      world: {
        ...cas.world,
        dns: async () => {
          const real = await dns();
          return {
            ...real,
            addresses: async (name, options) => {
              looked.push(name);
              return real.addresses(name, options);
            },
          };
        },
      },
    };
    die(second);
    await run(config());
    looked = [];
  });

  it("is looked at once a day by an hourly run, it alone, and nothing else happens while it is dead", async () => {
    for (let hours = 0; hours < 24 * 7; hours += 1) {
      pass(hour);
      await run(config());
    }
    expect(looked).toEqual(Array(7).fill(second));
    expect(ordered()).toHaveLength(1);
  });

  it.each([
    ["hourly", hour],
    ["daily: each of these runs has a proof to do as well", day],
  ])("is taken back within a day of its return, %s", async (_what, every) => {
    live(second);
    const results = [];
    for (let passed = 0; passed < day; passed += every) {
      pass(every);
      results.push((await run(config())).certificates[0]);
    }
    expect(ordered()).toEqual([[first, third], names]);
    expect(results.at(-1)).toMatchObject({
      decision: { action: "issue", why: `${second}, which had been left out, resolves again` },
      deployed: { outcome: "verified" },
      findings: [],
    });
    expect(await told(config())).not.toContain("did not resolve");
    // And that was that.
    looked = [];
    for (let count = 0; count < 3; count += 1) {
      pass(day);
      await run(config());
    }
    expect([ordered().length, looked]).toEqual([2, []]);
  });

  it("is looked at at once when a person asks for the certificate by name, and by no plan", async () => {
    live(second);
    await run(config(), { dryRun: true, named: true });
    expect([ordered().length, looked]).toEqual([1, []]);
    await run(config(), { named: true });
    expect(ordered()).toHaveLength(2);
  });

  it("that cannot be validated when it is back leaves what is served as it is, and is tried again the next day", async () => {
    live(second);
    cas.refuse.set("ca.example", () => {
      throw new Failure("unavailable", "the CA could not validate it", { facts: { refused: [{ name: second }] } });
    });
    for (let hours = 0; hours < 48; hours += 1) {
      pass(hour);
      const { outcome } = await run(config());
      expect(outcome).toBe(hours % 24 === 23 ? "fault" : "done");
    }
    expect(ordered()).toHaveLength(3);
    expect(cas.world.store.liveNumber(first)).toBe(1);
  });

  describe("and belongs to somebody else now", () => {
    const parked = (refused: readonly { name: string }[] | undefined = [{ name: second }], by = second): void =>
      void cas.refuse.set("ca.example", ({ names: asked }) => {
        if (asked.includes(by))
          throw new Failure("unavailable", "the CA could not validate it", {
            facts: refused ? { refused } : { problem: { type: "urn:ietf:params:acme:error:rejectedIdentifier" } },
          });
      });

    it.each([
      ["by validation", [{ name: second }]],
      ["without naming it", undefined],
    ])("does not stop the renewal of the others: refused %s", async (_how, refused) => {
      live(second);
      parked(refused);
      pass(61 * day);
      const { certificates, outcome } = await run(config());
      expect(outcome).toBe("done");
      expect(ordered()).toEqual([[first, third], names, [first, third]]);
      expect(certificates[0]?.deployed).toMatchObject({ outcome: "verified" });
      expect(certificates[0]?.findings).toMatchObject([{ check: "name-dead", severity: "warning" }]);
      expect(cas.world.store.read(first)?.generations.at(-1)).toMatchObject({
        names: [first, third],
        dropped: [second],
      });
      expect(await told(config())).toContain(second);
      expect((await run(config())).certificates[0]?.decision.action).toBe("nothing");
    });

    it("costs an order a day while nothing is due, and no certificate", async () => {
      live(second);
      parked();
      for (let days = 0; days < 3; days += 1) {
        pass(day);
        expect((await run(config())).outcome).toBe("fault");
      }
      expect(ordered()).toEqual([[first, third], names, names, names]);
      expect(cas.world.store.liveNumber(first)).toBe(1);
    });

    it("does not keep another name out that has come back", async () => {
      die(third);
      pass(61 * day);
      await run(config());
      for (const name of [second, third]) live(name);
      parked();
      pass(day);
      await run(config());
      expect(ordered().slice(1)).toEqual([[first], names, [first, third]]);
    });

    it("and is no reason to leave out a name that never was, or to ask twice what no name is the reason of", async () => {
      live(second);
      pass(61 * day);
      parked([{ name: second }, { name: third }]);
      expect((await run(config())).outcome).toBe("fault");
      cas.refuse.set("ca.example", () => {
        throw new Failure("unavailable", "the CA is away");
      });
      pass(day);
      expect((await run(config())).outcome).toBe("fault");
      expect(ordered()).toEqual([[first, third], names, names]);
    });
  });

  it("and is not asked for any more, or that all are now to be certified whatever DNS says, is not looked at", async () => {
    live(second);
    pass(2 * day);
    await run(config({ names: [first, third] }));
    expect([ordered().length, looked]).toEqual([1, []]);
  });

  it("was looked at by a clock that ran ahead: it is looked at now", async () => {
    pass(300 * day);
    die(second);
    await run(config());
    pass(-299 * day);
    looked = [];
    await run(config());
    expect(looked).toContain(second);
  });
});

describe("on_dead_name: order", () => {
  it("asks the CA for every name, the first included: it may see another DNS", async () => {
    for (const name of names) die(name);
    await issue(cas.world, config({ onDeadName: "order" }));
    expect(ordered()).toEqual([names]);
  });
});

describe("a name that this host's resolver alone does not know", () => {
  const doubt = (name: string): void =>
    void cas.addresses.set(name, { kind: "none", exists: false, unconfirmed: true });

  it("stops no order and is not left out", async () => {
    doubt(second);
    for (const onDeadName of ["fail", "drop"] as const) await issue(cas.world, config({ onDeadName }));
    expect(ordered()).toEqual([names, names]);
    expect(fake.steps).toContainEqual(expect.stringContaining("going on: autoconfig.example.org does not exist"));
  });

  it("is believed to be dead when the CA could not validate it either, until it resolves again", async () => {
    doubt(second);
    doubt(third);
    cas.refuse.set("ca.example", ({ names: asked }) => {
      if (asked.includes(second))
        throw new Failure("unavailable", "DNS problem", { facts: { refused: [{ name: second }, null] } });
    });
    await failure(config());
    // One that fails is not ordered again and again.
    const stopped = await failure(config({ onDeadName: "fail" }));
    expect(stopped.facts).toEqual({ code: "NAME_DEAD", names: [second] });
    await failure(config({ onDeadName: "fail" }));
    expect(ordered()).toHaveLength(1);
    expect((await issue(cas.world, config())).generation.dropped).toEqual([second]);
    expect(ordered()).toEqual([names, [first, third]]);
  });
});

describe("a name is not dead", () => {
  it("because nobody could say: resolver trouble stops no renewal and drops nothing", async () => {
    cas.addresses.clear();
    for (const onDeadName of ["fail", "drop"] as const) await issue(cas.world, config({ onDeadName }));
    expect(ordered()).toEqual([names, names]);
  });

  it("where the proof stands in DNS, in whatever place of the list", async () => {
    for (const name of names) die(name);
    for (const challenges of [["dns-01"], ["http-01", "dns-01"], ["dns-persist-01"]] as const)
      await issue(cas.world, config({ issuer: acmeAt("ca.example", { challenges }), onDeadName: "fail" }));
    expect(ordered()).toEqual([names, names, names]);
  });

  it("where it is a wildcard or an address", async () => {
    const odd = [first, "*.example.org", "192.0.2.10", "2001:db8::1"];
    for (const name of odd.slice(1)) die(name);
    await issue(cas.world, config({ names: odd, onDeadName: "fail" }));
    expect(ordered()).toEqual([odd]);
  });

  it("for another issuer than ACME", async () => {
    die(second);
    const own = certificate({ names, onDeadName: "fail" });
    expect((await issue(cas.world, own)).names).toEqual(names);
  });
});
