// Mail through this host's own sendmail (RFC 5322, plain text): the way that a mail server always has.
import { stat } from "node:fs/promises";
import { Failure } from "../domain/failure.ts";
import { lastWords } from "../domain/last-words.ts";
import { newsSubject, newsText } from "../domain/news-text.ts";
import { clean } from "../domain/text.ts";
import type { ChannelFactory, Report } from "./channel.ts";

/** Where every mail server puts it (FHS 3.0 §4.10.3 allows /usr/lib too; Debian, RHEL and Alpine have this one). */
const usualSendmail = "/usr/sbin/sendmail";
const timeoutMs = 30_000;

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (number: number): string => String(number).padStart(2, "0");

/** RFC 5322 §3.3, in UTC. */
export const mailDate = (at: Date): string =>
  `${days[at.getUTCDay()] ?? ""}, ${at.getUTCDate()} ${months[at.getUTCMonth()] ?? ""} ${at.getUTCFullYear()} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`;

/** A header's text: one line of printable ASCII (RFC 5322 §2.2), whatever it was made of. */
const headerText = (text: string): string => clean(text, 200).replaceAll(/[^\u0020-\u007e]/g, "?");

/** Folded at spaces: no line over 998 octets may be sent (RFC 5322 §2.1.1), and 78 are pleasant to read. */
const folded = (line: string): string => {
  const indent = /^ */.exec(line)?.[0] ?? "";
  const lines: string[] = [];
  let present = "";
  for (const word of line.trim().split(" ")) {
    const parts = word.match(/.{1,240}/gu) ?? [""];
    for (const part of parts) {
      if (present !== "" && present.length + 1 + part.length > 78) {
        lines.push(present);
        present = `${indent}${indent === "" ? "" : "   "}${part}`;
      } else present = present === "" ? `${indent}${part}` : `${present} ${part}`;
    }
  }
  return [...lines, present].join("\n");
};

/** The sender's domain is what the server appends, where this host's name is no whole one. */
const qualified = (host: string): string | undefined =>
  /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i.test(host) && host.length <= 253 ? host.toLowerCase() : undefined;

export const mailText = (report: Report, to: readonly string[], from: string | undefined, id: string): string => {
  const domain = qualified(report.host);
  const sender = from ?? (domain === undefined ? "root" : `root@${domain}`);
  const body = newsText(report).split("\n").map(folded).join("\n");
  const ascii = !/[^\u0000-\u007f]/.test(body);
  return [
    `From: mailcert <${sender}>`,
    ...to.map((address, index) => `${index === 0 ? "To: " : "\t"}${address}${index < to.length - 1 ? "," : ""}`),
    `Subject: ${headerText(newsSubject(report))}`,
    `Date: ${mailDate(report.at)}`,
    `Message-ID: <mailcert.${id}@${domain ?? "localhost.localdomain"}>`,
    // Nobody answers it, an absence notice neither (RFC 3834 §5).
    "Auto-Submitted: auto-generated",
    "MIME-Version: 1.0",
    `Content-Type: text/plain; charset=${ascii ? "us-ascii" : "utf-8"}`,
    `Content-Transfer-Encoding: ${ascii ? "7bit" : "8bit"}`,
    "",
    body,
    "",
  ].join("\n");
};

const needed = "mail needs a sendmail here: Postfix and Exim have one";

export const createMail: ChannelFactory = ({ mail = [], from }, { run, randomId, sendmail = usualSendmail }) => ({
  hears: "news",
  target: mail.join(", "),
  check: async () => {
    // Of a configuration with mistakes: none of its addresses could be read.
    if (mail.length === 0) return;
    const fail = (why: string): never => {
      throw new Failure("config", `mail: ${why}`, { hints: [needed] });
    };
    const found = await stat(sendmail).catch(() => fail(`there is no program ${sendmail}`));
    if (!found.isFile() || (found.mode & 0o111) === 0) fail(`${sendmail} is no program that can be run`);
  },
  send: async (report, signal) => {
    const place = `mail to ${clean(mail.join(", "), 200)}`;
    const fail = (why: string, hint: string, cause?: unknown): Failure =>
      new Failure("unavailable", `${place}: ${why}`, { hints: [hint], cause });
    const input = mailText(report, mail, from, randomId());
    // Recipients come from the header (-t), and a line with one dot ends nothing (-i).
    const args = ["-t", "-i", ...(from === undefined ? [] : ["-f", from])];
    const done = await run(sendmail, args, { input, timeoutMs, signal, maxOutput: 65_536 }).catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error;
      throw fail(error.message, needed, error);
    });
    if (done.status !== 0)
      throw fail(
        `${sendmail} ended with status ${done.status}: ${lastWords(done.stderr)}`,
        "look at the mail server's log",
      );
  },
});
