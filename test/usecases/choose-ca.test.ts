// Several CAs: who is asked, who is passed over and for how long, what is kept of it, and what status and the report say.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { Failure } from "../../src/domain/failure.ts";
import { statusText } from "../../src/reports/status.ts";
import { issue } from "../../src/usecases/issue.ts";
import { type RenewResult, renew } from "../../src/usecases/renew.ts";
import { status } from "../../src/usecases/status.ts";
import { type AcmeCas, acmeAt, acmeCas, found } from "../fakes/acme-cas.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";
import { timerRun as timer } from "../fakes/renew-options.ts";

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
const [one, two, three] = [acmeAt("one.example"), acmeAt("two.example"), acmeAt("three.example")];
const name = "mail.example.org";
const several = certificate({ issuer: one, fallbacks: [two, three] });

let fake: FakeWorld;
let cas: AcmeCas;
beforeEach(() => {
  fake = fakeWorld();
  cas = acmeCas(fake.world);
});
afterEach(() => fake.dispose());

const down = (message = "the CA is down"): void => {
  throw new Failure("unavailable", message);
};
const busy = (minutes: number): void => {
  const retryAt = new Date(fake.clock.now.getTime() + minutes * minute).toISOString();
  throw new Failure("try-later", "too many orders", { facts: { retryAt } });
};
const refused = (): void => {
  throw new Failure("unavailable", "the CA could not validate it", { facts: { refused: [{ name }] } });
};
const excluded = (): void => {
  throw new Failure("config", "it wants an account binding");
};
const pass = (ms: number): void => {
  fake.clock.now = new Date(fake.clock.now.getTime() + ms);
};
const asked = (): readonly string[] => cas.orders.map(({ ca }) => ca.split(".")[0] ?? "");
const kept = () => cas.world.store.read(name)?.caFailures ?? {};
const failure = async (config: CertificateConfig = several): Promise<Failure> => {
  try {
    await issue(cas.world, config);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("it was issued");
};
const told = async (config: CertificateConfig = several): Promise<string> => {
  const read = async () => ({ certificates: [config] }) as never;
  const world = { ...cas.world, config: { ...cas.world.config, read } };
  return statusText(await status(world, []), undefined, fake.clock.now);
};

const run = (config: CertificateConfig = several): Promise<RenewResult> => renew(cas.world, [config], timer);

describe("who is asked", () => {
  it("the first, and nobody else, when it can", async () => {
    const { generation, findings } = await issue(cas.world, several);
    expect(asked()).toEqual(["one"]);
    expect(generation).toMatchObject({ authority: one.directory, account: "https://one.example/acct/1" });
    expect(findings).toBeUndefined();
    expect(kept()).toEqual({});
  });

  it.each([
    ["is down", () => down()],
    ["is rate limited", () => busy(180)],
    [
      "will not have a name",
      () => {
        const problem = { type: "urn:ietf:params:acme:error:rejectedIdentifier" };
        throw new Failure("data", "not this name", { facts: { problem } });
      },
    ],
  ])("the next, when the first %s; both slots come from that one", async (_what, how) => {
    cas.refuse.set("one.example", how);
    const dual = certificate({ issuer: one, fallbacks: [two], keys: ["ecdsa", "rsa"] });
    const { generation, findings } = await issue(cas.world, dual);
    expect(asked()).toEqual(["one", "two", "two"]);
    expect(generation.authority).toBe(two.directory);
    expect(findings).toMatchObject([
      {
        check: "ca-fallback",
        severity: "warning",
        message: expect.stringMatching(/^one\.example failed: .*; used two\.example$/),
      },
    ]);
    expect(Object.keys(kept())).toEqual([one.directory]);
  });

  it.each([
    ["NOT_ACME", "it answers with HTTP 403", "check the directory URL"],
    ["ACCOUNT", "the CA no longer accepts the account", "to go on with a new account: mv a b"],
  ])(
    "the next, when the first answers as none (%s); what has to be mended is told by renew and by status",
    async (code, said, mend) => {
      const gone = new Failure("config", said, { hints: [mend], facts: { code } });
      cas.facts.set("one.example", gone);
      const [renewed] = (await run()).certificates;
      expect(asked()).toEqual(["two"]);
      expect(renewed?.findings).toMatchObject([
        {
          check: "ca-fallback",
          severity: "warning",
          message: `one.example failed: ${said}; used two.example`,
          hint: `one.example will not issue until that is mended: ${mend}`,
        },
      ]);
      // For as long as it is not.
      pass(40 * day);
      expect(await told()).toContain(`one.example failed (2026-11-20 12:00 UTC): ${said}; used two.example`);
      cas.facts.delete("one.example");
      pass(30 * day);
      expect((await run()).certificates[0]?.findings).toEqual([]);
      expect(await told()).not.toContain("failed");
    },
  );

  it("the next, when the first cannot even be reached before an order", async () => {
    cas.facts.set("one.example", new Failure("unavailable", "no answer"));
    await issue(cas.world, several);
    expect(asked()).toEqual(["two"]);
  });

  it("nobody else after a validation that failed, a full disk, or settings that are wrong", async () => {
    for (const how of [refused, excluded]) {
      cas.refuse.set("one.example", how);
      await failure();
    }
    expect(asked()).toEqual(["one", "one"]);
    const stuck = async () => ({ ...(await fake.world.preflight()), writeTrouble: async () => "no space is left" });
    cas = { ...cas, world: { ...cas.world, preflight: stuck } };
    expect(await failure()).toMatchObject({ kind: "cannot-create", facts: { code: "NOT_WRITABLE" } });
    expect(asked()).toHaveLength(2);
  });

  it("a second one that our settings exclude, or that takes not all names, is passed over", async () => {
    cas.refuse.set("one.example", () => down());
    cas.refuse.set("two.example", excluded);
    expect((await issue(cas.world, several)).generation.authority).toBe(three.directory);
    cas.never.set("two.example", "it certifies no such names");
    const { generation } = await issue(cas.world, several);
    expect(generation.authority).toBe(three.directory);
    expect(asked()).toEqual(["one", "two", "three", "three"]);
  });

  it("a validation that fails at the second one ends it, and is what is told", async () => {
    cas.refuse.set("one.example", () => busy(600));
    cas.refuse.set("two.example", refused);
    expect(await failure()).toMatchObject({ kind: "unavailable", facts: { refused: [{ name }] } });
    expect(asked()).toEqual(["one", "two"]);
    // Within minutes, not when the first one has time again.
    const next = Date.parse(cas.world.store.read(name)?.nextAttempt ?? "");
    expect(next - fake.clock.now.getTime()).toBe(minute);
  });

  it("all of them fail: everything is said, and the next attempt is when the first of them has time", async () => {
    cas.refuse.set("one.example", () => busy(90));
    cas.refuse.set("two.example", () => down("two is down"));
    cas.refuse.set("three.example", () => busy(30));
    expect(await failure()).toMatchObject({
      kind: "try-later",
      message: expect.stringMatching(
        /one\.example: too many orders; two\.example: two is down; three\.example: too many/,
      ),
    });
    expect(cas.world.store.read(name)?.nextAttempt).toBe(
      new Date(fake.clock.now.getTime() + 30 * minute).toISOString(),
    );
    expect(Object.keys(kept())).toHaveLength(3);
  });

  it("with one CA nothing is kept: there is no choice to make", async () => {
    cas.refuse.set("one.example", () => down());
    expect((await failure(certificate({ issuer: one }))).message).toBe("the CA is down");
    expect(kept()).toEqual({});
  });
});

describe("CAA with several CAs", () => {
  it("forbids the first and permits the second: that one issues, at no cost, and it is told", async () => {
    cas.caa.set(name, found("example.org", "two.example"));
    const { findings } = await issue(cas.world, several);
    expect(asked()).toEqual(["two"]);
    expect(findings).toMatchObject([{ check: "ca-fallback", message: expect.stringContaining("CAA records forbid") }]);
  });

  it("keeps a fallback out", async () => {
    cas.caa.set(name, found("example.org", "one.example", "three.example"));
    cas.refuse.set("one.example", () => down());
    expect((await issue(cas.world, several)).generation.authority).toBe(three.directory);
    expect(asked()).toEqual(["one", "three"]);
  });

  it("forbids all: nobody is asked", async () => {
    cas.caa.set(name, found("example.org", ";"));
    expect(await failure()).toMatchObject({ kind: "config", facts: { code: "CAA" } });
    expect(cas.orders).toEqual([]);
  });
});

describe("over the runs", () => {
  it("one that failed is passed over until its time, then it goes first again; what another issued stays", async () => {
    cas.refuse.set("one.example", () => busy(120));
    await issue(cas.world, several);
    pass(90 * minute);
    await issue(cas.world, several);
    expect(asked()).toEqual(["one", "two", "two"]);
    // Not due only because another CA issued it.
    expect((await run()).certificates[0]?.decision.action).not.toBe("issue");
    cas.refuse.clear();
    pass(31 * minute);
    const { generation, findings } = await issue(cas.world, several);
    expect(generation.authority).toBe(one.directory);
    expect(findings).toBeUndefined();
    expect(kept()).toEqual({});
  });

  it("the others fail while the first waits: its reason and its time are told as well", async () => {
    cas.refuse.set("one.example", () => busy(120));
    await issue(cas.world, several);
    pass(hour);
    cas.refuse.set("two.example", excluded);
    cas.refuse.set("three.example", excluded);
    const nobody = await failure();
    expect(asked()).toEqual(["one", "two", "two", "three"]);
    expect(nobody.kind).toBe("try-later");
    expect(nobody.message).toMatch(/one\.example: too many orders \(not asked again before 2026-11-20 14:00 UTC\)/);
    expect(cas.world.store.read(name)?.nextAttempt).toBe("2026-11-20T14:00:00.000Z");
  });

  it("a clock that ran ahead when it failed keeps nobody out", async () => {
    cas.refuse.set("one.example", () => busy(120));
    pass(400 * day);
    await issue(cas.world, several);
    cas.refuse.clear();
    pass(-400 * day);
    await issue(cas.world, several);
    expect(asked()).toEqual(["one", "two", "one"]);
  });

  it("a run that was stopped says nothing about a CA", async () => {
    const stop = new AbortController();
    cas = { ...cas, world: { ...cas.world, signal: stop.signal } };
    cas.refuse.set("one.example", () => {
      stop.abort();
      down("stopped in the middle");
    });
    expect((await failure()).message).toBe("stopped in the middle");
    expect(asked()).toEqual(["one"]);
    expect(kept()).toEqual({});
  });

  it("a disk that cannot keep it does not hide why no CA issued", async () => {
    for (const host of ["one", "two"]) cas.refuse.set(`${host}.example`, () => down(`${host} is down`));
    cas.refuse.set("three.example", () => {
      fake.hooks.beforeWrite = () => {
        throw new Failure("cannot-create", "no space left");
      };
      down("three is down");
    });
    expect((await failure()).message).toContain("one is down; two.example: two is down; three.example: three is down");
    expect(kept()).toEqual({});
  });
});

describe("status", () => {
  it("says why the first could not, and who issued", async () => {
    cas.refuse.set("one.example", () => down());
    await issue(cas.world, several);
    expect(await told()).toContain("one.example failed (2026-11-20 12:00 UTC): the CA is down; used two.example");
    // What is not in the configuration any more is nobody's business.
    expect(await told(certificate({ issuer: two }))).not.toContain("one.example");
  });

  it("an older certificate of another CA was not the way out of a failure", async () => {
    cas.refuse.set("one.example", () => down());
    await issue(cas.world, several);
    pass(2 * hour);
    cas.refuse.set("two.example", () => down("two is down"));
    cas.refuse.set("three.example", () => down("three is down"));
    await failure();
    const text = await told();
    expect(text).toContain("one.example failed (2026-11-20 14:00 UTC): the CA is down\n");
    expect(text).not.toContain("; used");
  });
});
