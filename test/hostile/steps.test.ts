// Servers that break off, fall silent or go on for ever at every step: one finding, soon, and the connection is let go.
import { describe, expect, test } from "vitest";
import type { Mode, ProtocolName } from "../../src/domain/entry-point.ts";
import { protocols } from "../../src/protocols/index.ts";
import { type Script, type Talk, mailServer } from "../fakes/mail-server.ts";
import { told } from "../fakes/told.ts";
import { scripted } from "../probe/scripted.ts";
import { expectClean, look } from "./looking.ts";

const scene = scripted();
const { serve } = scene;
const names = Object.keys(protocols) as readonly ProtocolName[];
const anchored = () => ({ anchors: [scene.pki.root.pem] });

/** A healthy server up to its `count`-th word (sent, or TLS begun), where `instead` happens. */
const until =
  (count: number, usual: Script, instead: (talk: Talk) => void | Promise<void>): Script =>
  async (talk) => {
    let words = 0;
    const stop = async (): Promise<never> => {
      await instead(talk);
      // Nothing more comes, and nothing is closed.
      return new Promise(() => undefined);
    };
    await usual({
      ...talk,
      send: async (...args) => ((words += 1) > count ? stop() : talk.send(...args)),
      startTls: async (...args) => ((words += 1) > count ? stop() : talk.startTls(...args)),
    });
  };

const steps = [0, 1, 2, 3, 4];
const stepsOf = names.flatMap((protocol) =>
  // ManageSieve with TLS at once is a fault whatever comes.
  (["starttls", "implicit"] as const)
    .filter((mode) => mode === "starttls" || protocol !== "sieve")
    .map((mode) => [protocol, mode] as const),
);

/** One cause, whatever the step, and one fault; none where only the goodbye was not answered. A host where nothing answers is told of as such besides. */
const expectOneFault = (findings: readonly string[]): void => {
  expect(new Set(findings.map((finding) => finding.split(" ")[1])).size, findings.join()).toBeLessThanOrEqual(1);
  const [finding = "fault net-reach"] = findings.filter((one) => one.startsWith("fault"));
  expect(finding).toMatch(/^fault (?:net-reach|st-refused|tls-handshake)$/);
};

describe("a reset at each step", () => {
  test.each(stepsOf)("%s %s", async (protocol, mode) => {
    const seen: (readonly string[])[] = [];
    for (const count of steps) {
      const server = await serve(until(count, mailServer(protocol, mode), (talk) => talk.reset()));
      const result = await look(server.port, protocol, mode, anchored());
      expectOneFault(told(result));
      await expectClean(result);
      seen.push(told(result));
    }
    expect(seen[0]).toContainEqual(expect.stringMatching(/^fault/));
  });
});

describe("a close at each step", () => {
  test.each(stepsOf)("%s %s", async (protocol, mode) => {
    for (const count of steps) {
      const server = await serve(until(count, mailServer(protocol, mode), (talk) => talk.end()));
      const result = await look(server.port, protocol, mode, anchored());
      expectOneFault(told(result));
    }
  });
});

describe("silence at each step ends with the budget", () => {
  // Side by side, for waiting is all it is.
  test.each([["starttls"], ["implicit"]] as const)("%s", async (mode: Mode) => {
    await Promise.all(
      (["smtp", "imap", "nntp", "xmpp-client", "ldap"] as const).flatMap((protocol) =>
        steps.map(async (count) => {
          const server = await serve(until(count, mailServer(protocol, mode), () => undefined));
          const result = await look(server.port, protocol, mode, { ...anchored(), timeoutMs: 1_500 });
          expectOneFault(told(result));
          if (count === 0) expect(result.entries[0]?.observation.error?.reason).toBe("timeout");
        }),
      ),
    );
  });
});

const drips: readonly (readonly [ProtocolName, Mode, string])[] = [
  ["smtp", "starttls", "2"],
  ["imap", "starttls", "* OK"],
  ["xmpp-client", "starttls", " "],
  // The beginning of a record of 16 KiB.
  ["imap", "implicit", "\x16\x03\x03\x3f\xff\x02"],
  ["ldap", "implicit", "\x16\x03\x03\x3f\xff\x02"],
];

test("one byte at a time, and never enough: the budget ends it", async () => {
  await Promise.all(
    drips.map(async ([protocol, mode, text]) => {
      const server = await serve(async (talk) => {
        if (protocol === "xmpp-client") await talk.take((buffer) => buffer.length);
        for (let sent = 0; ; sent += 1) {
          await talk.send(text.charAt(sent) || text.slice(-1));
          await talk.sleep(50);
        }
      });
      const result = await look(server.port, protocol, mode, { timeoutMs: 1_500 });
      expect(told(result)).toHaveLength(1);
      expect(told(result)[0]).toMatch(/^fault (?:net-reach|st-refused|tls-handshake)$/);
      expect(result.entries[0]?.observation.error?.reason).toBe("timeout");
      expect(result.durationMs).toBeLessThan(10_000);
    }),
  );
});

