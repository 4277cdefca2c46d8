// A DNS provider's JSON API: authenticated requests, and each way in which they fail as a Failure that says what to do and never shows the token.
import { comeBackHint } from "../../domain/come-back.ts";
import { Failure, type FailureKind } from "../../domain/failure.ts";
import { retryAfterDate } from "../../domain/retry-after.ts";
import { clean } from "../../domain/text.ts";
import { utcMinute } from "../../domain/utc-minute.ts";
import { readTrustFile } from "../../system/trust-file.ts";
import { detailOf } from "./api-detail.ts";
import { connectionHints } from "./api-connection.ts";
import { type HttpReply, exchangeHttp } from "../../system/http-exchange.ts";
import type { UpdaterDeps, UpdaterSettings } from "./updater.ts";

const maxBytes = 4 << 20;
const exchangeMs = 30_000;
/** A wait of a minute is waited for here: a certificate with many names may need more changes than a provider takes in one. A longer one is the next run's. */
const longestWaitMs = 60_000;
const mostWaits = 3;
/** Where 429 comes without a time. */
const usualWaitMs = 60_000;

export interface ApiOptions {
  readonly provider: string;
  readonly url: URL;
  readonly settings: UpdaterSettings;
  /** With the token in it. */
  readonly headers: Readonly<Record<string, string>>;
  /** Never to be shown, also where the other side sends them back. */
  readonly secrets: readonly string[];
  /** What the token must be allowed to do, one sentence each: the hints where it is refused. */
  readonly rights: readonly string[];
}

export interface ApiRequest {
  readonly method: string;
  /** After the base; begins with a slash. */
  readonly path: string;
  readonly body?: unknown;
  /** Statuses besides 2xx that the caller judges. */
  readonly expect?: readonly number[];
  readonly signal: AbortSignal;
}

export interface ApiReply {
  readonly status: number;
  /** Parsed JSON; undefined where there is none. */
  readonly data: unknown;
  readonly text: string;
}

export interface Api {
  readonly call: (request: ApiRequest) => Promise<ApiReply>;
  /** For a reply that the caller judged: `what` goes into the message after the provider. */
  readonly failure: (kind: FailureKind, what: string, reply: ApiReply, ...hints: readonly string[]) => Failure;
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

export const createApi = (o: ApiOptions, deps: UpdaterDeps): Api => {
  const { provider, url: base } = o;
  const hide = (text: string): string => o.secrets.reduce((shown, secret) => shown.replaceAll(secret, "…"), text);
  const facts = (code: string): Readonly<Record<string, unknown>> => ({ code, server: base.host });
  const fail = (kind: FailureKind, what: string, code: string, hints: readonly string[], more: object = {}): Failure =>
    new Failure(kind, `${provider}: ${hide(what)}`, { hints, facts: { ...facts(code), ...more } });
  const said = (text: string): string => {
    // Before it is cut: half a token is too much.
    const safe = hide(text);
    const detail = detailOf(parse(safe), safe);
    return detail === "" ? "" : `: ${detail}`;
  };

  const exchange = async ({ method, path, body, signal }: ApiRequest): Promise<HttpReply> => {
    signal.throwIfAborted();
    const file = o.settings["ca_file"];
    const ca = file === undefined ? undefined : await readTrustFile(file, "ca_file", base.host);
    try {
      return await exchangeHttp({
        url: new URL(`${base.href.replace(/\/$/, "")}${path}`),
        method,
        headers: {
          "User-Agent": deps.userAgent,
          Accept: "application/json",
          ...o.headers,
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(ca === undefined ? {} : { ca }),
        timeoutMs: deps.timeoutMs ?? exchangeMs,
        maxBytes,
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      const { code = "NO_ANSWER", message } = (
        error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error
      ) as NodeJS.ErrnoException;
      throw fail("unavailable", `cannot talk to ${base.host}: ${clean(message, 200)}`, code, connectionHints(code));
    }
  };

  /** The reply, once the other side does not want to be left alone any more. */
  const settled = async (request: ApiRequest): Promise<HttpReply> => {
    for (let waits = 0; ; waits += 1) {
      const reply = await exchange(request);
      const { status, headers, text } = reply;
      const now = deps.now();
      const asked = status === 429 || status === 503 ? retryAfterDate(headers, now) : undefined;
      if (asked === undefined && status !== 429) return reply;
      const wait = asked === undefined ? Number.POSITIVE_INFINITY : asked.getTime() - now.getTime();
      if (wait > longestWaitMs || waits >= mostWaits) {
        const retryAt = (asked ?? new Date(now.getTime() + usualWaitMs)).toISOString();
        const what = `${base.host} takes no requests until ${utcMinute(retryAt)} (HTTP ${status})${said(text)}`;
        throw fail("try-later", what, `HTTP_${status}`, [comeBackHint(retryAt)], { retryAt });
      }
      await deps.sleep(wait, request.signal);
    }
  };

  const call: Api["call"] = async (request) => {
    const { status, headers, text } = await settled(request);
    const data = parse(text);
    const code = `HTTP_${status}`;
    if (request.expect?.includes(status)) return { status, data, text };
    if (status >= 200 && status < 300) {
      if (data !== undefined || text.trim() === "") return { status, data, text };
      const what = `${base.host} answered with something else than JSON${said(text)}`;
      throw fail("unavailable", what, "NOT_JSON", ["check url, and look for a proxy or a captive portal in between"]);
    }
    if (status === 401 || status === 403)
      throw fail("config", `${base.host} refuses the credentials (HTTP ${status})${said(text)}`, code, o.rights);
    if (status >= 300 && status < 400) {
      const what = `${base.host} redirects to ${clean(hide(headers.location ?? "nowhere"), 200)} (HTTP ${status}): not followed, for the token's sake`;
      throw fail("unavailable", what, code, ["write into url where the API is"]);
    }
    const where = `${request.method} ${clean(request.path, 200)}`;
    throw fail("unavailable", `${base.host} answered ${where} with HTTP ${status}${said(text)}`, code, []);
  };

  return {
    call,
    failure: (kind, what, { status, text }, ...hints) => fail(kind, `${what}${said(text)}`, `HTTP_${status}`, hints),
  };
};
