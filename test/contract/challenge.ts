// What every ACME challenge must keep: seen once presented, nothing but its own tokens, gone after clean-up, safe to repeat.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Challenge, ChallengeToken } from "../../src/challenges/challenge.ts";

export interface ChallengeUnderTest {
  readonly challenge: Challenge;
  /** What a CA finds for a token when it looks now; undefined: nothing, or nobody answers. */
  readonly look: (token: ChallengeToken) => Promise<string | undefined>;
  /** What the CA must find, made from the token. */
  readonly expected: (token: ChallengeToken) => string;
  /** Whether anything of the challenge is still open on this host. */
  readonly traces: () => Promise<boolean>;
  /** Makes `present` fail half-way until what it gives is called. */
  readonly obstruct: () => Promise<() => Promise<void>>;
  readonly close: () => Promise<void>;
}

const token = (letter: string, identifier = "mail.example.org"): ChallengeToken => ({
  identifier,
  token: letter.repeat(43),
  keyAuthorization: `${letter.repeat(43)}.${"t".repeat(43)}`,
});

export const challengeContract = (name: string, open: () => Promise<ChallengeUnderTest>): void => {
  describe(`challenge contract: ${name}`, () => {
    const { signal } = new AbortController();
    let subject: ChallengeUnderTest;
    beforeEach(async () => {
      subject = await open();
    });
    afterEach(() => subject.close());

    test("touches nothing before the first token", async () => {
      expect(subject.challenge.type).toMatch(/^[a-z0-9-]+$/);
      expect(await subject.traces()).toBe(false);
    });

    test("can be seen as soon as it is presented, and no longer after clean-up", async () => {
      const a = token("a");
      await subject.challenge.present(a, signal);
      expect(await subject.look(a)).toBe(subject.expected(a));
      expect(await subject.look(token("x", "other.example.org"))).toBeUndefined();
      await subject.challenge.cleanUp(a);
      expect(await subject.look(a)).toBeUndefined();
      expect(await subject.traces()).toBe(false);
    });

    test("holds several tokens at once, presented together, taken away one by one", async () => {
      // One token for each name, as an order has them.
      const [a, b, c] = [token("a"), token("b", "mx.example.org"), token("c", "imap.example.org")];
      await Promise.all([a, b, c].map((one) => subject.challenge.present(one, signal)));
      for (const one of [a, b, c]) expect(await subject.look(one)).toBe(subject.expected(one));
      await subject.challenge.cleanUp(b);
      expect(await subject.look(b)).toBeUndefined();
      expect(await subject.look(a)).toBe(subject.expected(a));
      await Promise.all([a, c].map((one) => subject.challenge.cleanUp(one)));
      expect(await subject.traces()).toBe(false);
    });

    test("clean-up may come twice, and without a present", async () => {
      const a = token("a");
      await subject.challenge.cleanUp(a);
      await subject.challenge.present(a, signal);
      await subject.challenge.cleanUp(a);
      await subject.challenge.cleanUp(a);
      expect(await subject.traces()).toBe(false);
    });

    test("works again after it was cleaned up, also right away", async () => {
      const [a, b] = [token("a"), token("b")];
      await subject.challenge.present(a, signal);
      const [, ,] = await Promise.all([subject.challenge.cleanUp(a), subject.challenge.present(b, signal)]);
      expect(await subject.look(b)).toBe(subject.expected(b));
      await subject.challenge.cleanUp(b);
      expect(await subject.traces()).toBe(false);
    });

    test("rejects when it is told to stop, and leaves nothing after clean-up", async () => {
      const a = token("a");
      await expect(subject.challenge.present(a, AbortSignal.abort())).rejects.toThrow();
      await subject.challenge.cleanUp(a);
      expect(await subject.traces()).toBe(false);
    });

    test("a present that fails is undone by clean-up, and can be tried again", async () => {
      const lift = await subject.obstruct();
      const a = token("a");
      await expect(subject.challenge.present(a, signal)).rejects.toThrow();
      await subject.challenge.cleanUp(a);
      await lift();
      await subject.challenge.present(a, signal);
      expect(await subject.look(a)).toBe(subject.expected(a));
      await subject.challenge.cleanUp(a);
    });
  });
};
