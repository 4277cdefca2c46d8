// What a renewal run does about one certificate, at every age and after every kind of failure.
import { describe, expect, it } from "vitest";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { decide } from "../../src/domain/renew-decision.ts";
import { sharedServerWarnings } from "../../src/domain/shared-servers.ts";
import { emptyState } from "../../src/domain/state.ts";
import type { CertificateState } from "../../src/store/store.ts";
import { usualCertificate } from "../fakes/settings.ts";

const config: CertificateConfig = {
  name: "mail.example.org",
  names: ["mail.example.org"],
  keys: ["ecdsa"],
  issuer: { kind: "private-ca", ca: "default", days: 90 },
  servers: "auto",
  ...usualCertificate,
};
const state = (over: Partial<CertificateState> = {}): CertificateState => ({
  ...emptyState("mail.example.org"),
  generations: [
    {
      number: 1,
      names: ["mail.example.org"],
      issuer: "private-ca",
      authority: "default",
      createdAt: "2026-01-01T00:00:00Z",
      notBefore: "2026-01-01T00:00:00Z",
      notAfter: "2026-04-01T00:00:00Z",
      leaves: { ecdsa: { sha256: "a", spkiSha256: "b", key: "0001", algorithm: "ecdsa" } },
    },
  ],
  target: 1,
  stage: "verified",
  ...over,
});
const timer = { force: false, named: false };
const at = (text: string): Date => new Date(text);
const error = (attempts: number, facts?: Record<string, unknown>): Partial<CertificateState> => ({
  attempts,
  nextAttempt: "2026-01-10T13:00:00Z",
  lastError: { at: "2026-01-10T12:00:00Z", what: "deploy", message: "no", ...(facts ? { facts } : {}) },
});

describe("decide", () => {
  it("issues what is not there, and waits after a failure unless it is named", () => {
    expect(decide(config, undefined, timer, at("2026-01-10T12:30:00Z")).action).toBe("issue");
    const failed = { ...emptyState("mail.example.org"), ...error(1) };
    expect(decide(config, failed, timer, at("2026-01-10T12:30:00Z"))).toMatchObject({ action: "wait", why: "no" });
    expect(decide(config, failed, { force: false, named: true }, at("2026-01-10T12:30:00Z")).action).toBe("issue");
    expect(decide(config, failed, timer, at("2026-01-10T13:00:00Z")).action).toBe("issue");
  });

  it("renews at two thirds of the lifetime, and at once when expired or forced", () => {
    expect(decide(config, state(), timer, at("2026-03-01T23:00:00Z")).action).toBe("nothing");
    expect(decide(config, state(), timer, at("2026-03-02T00:00:00Z"))).toMatchObject({ action: "issue" });
    expect(decide(config, state(), timer, at("2026-05-01T00:00:00Z"))).toMatchObject({ why: "it has expired" });
    expect(decide(config, state(), { force: true, named: false }, at("2026-01-02T00:00:00Z")).action).toBe("issue");
  });

  it("issues anew when names, keys or issuer changed", () => {
    const now = at("2026-01-02T00:00:00Z");
    expect(decide({ ...config, names: ["a.example.org"] }, state(), timer, now)).toMatchObject({ action: "issue" });
    expect(decide({ ...config, keys: ["rsa"] }, state(), timer, now)).toMatchObject({ action: "issue" });
    const other = { ...config, issuer: { kind: "private-ca", ca: "second", days: 90 } } as const;
    expect(decide(other, state(), timer, now)).toMatchObject({ action: "issue" });
  });

  it("finishes what was left undone, three times at once, then by the ladder", () => {
    const now = at("2026-01-10T12:30:00Z");
    expect(decide(config, state({ stage: "switched" }), timer, now).action).toBe("deploy");
    expect(decide(config, state({ stage: "reloaded", ...error(3) }), timer, now).action).toBe("deploy");
    expect(decide(config, state({ stage: "reloaded", ...error(4) }), timer, now).action).toBe("wait");
    // Each attempt of one that broke a server takes TLS away for a while.
    expect(decide(config, state({ stage: "staged", ...error(1, { rolledBack: true }) }), timer, now).action).toBe(
      "wait",
    );
    expect(decide(config, state({ stage: "staged", parked: true }), timer, now).action).toBe("nothing");
  });

  it("near the end only the CA's own time holds an attempt back, not our ladder", () => {
    const now = at("2026-03-31T20:00:00Z");
    const after = (retryAt: string | undefined): CertificateState =>
      state({
        attempts: 5,
        nextAttempt: "2026-03-31T22:00:00Z",
        lastError: {
          at: "2026-03-31T19:00:00Z",
          what: "issue",
          message: "no",
          ...(retryAt === undefined ? {} : { facts: { retryAt } }),
        },
      });
    expect(decide(config, after(undefined), timer, now).action).toBe("issue");
    expect(decide(config, after("2026-03-31T19:10:00Z"), timer, now).action).toBe("issue");
    const held = decide(config, after("2026-03-31T21:00:00Z"), timer, now);
    expect(held).toEqual({ action: "wait", until: at("2026-03-31T21:00:00Z"), why: "no" });
  });

  it("proves again once a day what a server serves", () => {
    const deployments = {
      dovecot: { server: "dovecot", generation: 1, at: "2026-01-10T12:00:00Z", entries: [] },
      postfix: { server: "postfix", generation: 1, at: "2026-01-10T18:00:00Z", entries: [] },
    };
    expect(decide(config, state({ deployments }), timer, at("2026-01-11T11:59:00Z")).action).toBe("nothing");
    expect(decide(config, state({ deployments }), timer, at("2026-01-11T12:00:00Z"))).toMatchObject({
      action: "deploy",
    });
    expect(decide(config, state({ deployments, parked: true }), timer, at("2026-01-12T12:00:00Z")).action).toBe(
      "nothing",
    );
  });
});

it("certificates for the same servers are named", () => {
  const other = { ...config, name: "b.example.org" };
  const courier = (here: boolean) => [{ name: "courier", here }];
  const named = { ...other, servers: ["courier"] };
  expect(sharedServerWarnings([config, other], courier(true))).toHaveLength(1);
  expect(sharedServerWarnings([config, other], courier(false))).toEqual([]);
  expect(sharedServerWarnings([config, other], [])).toEqual([]);
  expect(sharedServerWarnings([config, { ...other, servers: [] }], courier(true))).toEqual([]);
  expect(sharedServerWarnings([named, other], courier(true))).toHaveLength(1);
  expect(sharedServerWarnings([{ ...named, name: "c.example.org" }, named], courier(false))).toEqual([
    "b.example.org and c.example.org are both for courier, which takes one certificate (it does not choose by the name that clients ask for) and gets c.example.org: put all names into one, or give one of them other servers",
  ]);
});
