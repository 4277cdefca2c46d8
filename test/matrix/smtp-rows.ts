// The matrix: the eleven SMTP cases of reference/verify.md §1.3, and the corner cases of its §2 for SMTP, submission and LMTP.
import { type Behaviour, type Script, mailServer } from "../fakes/mail-server.ts";
import type { Row } from "./row.ts";

const smtp = (what: string, behaviour: Behaviour, ...findings: readonly string[]): Row => ({
  what,
  servers: { protocol: "smtp", behaviour },
  findings,
});
const submission = (what: string, behaviour: Behaviour, ...findings: readonly string[]): Row => ({
  what,
  servers: { protocol: "submission", behaviour },
  findings,
});
const lmtp = (what: string, behaviour: Behaviour, ...findings: readonly string[]): Row => ({
  what,
  servers: { protocol: "lmtp", behaviour },
  findings,
});
const half = ({ length }: string): readonly number[] => [Math.floor(length / 2)];

const sixtyLines = `250-mx\r\n${Array.from({ length: 58 }, (_, n) => `250-X-EXTENSION-${n} ${"x".repeat(40)}\r\n`).join("")}250 STARTTLS\r\n`;

/** §1.3 */
export const smtpCases: readonly Row[] = [
  smtp("normal", {}),
  smtp("multi-line 220- banner", { greeting: "220-welcome\r\n220 mail.example.org ESMTP\r\n" }),
  smtp("banner split over 3 packets", {
    greeting: "220-welcome\r\n220 mail.example.org ESMTP\r\n",
    cuts: (text) => (text.startsWith("220-") ? [2, 20] : []),
  }),
  { ...smtp("greeting after 7 s", { greetDelayMs: 7_000 }), waits: true },
  smtp("EHLO reply split mid-line", { cuts: half }),
  smtp("STARTTLS as last line", { capabilities: "250-mx\r\n250-PIPELINING\r\n250 STARTTLS\r\n" }),
  smtp("lower-case 250-starttls", { capabilities: "250-mx\r\n250-starttls\r\n250 help\r\n" }),
  smtp("60-line, 3 kB EHLO", { capabilities: sixtyLines }),
  smtp("not advertised", { capabilities: "250-mx\r\n250 HELP\r\n" }, "fault st-adv"),
  smtp("advertised, then 454, and the connection is kept", { goAhead: "454 4.7.0 no TLS now\r\n" }, "fault st-refused"),
  smtp("plaintext lines after 220", { goAhead: "220 go\r\n250-mx\r\n250 AUTH PLAIN\r\n" }, "fault st-resp-inj"),
];

/** Answers EHLO with `ehlo` and HELO with `helo`. */
const old =
  (ehlo: string, helo: string): Script =>
  async (talk) => {
    await talk.send("220 mx\r\n");
    for (;;) {
      const line = await talk.line();
      await talk.send(line.startsWith("EHLO") ? ehlo : line.startsWith("HELO") ? helo : "221 bye\r\n");
      if (line === "QUIT") return talk.end();
    }
  };

/** Postfix 3.9 and Exim: whoever says more than it was asked for, or speaks before the greeting, is turned away. */
const synchronized = (protocol: "smtp" | "submission"): Script => {
  const usual = mailServer(protocol, "starttls", { greetDelayMs: 30 });
  return async (talk) => {
    const wrong = async (): Promise<never> => {
      await talk.send("554 5.5.0 Error: SMTP protocol synchronization\r\n");
      talk.end();
      throw new Error("early talker");
    };
    let greeted = false;
    const first = talk.line().then((line) => (greeted ? line : wrong()));
    let taken = false;
    return usual({
      ...talk,
      send: async (text, cuts) => {
        greeted = true;
        await talk.send(text, cuts);
      },
      line: async () => {
        if (!taken) {
          taken = true;
          return first;
        }
        let more = 0;
        const line = await talk.take((buffer) => {
          const end = buffer.indexOf("\r\n");
          more = buffer.length - end - 2;
          return end < 0 ? 0 : end + 2;
        });
        return more > 0 ? wrong() : line;
      },
    });
  };
};

/** Says STARTTLS and hangs up with the go-ahead (Stalwart without a certificate). */
const hangsUp: Script = async (talk) => {
  await talk.send("220 mx\r\n");
  await talk.line();
  await talk.send("250-mx\r\n250 STARTTLS\r\n");
  await talk.line();
  await talk.send("220 go\r\n");
  talk.end();
};

const scripted = (what: string, protocol: "smtp" | "submission", script: Script, ...findings: string[]): Row => ({
  what,
  servers: { protocol, script },
  findings,
});

const after = (code: string): Row =>
  smtp(`${code} to STARTTLS`, { goAhead: `${code} no TLS for you\r\n` }, "fault st-refused");

