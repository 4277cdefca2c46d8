// Reading ManageSieve responses (RFC 5804 §1.2, §4): quoted strings and literals, case-insensitive keywords.
import { clean } from "../domain/text.ts";
import { notUnderstood } from "./conversation-error.ts";
import type { Conversation } from "./protocol.ts";

type Token = { readonly kind: "string" | "atom" | "code"; readonly text: string };

/**
 * One response line as tokens; a literal `{n}` or `{n+}` at its end continues it with content and the next line. A response code is one token,
 * whatever strings and literals stand in it: `(TAG {1}`, `x)`.
 */
const readTokens = async (conversation: Conversation): Promise<readonly Token[]> => {
  const tokens: Token[] = [];
  /** Of the response code that is open, and how deep. */
  let code: string[] = [];
  let depth = 0;
  const add = (token: Token): void => {
    if (depth > 0) code.push(token.kind === "string" ? `"${token.text}"` : token.text);
    else tokens.push(token);
  };
  for (;;) {
    const line = await conversation.readLine();
    let rest = line;
    let literal: number | undefined;
    while ((rest = rest.trimStart()) !== "") {
      const match =
        /^"((?:[^"\\]|\\.)*)"/s.exec(rest) ??
        /^\{(\d{1,6})\+?\}$/.exec(rest) ??
        /^([()])/.exec(rest) ??
        /^([^\s"(){]+)/.exec(rest);
      if (!match || (match[1] === ")" && depth === 0)) throw notUnderstood("a ManageSieve response", line);
      const [whole, text = ""] = match;
      if (whole.startsWith("{")) literal = Number(text);
      else if (whole === "(") depth += 1;
      else if (whole === ")") {
        depth -= 1;
        if (depth === 0) tokens.push({ kind: "code", text: `(${code.join(" ")})` });
        if (depth === 0) code = [];
      } else if (whole.startsWith('"')) add({ kind: "string", text: text.replace(/\\(.)/gs, "$1") });
      else add({ kind: "atom", text });
      rest = rest.slice(whole.length);
    }
    if (literal !== undefined)
      add({ kind: "string", text: (await conversation.readBytes(literal)).toString("latin1") });
    else if (depth > 0) throw notUnderstood("a ManageSieve response", line);
    else return tokens;
  }
};

export interface SieveResponse {
  readonly status: "OK" | "NO" | "BYE";
  /** `OK (TAG "x") text`, bounded; a bare `OK` is legal (old Cyrus). */
  readonly text: string;
  /** Capability lines before it: `SASL PLAIN`, `STARTTLS`. */
  readonly capabilities: readonly string[];
}

/** Lines up to OK, NO or BYE. */
export const readSieveResponse = async (conversation: Conversation): Promise<SieveResponse> => {
  const capabilities: string[] = [];
  for (;;) {
    const tokens = await readTokens(conversation);
    const first = tokens[0];
    if (!first) continue;
    const text = clean(tokens.map((token) => token.text).join(" "));
    if (first.kind === "string") {
      capabilities.push(text);
      continue;
    }
    const status = first.kind === "atom" ? first.text.toUpperCase() : "";
    if (status !== "OK" && status !== "NO" && status !== "BYE") throw notUnderstood("OK, NO or BYE", text);
    return { status, text, capabilities };
  }
};

/** (TRYLATER) means "later" (RFC 5804 §1.3). */
export const sieveRefusal = (response: SieveResponse): { reason: "temporary" | "declined"; message: string } => ({
  reason: /\(TRYLATER\)/i.test(response.text) ? "temporary" : "declined",
  message: response.text,
});
