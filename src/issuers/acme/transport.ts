// The ACME room's own HTTPS (node:https): one deadline and one size limit a request, own trust, keep-alive, and every nonce kept.
// It stands in for `http.request` and `http.getNonce` of acme-client (reference/acme.md §1.4, points 3, 4, 6, 7, 8).
import { type Agent, request as httpsRequest } from "node:https";
import type { IncomingHttpHeaders } from "node:http";
import { Failure } from "../../domain/failure.ts";
import { retryAfterDate } from "../../domain/retry-after.ts";
import { clean } from "../../domain/text.ts";
import { connectionFailure } from "./connection-failure.ts";
import { type Line, keepNonce } from "./line.ts";
import { ProblemError, readProblem } from "./problem.ts";

export interface TransportOptions {
  readonly userAgent: string;
  readonly now: () => Date;
  /** Ends a request in flight. */
  readonly signal: AbortSignal;
  /** Connections and nonces; its trust is the only one for the ACME server's own HTTPS. */
  readonly line: Line;
  /** Where that trust came from, for messages. */
  readonly caFile?: string;
  /** Milliseconds for one request, from name look-up to the last byte. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** One line for `--verbose`. */
  readonly step: (what: string) => void;
}

/** What acme-client expects of a reply: `data` is an object for JSON, text for a certificate, "" for nothing. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly data: unknown;
}

export interface Transport {
  readonly request: (url: string, method: string, options?: { readonly data?: unknown }) => Promise<Reply>;
  /** A nonce that came with an earlier reply and was not used yet. */
  nonce(): string | undefined;
  /** Requests sent so far. */
  readonly sent: () => number;
}

interface RawReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Refused nonces in a row before we give up: with 9 of 10 refused, 100 in a row come once in 40,000 requests. */
const maxBadNonces = 100;
/** Refused nonces over a whole issuance: what a hundred names (300 requests) need where every second nonce is refused, and more. */
const mostBadNonces = 500;
/** Connections in a row that die without a reply before we give up. */
const maxResets = 2;

const badNonceType = "urn:ietf:params:acme:error:badNonce";
const died = new Set(["ECONNRESET", "EPIPE"]);

const timedOut = (ms: number): NodeJS.ErrnoException =>
  Object.assign(new Error(`no complete reply within ${ms / 1000} s`), { code: "ETIMEDOUT" });

const exchange = (
  url: URL,
  method: string,
  body: string | undefined,
  agent: Agent,
  o: TransportOptions,
): Promise<RawReply> =>
  new Promise((resolve, reject) => {
    const headers: Record<string, string> = { "User-Agent": o.userAgent, Accept: "*/*" };
    if (body !== undefined) {
      headers["Content-Type"] = "application/jose+json"; // RFC 8555 §6.2
      headers["Content-Length"] = String(Buffer.byteLength(body));
    }
    const call = httpsRequest(url, { method, headers, agent, signal: o.signal });
    const timer = setTimeout(() => call.destroy(timedOut(o.timeoutMs)), o.timeoutMs);
    let answered = false;
    let location: string | undefined;
    const fail = (error: unknown): void => {
      clearTimeout(timer);
      reject(Object.assign(error as Error, { answered, location }));
    };
    call.on("error", fail);
    call.on("response", (response) => {
      answered = true;
      // RFC 9110 §10.2.2. It is kept and shown, and no byte of a URL is a control character.
      if (response.headers.location !== undefined) response.headers.location = clean(response.headers.location, 2000);
      ({ location } = response.headers);
      const parts: Buffer[] = [];
      let size = 0;
      response.on("data", (part: Buffer) => {
        size += part.length;
        if (size > o.maxBytes)
          call.destroy(new Failure("unavailable", `${url.href} sent more than ${o.maxBytes} bytes`));
        else parts.push(part);
      });
      response.on("error", fail);
      response.on("end", () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) });
      });
    });
    call.end(body);
  });

/** What a request made at the CA is there, even where the rest of the reply was lost (RFC 8555 §7.4: an order's URL). */
const made = (location: string | undefined): { readonly location?: string } =>
  location === undefined ? {} : { location: clean(location, 1000) };