/** §2, SMTP */
export const smtpRows: readonly Row[] = [
  ...["421 4.7.0 too many connections", "450 4.7.1 greylisted", "554 5.7.1 blocked"].map((text) => ({
    ...smtp(`${text.slice(0, 3)} as greeting`, { greeting: `${text}\r\n` }, "fault net-reach"),
    says: new RegExp(text.slice(10)),
  })),
  ...["454", "501", "502", "503", "530", "538"].map(after),
  smtp("STARTTLS as first line", { capabilities: "250-mx\r\n250-STARTTLS\r\n250 HELP\r\n" }),
  smtp("AUTH appears inside TLS", { inside: "250-mx\r\n250 AUTH PLAIN\r\n" }),
  smtp("not UTF-8", { greeting: "220 m\xfcnchen ESMTP\r\n" }),
  smtp("bare LF", {
    greeting: "220 mx\n",
    capabilities: "250-mx\n250 STARTTLS\n",
    goAhead: "220 go\n",
    inside: "250 mx\n",
  }),
  smtp("codes differ in a reply", { capabilities: "250-mx\r\n220 STARTTLS\r\n" }, "fault st-refused"),
  smtp("220- teaser, the rest later (postscreen)", {
    greeting: "220-mx ESMTP\r\n220 mx ESMTP\r\n",
    cuts: (text) => (text.startsWith("220-") ? [14] : []),
  }),
  scripted("nothing may come early (Postfix 3.9, Exim)", "smtp", synchronized("smtp")),
  scripted("EHLO is unknown, HELO works", "smtp", old("502 what\r\n", "250 mx\r\n"), "fault st-adv"),
  scripted(
    "our name is refused (504)",
    "smtp",
    old("504 5.5.2 need fully-qualified hostname\r\n", "504\r\n"),
    "fault net-reach",
  ),
  scripted("our name is refused (503)", "smtp", old("503 no\r\n", "503 no\r\n"), "fault net-reach"),
  scripted("220, then closed (Stalwart without a certificate)", "smtp", hangsUp, "fault st-refused"),
  {
    what: "STARTTLS is absent at one of two addresses (load balancer)",
    servers: [
      { protocol: "smtp" },
      {
        protocol: "smtp",
        address: "127.0.0.3",
        samePort: true,
        behaviour: { capabilities: "250-mx\r\n250 HELP\r\n" },
      },
    ],
    findings: ["fault st-adv"],
  },
  smtp("STARTTLS still listed inside TLS", { inside: "250-mx\r\n250 STARTTLS\r\n" }, "info st-caps"),
  smtp(
    "a login in clear on port 25",
    { capabilities: "250-mx\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n" },
    "info st-auth-clear",
  ),
  scripted("no mail server at all", "smtp", async (talk) => talk.send("SSH-2.0-OpenSSH_9.2\r\n"), "fault net-reach"),
  scripted("hangs up at once", "smtp", async (talk) => talk.end(), "fault net-reach"),
];

/** §2, submission on 587 and 465 */
export const submissionRows: readonly Row[] = [
  submission("healthy", {}),
  { what: "healthy at once (465)", servers: { protocol: "submission", mode: "implicit" }, findings: [] },
  scripted("nothing may come early (Postfix 3.9, Exim)", "submission", synchronized("submission")),
  submission(
    "a login in clear",
    { capabilities: "250-mx\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n" },
    "fault st-auth-clear",
  ),
  submission(
    "a login in clear, without a password in it",
    { capabilities: "250-mx\r\n250-AUTH CRAM-MD5\r\n250 STARTTLS\r\n" },
    "warning st-auth-clear",
  ),
  {
    what: "a login in clear, from the server itself",
    servers: {
      protocol: "submission",
      address: "127.0.0.1",
      behaviour: { capabilities: "250-mx\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n" },
    },
    findings: ["info st-auth-clear"],
  },
  submission("STARTTLS still listed inside TLS", { inside: "250-mx\r\n250 STARTTLS\r\n" }, "warning st-caps"),
  {
    what: "421 inside TLS",
    servers: { protocol: "submission", mode: "implicit", behaviour: { greeting: "421 busy\r\n" } },
    findings: ["fault net-reach"],
  },
  {
    what: "speaks in clear on 465",
    servers: { protocol: "submission", mode: "starttls", asked: "implicit" },
    findings: ["fault wrap-misuse"],
  },
  {
    what: "TLS at once on 587: nothing is heard, then TLS answers",
    servers: { protocol: "submission", mode: "implicit", asked: "starttls" },
    request: { timeoutMs: 12_000 },
    waits: true,
    findings: ["fault wrap-misuse"],
  },
];

/** §2, LMTP */
export const lmtpRows: readonly Row[] = [
  lmtp("STARTTLS as last line, gone inside TLS (Dovecot)", {}),
  lmtp("no STARTTLS", { capabilities: "250-mx\r\n250 PIPELINING\r\n" }, "warning st-adv"),
  lmtp("454", { goAhead: "454 later\r\n" }, "fault st-refused"),
  lmtp("bytes behind the go-ahead", { goAhead: "220 go\r\n250 x\r\n" }, "fault st-resp-inj"),
  {
    what: "EHLO and HELO are refused with 500, as they must be",
    servers: {
      protocol: "lmtp",
      script: async (talk) => {
        const usual = mailServer("lmtp", "starttls");
        await usual({
          ...talk,
          line: async () => (await talk.line()).replace(/^(?:EHLO|HELO)/, "WHAT"),
        });
      },
    },
    findings: [],
  },
  {
    what: "an SMTP server on LMTP's port",
    servers: { protocol: "lmtp", script: old("250 mx\r\n", "250 mx\r\n") },
    findings: ["fault net-reach"],
  },
];
