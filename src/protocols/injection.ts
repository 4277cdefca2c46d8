// Command injection (CVE-2011-0411 and its kin): what is glued to STARTTLS in each dialect, and how an answer to it inside TLS is told from all others.
import type { Mode, ProtocolName } from "../domain/entry-point.ts";

/** `executed`: the glued command was answered inside TLS. `discarded`: it was not. `unclear`: something came that is neither. */
export type InjectionVerdict = "executed" | "discarded" | "unclear";

/** One dialect. What is sent MUST NOT change anything on the server. */
export interface Injection {
  /** The line with which this protocol's dialogue asks for TLS. */
  readonly startTls: RegExp;
  /** Sent behind it in the same packet: answered by every server that reads it. */
  readonly command: string;
  /** Said inside TLS. Answers come in order, so that one to `command` stands before the one to this. */
  readonly goodbye: string;
  /** From the whole lines that came inside TLS so far; `ended`: nothing more comes. undefined: wait for more. */
  readonly read: (lines: readonly string[], ended: boolean) => InjectionVerdict | undefined;
}

/**
 * Protocols that answer with three digits. `executed`: what a server that read the command says, done or not known; limits and complaints
 * (421, 454, 554) are no answers to it. A greeting inside TLS is a terminator's mistake, and no answer to anything.
 */
const numbered = (
  startTls: RegExp,
  command: string,
  {
    greetings,
    executed,
    farewell,
  }: Readonly<{ greetings: readonly number[]; executed: readonly number[]; farewell: number }>,
): Injection => ({
  startTls,
  command,
  goodbye: "QUIT",
  read: (lines, ended) => {
    const codes = lines
      .flatMap((line) => /^(\d{3})(?: |$)/.exec(line)?.[1] ?? [])
      .map(Number)
      .filter((code) => !greetings.includes(code));
    const [first] = codes;
    if (first === farewell) return "discarded";
    if (first !== undefined && executed.includes(first) && codes.includes(farewell)) return "executed";
    return ended || codes.includes(farewell) ? "unclear" : undefined;
  },
});

const smtp = numbered(/^STARTTLS$/i, "NOOP", { greetings: [220], executed: [250, 500, 502], farewell: 221 });
const ftp = numbered(/^AUTH TLS$/i, "NOOP", { greetings: [220], executed: [200, 500, 502, 530], farewell: 221 });
const nntp = numbered(/^STARTTLS$/i, "DATE", { greetings: [200, 201], executed: [111, 480, 500, 502], farewell: 205 });

const imap: Injection = {
  startTls: /^\S+ STARTTLS$/i,
  command: "injected1 NOOP",
  goodbye: "goodbye1 LOGOUT",
  read: (lines, ended) => {
    if (lines.some((line) => /^injected1 (?:OK|NO|BAD)\b/i.test(line))) return "executed";
    if (lines.some((line) => line.startsWith("goodbye1 "))) return "discarded";
    // A server that ends in haste says BYE and no more; one that read the command answered it before.
    return ended ? (lines.some((line) => /^\* BYE\b/i.test(line)) ? "discarded" : "unclear") : undefined;
  },
};

/** CAPA and not NOOP, which is for logged-in sessions only: its answer is a list with a dot at the end, unlike that to QUIT. */
const pop3: Injection = {
  startTls: /^STLS$/i,
  command: "CAPA",
  goodbye: "QUIT",
  read: (lines, ended) => {
    if (lines.includes(".")) return "executed";
    const statuses = lines.flatMap((line) => /^(\+OK|-ERR)\b/i.exec(line)?.[1]?.toUpperCase() ?? []);
    if (statuses[0] === "-ERR" && statuses[1] === "+OK") return "executed";
    if (!ended) return undefined;
    return statuses.length === 1 && statuses[0] === "+OK" ? "discarded" : "unclear";
  },
};

/** NOOP gives its word back (RFC 5804 §2.13), so that it is not taken for the list of capabilities, which comes unasked. */
const sieve: Injection = {
  startTls: /^STARTTLS$/i,
  command: 'NOOP "injected1"',
  goodbye: "LOGOUT",
  read: (lines, ended) => {
    const text = lines.join("\n");
    if (/\(TAG\s+(?:"injected1"|\{9\+?\}\ninjected1)/i.test(text)) return "executed";
    const statuses = lines.flatMap((line) => /^(OK|NO|BYE)\b/i.exec(line)?.[1]?.toUpperCase() ?? []);
    const last = statuses.length - 1;
    // LOGOUT is never answered with NO.
    if (statuses.includes("NO") && last > 0 && statuses[last] === "OK") return "executed";
    if (!ended) return undefined;
    return statuses.length > 0 && statuses.length <= 2 && statuses.every((status) => status === "OK")
      ? "discarded"
      : "unclear";
  },
};

/** Whether it can be tried there. */
export const canInject = ({ protocol, mode }: { readonly protocol: ProtocolName; readonly mode: Mode }): boolean =>
  mode === "starttls" && injections[protocol] !== undefined;

/** One line for each dialect that can be tried; what is not here is not tried. */
export const injections: Readonly<Partial<Record<ProtocolName, Injection>>> = {
  smtp,
  submission: smtp,
  lmtp: smtp,
  imap,
  pop3,
  sieve,
  ftp,
  nntp,
};
