// A submission server that is asked for mail in clear, before STARTTLS.
import { type Script, mailServer } from "./mail-server.ts";

/** Answers MAIL FROM as `reply` says, and hangs up after it where `ends`. */
export const takingMail = (reply: string, ends = false): Script => {
  const usual = mailServer("submission", "starttls");
  return (talk) =>
    usual({
      ...talk,
      line: async () => {
        for (;;) {
          const line = await talk.line();
          if (!/^(?:MAIL|RSET)/.test(line)) return line;
          await talk.send(line === "RSET" ? "250 Ok\r\n" : reply);
          if (ends) talk.end();
        }
      },
    });
};
