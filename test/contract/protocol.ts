// What every mail protocol must keep (src/protocols/protocol.ts): one suite that each implementation runs.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Mode, ProtocolName } from "../../src/domain/entry-point.ts";
import type { ClearDialogue } from "../../src/domain/observation.ts";
import { openConversation } from "../../src/probe/conversation.ts";
import { ConversationError } from "../../src/protocols/conversation-error.ts";
import { protocols } from "../../src/protocols/index.ts";
import type { StartTlsOutcome } from "../../src/protocols/protocol.ts";
import { type Behaviour, mailServer, memoryServer } from "../fakes/mail-server.ts";

const never = (): AbortSignal => new AbortController().signal;

interface Walked {
  readonly outcome: StartTlsOutcome;
  readonly learnt: Partial<ClearDialogue>;
  readonly lines: readonly string[];
  readonly rest: Buffer;
}

const walk = async (name: ProtocolName, behaviour: Behaviour = {}): Promise<Walked> => {
  const { client, lines } = memoryServer(mailServer(name, "starttls", behaviour));
  const conversation = openConversation(client, never());
  let learnt: Partial<ClearDialogue> = {};
  const outcome = await protocols[name].startTls(conversation, {
    host: "mail.example.org",
    ehlo: "verifier.example.net",
    learn: (known) => {
      learnt = { ...learnt, ...known };
    },
  });
  return { outcome, learnt, lines, rest: conversation.detach() };
};

const inside = async (name: ProtocolName, mode: Mode, behaviour: Behaviour = {}) => {
  // In memory nothing is encrypted: the script is told that TLS is there already.
  const script = mailServer(name, "implicit", {
    ...(name === "ftp" ? { greeting: "220 ready\r\n" } : {}),
    ...behaviour,
  });
  const { client, lines } = memoryServer((talk) => script({ ...talk, startTls: async () => undefined }));
  const conversation = openConversation(client, never());
  // After STARTTLS there is no greeting any more.
  if (mode === "starttls" && name !== "sieve" && !protocols[name].clientFirst) await conversation.readLine();
  return {
    secure: await protocols[name].inside(conversation, mode, {
      host: "mail.example.org",
      ehlo: "verifier.example.net",
      learn: () => undefined,
    }),
    lines,
  };
};

/** Cut positions as shares, so that they fit texts of any length. */
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });
const cutBy =
  (shares: readonly number[]) =>
  (text: string): readonly number[] =>
    shares.map((share) => Math.floor(share * text.length));

/** `goAhead` and `no` are the server's whole answers to STARTTLS; `nothing` a capability text without it. */
export interface ProtocolSamples {
  readonly goAhead: string;
  readonly no: string;
  readonly later: string;
  readonly withoutStartTls: Behaviour;
  /** A greeting that turns the client away. */
  readonly turnedAway: string;
  /** What servers take without listing it: asked for all the same. */
  readonly askedUnlisted?: true;
  /** All that the client may say in clear, and its goodbye inside TLS, where these are no lines. */
  readonly says?: RegExp;
  readonly goodbye?: RegExp;
}

const usualWords = /^(EHLO|LHLO|STARTTLS|STLS|CAPA|CAPABILITIES|FEAT|AUTH TLS|a\d CAPABILITY|a\d STARTTLS)\b/;

export const protocolContract = (name: ProtocolName, samples: ProtocolSamples): void => {
  describe(`the contract of protocols: ${name}`, () => {
    test("reaches the go-ahead, with nothing left over", async () => {
      const { outcome, learnt, rest } = await walk(name);
      expect(outcome.refused).toBeUndefined();
      expect(outcome.dialogue).toMatchObject({ startTlsOffered: true, authInClear: [], injectedBytes: 0 });
      expect(outcome.dialogue.startTlsReply).toBeTruthy();
      // What was learnt on the way is what is told at the end.
      expect(learnt).toEqual(outcome.dialogue);
      expect(rest).toHaveLength(0);
    });

    test("never logs in, never mails, and greets once", async () => {
      const { lines } = await walk(name);
      for (const line of lines) expect(line).toMatch(samples.says ?? usualWords);
      expect(new Set(lines).size).toBe(lines.length);
    });

    test("any split of the server's bytes gives the same dialogue", async () => {
      const whole = await walk(name);
      await fc.assert(
        fc.asyncProperty(cuts, async (shares) => {
          const split = await walk(name, { cuts: cutBy(shares) });
          expect(split.outcome).toEqual(whole.outcome);
          expect(split.lines).toEqual(whole.lines);
        }),
        { numRuns: 60 },
      );
    });

    test("bytes behind the go-ahead stay unread", async () => {
      const { outcome, rest } = await walk(name, { goAhead: `${samples.goAhead}EXTRA\r\n` });
      expect(outcome.refused).toBeUndefined();
      expect(rest.toString()).toBe("EXTRA\r\n");
    });

    test("a no is a refusal with the server's words", async () => {
      const { outcome } = await walk(name, { goAhead: samples.no });
      expect(outcome.refused).toMatchObject({ reason: "declined", message: expect.stringMatching(/nope/) });
    });

    test("a not-now is told apart from a no", async () => {
      expect((await walk(name, { goAhead: samples.later })).outcome.refused?.reason).toBe("temporary");
    });

    test("STARTTLS that is not offered is a refusal, and not asked for where a list is to be believed", async () => {
      const { outcome, lines } = await walk(name, samples.withoutStartTls);
      expect(outcome.refused?.reason).toBe("not-offered");
      expect(outcome.dialogue.startTlsOffered).toBe(false);
      const asked = lines.filter((line) => /STARTTLS|STLS|AUTH TLS/i.test(line));
      expect(asked).toHaveLength(samples.askedUnlisted ? 1 : 0);
    });

    test("turned away by the greeting", async () => {
      const { outcome } = await walk(name, { greeting: samples.turnedAway });
      expect(outcome.refused).toMatchObject({ stage: "greeting", message: expect.stringMatching(/nope/) });
    });

    test("garbage of any kind ends in a ConversationError or a refusal, never in anything else", async () => {
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: "binary", maxLength: 200 }), async (garbage) => {
          const { client } = memoryServer(async (talk) => {
            await talk.send(Buffer.from(garbage).toString("latin1"));
            talk.end();
          });
          const walking = protocols[name].startTls(openConversation(client, never()), {
            host: "mail.example.org",
            ehlo: "x.example",
            learn: () => undefined,
          });
          const result = await walking.catch((error: unknown) => error);
          if (result instanceof Error) expect(result).toBeInstanceOf(ConversationError);
          else expect((result as StartTlsOutcome).refused).toBeDefined();
        }),
        { numRuns: 100 },
      );
    });

    test.each(["implicit", "starttls"] as const)(
      "inside TLS (%s): capabilities read again, a polite end",
      async (mode) => {
        const { secure, lines } = await inside(name, mode);
        expect(secure.capabilities.length).toBeGreaterThan(0);
        expect(secure.startTlsStillOffered).toBe(false);
        expect(lines.at(-1)).toMatch(samples.goodbye ?? /^(QUIT|LOGOUT|a\d LOGOUT)$/);
      },
    );
  });
};
