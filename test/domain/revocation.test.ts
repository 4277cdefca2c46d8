// What a revocation takes, what it condemns, and that nothing goes back to what is revoked.
import { describe, expect, it } from "vitest";
import {
  condemned,
  doomedBy,
  doomedGenerations,
  hasRetiredKey,
  pendingOf,
  withPending,
  withRetiredKeys,
} from "../../src/domain/revocation.ts";
import { emptyState, withLiveKeys } from "../../src/domain/state.ts";
import { mayGoBackTo, mayStay } from "../../src/domain/verdict.ts";
import type { CertificateState, GenerationRecord } from "../../src/store/store.ts";

const now = new Date("2026-11-20T12:00:00Z");
const generation = (number: number, key: string, over: Partial<GenerationRecord> = {}): GenerationRecord => ({
  number,
  names: ["mail.example.org"],
  issuer: "acme",
  authority: "https://ca.example.org/directory",
  createdAt: "2026-11-01T00:00:00Z",
  notBefore: "2026-11-01T00:00:00Z",
  notAfter: "2027-01-30T00:00:00Z",
  leaves: { ecdsa: { sha256: `leaf ${number}`, spkiSha256: `spki of ${key}`, key, algorithm: "ecdsa" } },
  ...over,
});
const revoked = { at: "2026-11-10T00:00:00Z", reason: "superseded" } as const;
const expired = { notAfter: "2026-11-19T00:00:00Z" };

const state: CertificateState = {
  ...emptyState("mail.example.org"),
  generations: [
    generation(1, "0001", expired),
    generation(2, "0001", { revoked }),
    generation(3, "0001"),
    generation(4, "0002"),
    generation(5, "0001", { issuer: "self-signed" }),
    generation(6, "0001"),
  ],
  keys: { ecdsa: { current: "0001", next: "0003", old: ["0002"] } },
};
const third = state.generations[2] ?? generation(3, "");

describe("revocation", () => {
  it("by the account takes one generation; a compromised key takes all that are valid still and can be revoked", () => {
    expect(doomedBy(state, { generation: 6, byKey: false }, now).map(({ number }) => number)).toEqual([6]);
    const retired = withRetiredKeys(state, third);
    expect(doomedBy(retired, { generation: 6, byKey: true }, now).map(({ number }) => number)).toEqual([6, 3]);
    expect(doomedBy(state, { generation: 9, byKey: false }, now)).toEqual([]);
    // The same certificate twice: it cannot be revoked and served.
    const twice = { ...state, generations: [...state.generations, { ...generation(7, "0001"), leaves: third.leaves }] };
    expect(doomedBy(twice, { generation: 3, byKey: false }, now).map(({ number }) => number)).toEqual([3, 7]);
  });

  it("a given-up key stays given up, whatever becomes live", () => {
    const retired = withRetiredKeys(state, third, ["spki of 0003"]);
    expect(retired.retired).toEqual(["spki of 0001", "spki of 0003"]);
    const later = withLiveKeys(withRetiredKeys(retired, third), 4);
    expect(later.retired).toEqual(["spki of 0001", "spki of 0003"]);
    expect(hasRetiredKey(later, third)).toBe(true);
    expect(hasRetiredKey(later, generation(4, "0002"))).toBe(false);
  });

  it("condemns what is revoked, and what has such a key", () => {
    expect(condemned(state, third, now)).toBeUndefined();
    expect(condemned(state, generation(2, "0001", { revoked }), now)).toBe("it was revoked on 2026-11-10 (superseded)");
    expect(condemned(withRetiredKeys(state, third), third, now)).toBe("its private key was given up as compromised");
  });

  it("condemns what its CA was asked to revoke, and what it is to be asked", () => {
    const revoking = { at: "2026-11-19T00:00:00Z", reason: "superseded" } as const;
    expect(condemned(state, { ...third, revoking }, now)).toBe(
      "it was to be revoked on 2026-11-19 (superseded), and its CA may have done so",
    );
    const pending = { generation: 3, reason: "superseded", since: "2026-11-19T00:00:00Z", byKey: false } as const;
    expect(condemned(withPending(state, [pending]), third, now)).toBe("it is to be revoked (superseded)");
    const other = { ...pending, generation: 4 };
    expect(condemned(withPending(state, [other]), third, now)).toBeUndefined();
    expect(condemned(withPending(state, [other, pending]), third, now)).toBe("it is to be revoked (superseded)");
  });

  it("is a list in the order of asking; one alone is written as it always was", () => {
    const pending = { generation: 3, reason: "superseded", since: "2026-11-19T00:00:00Z", byKey: false } as const;
    const other = { ...pending, generation: 4 };
    expect(withPending(state, [pending])).toEqual({ ...state, revocation: pending });
    const both = withPending(state, [other, pending]);
    expect(pendingOf(both)).toEqual([other, pending]);
    expect(doomedGenerations(both, now).map(({ number }) => number)).toEqual([4, 3]);
    expect(withPending(both, [])).toEqual(state);
  });

  it("there is no way back to what is revoked, may be, or has a key that was given up", () => {
    expect(mayGoBackTo(state, third, now)).toBe(true);
    expect(mayGoBackTo(state, { ...third, revoked }, now)).toBe(false);
    expect(mayGoBackTo(state, { ...third, revoking: revoked }, now)).toBe(false);
    expect(mayGoBackTo(withRetiredKeys(state, third), third, now)).toBe(false);
  });

  it("what the servers had just now may stay for want of another, unless it is revoked", () => {
    const entries = { server: "dovecot", generation: 3, at: "2026-11-20T00:00:00Z", entries: [] };
    const given = { ...withRetiredKeys(state, third), deployments: { dovecot: entries } };
    expect(mayStay(given, third, now)).toBe(true);
    expect(mayStay(given, { ...third, revoking: revoked }, now)).toBe(false);
    expect(mayStay(given, generation(1, "0001"), now)).toBe(false);
  });
});
