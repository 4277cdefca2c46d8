// The matrix: commands glued to STARTTLS in every dialect (reference/verify.md §2, LAB), and mail that is begun before TLS.
import { dialects } from "../fakes/glued-server.ts";
import type { Script } from "../fakes/mail-server.ts";
import { takingMail } from "../fakes/mail-taker.ts";
import type { Row } from "./row.ts";

const isStartTls = (line: string): boolean => /^(?:\S+ )?STARTTLS$|^STLS$|^AUTH TLS$/.test(line);
const isGoodbye = (line: string): boolean => /^(?:\S+ )?LOGOUT$|^QUIT$/.test(line);

/** `keeps`: reads what is glued inside TLS, the fault. `drops`: forgets it. `feeds`: gives it to the TLS engine, as Dovecot does. */
type Glued = "keeps" | "drops" | "feeds";

const glued =
  (dialect: (typeof dialects)[number], does: Glued): Script =>
  async (talk) => {
    await talk.send(dialect.greeting);
    let secure = false;
    let kept = "";
    for (;;) {
      let rest = "";
      const taken =
        kept === ""
          ? await talk.take((buffer) => {
              const end = buffer.indexOf("\r\n") + 2;
              // What came in one packet with STARTTLS is taken with it.
              return end < 2 ? 0 : isStartTls(buffer.slice(0, end - 2)) ? buffer.length : end;
            })
          : kept;
      kept = "";
      const end = taken.indexOf("\r\n");
      const line = end < 0 ? taken : taken.slice(0, end);
      if (end >= 0) rest = taken.slice(end + 2);
      if (!secure && isStartTls(line)) {
        await talk.send(dialect.go);
        await talk.startTls(does === "feeds" && rest !== "" ? `${rest}\r\n` : "");
        secure = true;
        if (dialect.unasked) await talk.send(dialect.unasked);
        if (does === "keeps") kept = rest;
        continue;
      }
      await talk.send(dialect.answer(line, secure));
      if (isGoodbye(line)) return talk.end();
    }
  };

export const injectionRows: readonly Row[] = dialects.flatMap((dialect) =>
  (["drops", "feeds", "keeps"] as const).map((does): Row => ({
    what: `a server that ${does} what is glued to STARTTLS`,
    servers: { protocol: dialect.protocol, script: glued(dialect, does) },
    full: "dialogue",
    findings: does === "keeps" ? ["fault st-cmd-inj"] : [],
  })),
);

export const mailInClearRows: readonly Row[] = (
  [
    ["MAIL FROM in clear is taken", "250 2.1.0 Ok\r\n", "warning st-enforced"],
    ["MAIL FROM in clear is refused", "530 5.7.0 Must issue a STARTTLS command first\r\n"],
    ["MAIL FROM in clear: later", "451 4.7.1 later\r\n"],
  ] as const
).map(([what, answer, ...findings]): Row => ({
  what,
  servers: { protocol: "submission", script: takingMail(answer) },
  full: "dialogue",
  findings,
}));
