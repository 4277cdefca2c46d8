// A token of our own in a web server's folder, fetched as a CA fetches one (RFC 8555 §8.3), and taken away again.
import { once } from "node:events";
import { type IncomingMessage, type RequestOptions, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, isIPv6 } from "node:net";
import type { Fetched, WebHost } from "../domain/preflight-webroot.ts";
import { clean } from "../domain/text.ts";
import { createWebroot } from "./webroot.ts";

export interface WebrootTrial {
  readonly webroot: string;
  readonly hosts: readonly WebHost[];
  readonly random: (size: number) => Uint8Array;
  /** Milliseconds for all hops of one fetch. */
  readonly timeoutMs: number;
  readonly userAgent: string;
  readonly signal: AbortSignal;
  /** Default 80, as a CA's. */
  readonly port?: number;
}

/** More than a token, a dot and a thumbprint. */
const mostBytes = 4096;
/** Let's Encrypt follows ten. */
const mostRedirects = 10;
/** The ports that CAs follow redirects to (Baseline Requirements 3.2.2.4.19; Let's Encrypt). Nothing else of this host's is asked by a web server's word. */
const followed = [80, 443];
/** Fetches side by side. */
const mostAtOnce = 50;

type Answer = Omit<Fetched, "name" | "address">;
interface Reply {
  readonly status: number;
  readonly location?: string;
  readonly text: string;
}

const bodyOf = async (response: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    if (size > mostBytes) break;
  }
  return Buffer.concat(parts).toString("utf8");
};

/** At this address, whatever the URL's host resolves to. A CA does not look at the certificate of a redirect's target. */
const get = async (url: URL, address: string, port: number, userAgent: string, signal: AbortSignal): Promise<Reply> => {
  const bare = url.hostname.replace(/^\[|\]$/g, "");
  const options: RequestOptions = {
    host: address,
    port,
    path: `${url.pathname}${url.search}`,
    agent: false,
    signal,
    headers: { Host: url.host, "User-Agent": userAgent, Connection: "close" },
  };
  const secure = { ...options, rejectUnauthorized: false, ...(isIP(bare) === 0 ? { servername: bare } : {}) };
  const asked = url.protocol === "https:" ? httpsRequest(secure) : httpRequest(options);
  // Until the response, `once` rejects with it; after that the body tells.
  asked.on("error", () => undefined);
  asked.end();
  try {
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    const text = await bodyOf(response);
    const { statusCode: status = 0, headers } = response;
    return { status, text, ...(headers.location === undefined ? {} : { location: headers.location }) };
  } finally {
    asked.destroy();
  }
};

const portOf = (url: URL): number => Number(url.port) || (url.protocol === "https:" ? 443 : 80);

const fetched = async (
  { userAgent, port }: WebrootTrial,
  { token, keyAuthorization }: { readonly token: string; readonly keyAuthorization: string },
  name: string,
  address: string,
  signal: AbortSignal,
): Promise<Answer> => {
  const host = isIPv6(name) ? `[${name}]` : name;
  let url = new URL(`http://${host}/.well-known/acme-challenge/${token}`);
  for (let hops = 0; hops <= mostRedirects; hops += 1) {
    const reply = await get(url, address, hops === 0 && port !== undefined ? port : portOf(url), userAgent, signal);
    const { status, location, text } = reply;
    if (status === 200 && text.trimEnd() === keyAuthorization) return { answer: "shown" };
    if (status < 300 || status > 399 || location === undefined)
      return { answer: "other", why: status === 200 ? "HTTP 200 with another content" : `HTTP ${status}` };
    const next = URL.canParse(location, url.href) ? new URL(location, url.href) : undefined;
    const where = clean(location, 100).replaceAll(token, "TOKEN");
    if (next === undefined || !/^https?:$/.test(next.protocol))
      return { answer: "other", why: `a redirect to ${where}` };
    if (![...followed, port].includes(portOf(next)))
      return { answer: "other", why: `a redirect to ${where}, which no CA follows: ports 80 and 443 alone` };
    if (next.hostname !== url.hostname) return { answer: "elsewhere", why: `a redirect to ${where}` };
    url = next;
  }
  return { answer: "other", why: `more than ${mostRedirects} redirects` };
};

const failed = (error: unknown): Answer => {
  const { code = "" } = error as NodeJS.ErrnoException;
  if (code === "ECONNREFUSED") return { answer: "refused" };
  return { answer: "silent", ...(code === "" || code === "ABORT_ERR" ? {} : { why: clean(code, 40) }) };
};

/** One fetch for each address of each host, in that order. @throws Failure where the token cannot be put into the folder. */
export const tryWebroot = async (trial: WebrootTrial): Promise<readonly Fetched[]> => {
  const { webroot, hosts, random, timeoutMs, signal } = trial;
  const text = (size: number): string => Buffer.from(random(size)).toString("base64url");
  const token = `mailcert-preflight-${text(12)}`;
  const ours = { identifier: "preflight", token, keyAuthorization: `${token}.${text(32)}` };
  const challenge = createWebroot({ webroot });
  try {
    await challenge.present(ours, signal);
    const all = hosts.flatMap(({ name, addresses }) => addresses.map((address) => ({ name, address })));
    const results: Fetched[] = [];
    for (let at = 0; at < all.length; at += mostAtOnce) {
      const together = all.slice(at, at + mostAtOnce).map(async ({ name, address }) => {
        const until = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
        const answer = await fetched(trial, ours, name, address, until).catch(failed);
        return { name, address, ...answer };
      });
      results.push(...(await Promise.all(together)));
    }
    return results;
  } finally {
    await challenge.cleanUp(ours);
  }
};