const parse = (reply: RawReply, url: string): unknown => {
  if (reply.body.length === 0) return "";
  const type = (reply.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  const text = reply.body.toString("utf8");
  if (type === "application/pem-certificate-chain") return text;
  const json = type === "application/json" || type.endsWith("+json");
  try {
    if (json) return JSON.parse(text) as unknown;
  } catch {
    // An error reply counts by its status; a success that cannot be read does not count at all.
  }
  if (reply.status >= 400) return "";
  const what = json ? "JSON that cannot be read" : `"${clean(type, 60) || "no content type"}"`;
  throw new Failure(
    "unavailable",
    `${clean(url, 300)} answered with ${what} where ACME has JSON or a certificate chain`,
    {
      hints: [
        "this is not an ACME server's answer: look for a proxy or a captive portal in between, or run the command again later",
      ],
      facts: {
        code: "NOT_ACME",
        url: clean(url, 300),
        status: reply.status,
        contentType: clean(type, 60),
        ...made(reply.headers.location),
      },
    },
  );
};

export const createTransport = (o: TransportOptions): Transport => {
  const { agent, nonces } = o.line;
  let badNonces = 0;
  let allBadNonces = 0;
  let resets = 0;
  let sent = 0;

  const send = async (url: string, method: string, data: unknown, mayDie: boolean): Promise<RawReply | "died"> => {
    const target = URL.canParse(url) ? new URL(url) : undefined;
    if (target?.protocol !== "https:")
      throw new Failure(
        "unavailable",
        `the ACME server points to "${clean(url, 200)}", which is no https URL (RFC 8555 §6.1)`,
      );
    sent += 1;
    try {
      return await exchange(target, method, data === undefined ? undefined : JSON.stringify(data), agent, o);
    } catch (error) {
      o.signal.throwIfAborted();
      if (error instanceof Failure) throw error;
      const { code, answered, location } = error as NodeJS.ErrnoException & { answered?: boolean; location?: string };
      // A server may close an idle connection just as we use it. Nothing was answered, so the request may be made again.
      if (!answered && died.has(code ?? "") && mayDie) return "died";
      throw connectionFailure(error, url, o.caFile, made(location));
    }
  };

  const request: Transport["request"] = async (url, method, { data } = {}) => {
    const verb = method.toUpperCase();
    let raw: RawReply | "died" = "died";
    if (data === undefined) {
      for (let left = maxResets; raw === "died"; left -= 1) raw = await send(url, verb, data, left > 0);
    } else {
      raw = await send(url, verb, data, resets < maxResets);
      // A JWS is never sent twice: told that its nonce was refused, acme-client signs anew.
      if (raw === "died") {
        resets += 1;
        return { status: 400, headers: {}, data: { type: badNonceType } };
      }
      resets = 0;
    }
    const { status, headers } = raw;
    o.step(`${verb} ${clean(url, 200)}: ${status}`);
    const nonce = headers["replay-nonce"];
    if (typeof nonce === "string" && /^[A-Za-z0-9_-]{1,512}$/.test(nonce)) keepNonce(o.line, nonce);
    if (status >= 300 && status < 400)
      throw new Failure("unavailable", `${clean(url, 300)} redirects to ${clean(headers.location ?? "nowhere", 300)}`, {
        hints: [
          data === undefined
            ? "give the directory URL that it redirects to, if you trust it"
            : "no signed request is sent elsewhere than where it was meant to go: look for a proxy or a captive portal in between, or run the command again later",
        ],
        facts: { code: "REDIRECT", url: clean(url, 300), status },
      });
    const body = parse(raw, url);
    if (status < 400) {
      // A nonce fetched (RFC 8555 §7.2) is not yet one that was taken.
      if (data !== undefined) badNonces = 0;
      return { status, headers, data: body };
    }
    const problem = readProblem(body, status, retryAfterDate(headers, o.now()), clean(url, 300));
    if (data !== undefined && status === 400 && problem.type === badNonceType) {
      badNonces += 1;
      allBadNonces += 1;
      if (badNonces >= maxBadNonces || allBadNonces >= mostBadNonces) throw new ProblemError(problem, url);
      // The fresh nonce goes with this reply: acme-client uses it at once, so it must not be handed out again.
      if (typeof nonce === "string") nonces.pop();
      return { status, headers, data: body };
    }
    throw new ProblemError(problem, url);
  };

  return { request, nonce: () => nonces.pop(), sent: () => sent };
};
