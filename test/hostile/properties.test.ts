// Properties of every dialogue: packets may be cut anywhere, lines may end in LF, and no more is read than the limits say.
import { Duplex } from "node:stream";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ProtocolName } from "../../src/domain/entry-point.ts";
import type { ClearDialogue, SecureDialogue } from "../../src/domain/observation.ts";
import { openConversation } from "../../src/probe/conversation.ts";
import { ConversationError } from "../../src/protocols/conversation-error.ts";
import { protocols } from "../../src/protocols/index.ts";
import type { StartTlsOutcome } from "../../src/protocols/protocol.ts";
import { type Behaviour, mailServer, memoryServer } from "../fakes/mail-server.ts";
import { brokenDialogues } from "./dialogues.ts";

const names = Object.keys(protocols) as readonly ProtocolName[];
const never = (): AbortSignal => new AbortController().signal;
const options = (learn: (known: Partial<ClearDialogue>) => void = () => undefined) => ({
  host: "mail.example.org",
  ehlo: "verifier.example.net",
  learn,
});

/** Cut positions as shares, so that they fit texts of any length. */
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });
const cutBy =
  (shares: readonly number[]) =>
  (text: string): readonly number[] =>
    shares.map((share) => Math.floor(share * text.length));

interface Seen {
  readonly outcome?: StartTlsOutcome | SecureDialogue;
  /** Reason and words of what broke off. */
  readonly error?: string;
  readonly learnt: Partial<ClearDialogue>;
  readonly lines: readonly string[];
}

const attempt = async <Result>(job: () => Promise<Result>): Promise<{ outcome?: Result; error?: string }> => {
  try {
    return { outcome: await job() };
  } catch (error) {
    if (!(error instanceof ConversationError)) throw error;
    return { error: `${error.reason}: ${error.message}` };
  }
};

/** In clear, up to TLS. */
const before = async (name: ProtocolName, behaviour: Behaviour): Promise<Seen> => {
  const { client, lines } = memoryServer(mailServer(name, "starttls", behaviour));
  const conversation = openConversation(client, never());
  let learnt: Partial<ClearDialogue> = {};
  const learn = (known: Partial<ClearDialogue>): void => void (learnt = { ...learnt, ...known });
  const ended = await attempt(() => protocols[name].startTls(conversation, options(learn)));
  conversation.detach();
  return { ...ended, learnt, lines };
};

/** Inside TLS, which memory needs none of. */
const inside = async (name: ProtocolName, behaviour: Behaviour): Promise<Seen> => {
  const script = mailServer(name, "implicit", behaviour);
  const { client, lines } = memoryServer((talk) => script({ ...talk, startTls: async () => undefined }));
  const conversation = openConversation(client, never());
  const ended = await attempt(() => protocols[name].inside(conversation, "implicit", options()));
  conversation.detach();
  return { ...ended, learnt: {}, lines };
};

describe.each(names)("%s: however the server's bytes are cut, the same is seen", (name) => {
  const rows = brokenDialogues(name).map(
    (one, index) => [`dialogue ${index + 1}: ${JSON.stringify(one).slice(0, 60)}`, one] as const,
  );
  test.each([["healthy", {}] as const, ...rows])("%s", async (_, behaviour) => {
    const whole = await before(name, behaviour);
    const within = await inside(name, behaviour);
    const same = async (cut: NonNullable<Behaviour["cuts"]>): Promise<void> => {
      expect(await before(name, { ...behaviour, cuts: cut })).toEqual(whole);
      expect(await inside(name, { ...behaviour, cuts: cut })).toEqual(within);
    };
    await same(({ length }) => Array.from({ length }, (_byte, at) => at));
    await fc.assert(
      fc.asyncProperty(cuts, (shares) => same(cutBy(shares))),
      { numRuns: 15 },
    );
  });
});

const withLines = names.filter((name) => !/^xmpp|^ldap/.test(name)) as readonly Exclude<
  ProtocolName,
  "xmpp-client" | "xmpp-server" | "ldap"
>[];

test.each(withLines)("%s: a bare LF ends a line like CRLF", async (name) => {
  const { lineTexts } = await import("../fakes/server-texts.ts");
  const bare = (behaviour: Behaviour): Behaviour => ({
    ...behaviour,
    ...Object.fromEntries(
      (["greeting", "capabilities", "goAhead", "inside"] as const).map((key) => [
        key,
        (behaviour[key] ?? lineTexts[name][key]).replaceAll("\r\n", "\n"),
      ]),
    ),
  });
  for (const behaviour of [{}, ...brokenDialogues(name)]) {
    // In a literal the line end is part of what is counted.
    if (/\{\d+\+?\}/.test(JSON.stringify(behaviour))) continue;
    expect(await before(name, bare(behaviour))).toEqual(await before(name, behaviour));
    expect(await inside(name, bare(behaviour))).toEqual(await inside(name, behaviour));
  }
});

describe.each(names)("%s: of a server that never stops", (name) => {
  /** Gives what is asked for, one chunk a time, and counts it. */
  const endless = (first: string, more: string) => {
    let given = 0;
    let begun = false;
    const chunk = Buffer.from(more.repeat(Math.ceil(1_024 / more.length)), "latin1");
    const client = new Duplex({
      highWaterMark: 1_024,
      read: () => {
        const part = begun ? chunk : Buffer.from(first + more, "latin1");
        begun = true;
        given += part.length;
        setImmediate(() => client.push(part));
      },
      write: (_part, _encoding, done) => done(),
    });
    return { client, given: () => given };
  };
  test("no more than 64 KiB and one piece is taken, whatever it says", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "binary-ascii", maxLength: 40 }),
        fc.constantFrom(
          "\r\n",
          "x",
          "250-x\r\n",
          "* x\r\n",
          "+OK\r\n",
          '"x"\r\n',
          "101 x\r\n",
          "<a>",
          "<a/>",
          " ",
          "0\x02\x02\0",
          "220-\n",
          "\0",
        ),
        async (first, more) => {
          const { client, given } = endless(first, more);
          const conversation = openConversation(client, AbortSignal.timeout(15_000));
          const ended = await attempt(() => protocols[name].startTls(conversation, options()));
          conversation.detach();
          expect(ended.error ?? JSON.stringify(ended.outcome)).not.toContain("timeout");
          expect(given()).toBeLessThan(64 * 1024 + 8 * 1024);
          client.destroy();
        },
      ),
      { numRuns: 25 },
    );
  });
});