const neverLeft = async (protocol: ProtocolName): Promise<void> => {
  let ended = false;
  const server = await serve(async (talk) => {
    const usual = mailServer(protocol, "starttls");
    await usual({
      ...talk,
      line: async () => {
        const line = await talk.line().catch((error: unknown) => {
          ended = true;
          throw error;
        });
        if (!/^(?:QUIT|a\d LOGOUT|LOGOUT)$/.test(line)) return line;
        // Stays, and hears the end of the connection.
        await talk.line().catch(() => (ended = true));
        return new Promise(() => undefined);
      },
      take: (size) =>
        talk.take(size).catch((error: unknown) => {
          ended = true;
          throw error;
        }),
      end: () => void talk.take(() => 0).catch(() => (ended = true)),
    });
  });
  const result = await look(server.port, protocol, "starttls", anchored());
  expect(told(result), protocol).toEqual([]);
  await expect.poll(() => ended, { timeout: 10_000 }).toBe(true);
};

// Side by side: each waits a second for a goodbye.
test("no answer to the goodbye and never a close: no finding, and we leave", async () => {
  await Promise.all(names.map(neverLeft));
});

describe("TLS that is none", () => {
  const answers: readonly (readonly [string, string])[] = [
    ["ten thousand warnings", "\x15\x03\x03\x00\x02\x01\x5a".repeat(10_000)],
    ["a record of 65,535 bytes", "\x16\x03\x03\xff\xff"],
    ["a record of no bytes", "\x16\x03\x03\x00\x00".repeat(100)],
    ["an alert of no bytes", "\x15\x03\x03\x00\x00"],
    ["an alert that nobody knows", "\x15\x03\x03\x00\x02\x02\xfa"],
    ["NUL bytes", "\0".repeat(1_000)],
    ["a ServerHello whose lengths lie", "\x16\x03\x03\x00\x0a\x02\x00\x00\x06\x03\x03\xff\xff\xff\xff"],
    ["a message of 16 MB", "\x16\x03\x03\x00\x04\x02\xff\xff\xff"],
    ["escapes", "\x1b]0;owned\x07\x1b[31m\r\n"],
  ];
  test.each(answers)("%s, and then the end", async (_, answer) => {
    const server = await serve(async (talk) => {
      await talk.take((buffer) => buffer.length);
      await talk.send(answer);
      talk.end();
    });
    const result = await look(server.port, "imap", "implicit", { full: true });
    expect(told(result)).toHaveLength(1);
    expect(told(result)[0]).toMatch(/^fault (?:tls-handshake|wrap-misuse)$/);
    await expectClean(result);
  });
});

describe("XML bombs", () => {
  const header = "<s:stream version='1.0'>";
  const bombs: readonly (readonly [string, string])[] = [
    ["entities in entities", `<!DOCTYPE lolz [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><s:stream version='1.0'>`],
    ["an external entity", `<!DOCTYPE x SYSTEM "file:///etc/passwd"><s:stream version='1.0'>`],
    ["a document type inside the stream", `${header}<s:features><!DOCTYPE x [<!ENTITY a "b">]></s:features>`],
    ["CDATA", `${header}<s:features><![CDATA[<starttls/>]]></s:features>`],
    ["a comment", `${header}<!-- <s:features/> -->`],
    ["17 levels", `${header}<s:features>${"<a>".repeat(17)}${"</a>".repeat(17)}</s:features>`],
    ["a tag of 5 KiB", `${header}<s:features x='${"y".repeat(5_000)}'/>`],
    ["a text of 5 KiB", `${header}<s:features><a>${"y".repeat(5_000)}</a></s:features>`],
    ["30,000 features", `${header}<s:features>${"<a/>".repeat(30_000)}</s:features>`],
  ];
  test.each(bombs)("%s", async (_, bomb) => {
    const server = await serve(async (talk) => {
      await talk.take((buffer) => buffer.length);
      await talk.send(bomb);
      await talk.take(() => 0);
    });
    const result = await look(server.port, "xmpp-client", "starttls");
    expect(told(result)).toHaveLength(1);
    expect(told(result)[0]).toMatch(/^fault (?:net-reach|st-refused)$/);
    expect(result.entries[0]?.observation.error?.reason).toBe("protocol");
    await expectClean(result);
  });
  test("an entity that nobody declared stays the text that it is", async () => {
    const server = await serve(
      mailServer("xmpp-client", "starttls", {
        capabilities:
          "<stream:features><starttls/><mechanisms><mechanism>&lol;</mechanism></mechanisms></stream:features>",
      }),
    );
    const result = await look(server.port, "xmpp-client", "starttls", anchored());
    expect(result.entries[0]?.observation.clear?.capabilities).toEqual(["starttls", "mechanisms &lol;"]);
  });
});
