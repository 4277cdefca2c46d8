// What a CA, or whatever stands before it, does to a request: the faults of acme.md §6.3 that a proxy can play.
import type { Fault, Seen } from "./acme-proxy.ts";

/** Where a fault strikes, told by Pebble's paths; `after`: requests there that are let through. */
export const places = {
  directory: { path: "/dir" },
  newNonce: { path: "/nonce-plz" },
  newAccount: { path: "/sign-me-up" },
  newOrder: { path: "/order-plz" },
  authorization: { path: "/authZ/" },
  challenge: { path: "/chalZ/" },
  "authorization poll": { path: "/authZ/", after: 1 },
  finalize: { path: "/finalize-order/" },
  "order poll": { path: "/my-order/" },
  certificate: { path: "/certZ/" },
} as const satisfies Readonly<Record<string, { readonly path: string; readonly after?: number }>>;
export type Place = keyof typeof places;

export const problem = (type: string, status: number, headers: Readonly<Record<string, string>> = {}): Fault => ({
  reply: {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
    body: JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail: `scripted ${type}` }),
  },
});

const html = (status: number, headers: Readonly<Record<string, string>> = {}): Fault => ({
  reply: { status, headers: { "content-type": "text/html", ...headers }, body: "<html><h1>Sorry</h1></html>" },
});

/** An HTTP date as the proxy's own clock has it: its replies carry the same clock in Date. */
const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1000).toUTCString();

const headers = (more: Readonly<Record<string, string | undefined>>): Fault => ({
  change: (reply) => ({ ...reply, headers: { ...reply.headers, ...more } }),
});

/** Made at the moment at which they strike. */
export const faults = {
  "429, Retry-After in seconds": () => problem("rateLimited", 429, { "retry-after": "7200" }),
  "429, Retry-After as a date": () => problem("rateLimited", 429, { "retry-after": inSeconds(7200) }),
  "429 alone": () => problem("rateLimited", 429),
  "503, Retry-After in seconds": () => html(503, { "retry-after": "7200" }),
  "503, Retry-After as a date": () => html(503, { "retry-after": inSeconds(7200) }),
  "503, a date by a clock that is wrong": () =>
    html(503, { date: "Tue, 03 Feb 2009 10:00:00 GMT", "retry-after": "Tue, 03 Feb 2009 12:00:00 GMT" }),
  "503 alone": () => html(503),
  "500 as HTML": () => html(500),
  "502 with Retry-After": () => html(502, { "retry-after": "7200" }),
  hang: () => ({ hang: true }),
  "reset before the reply": () => ({ swallow: true }),
  "reset in the body": () => ({ cut: 20 }),
  "truncated body": () => ({ change: (reply) => ({ ...reply, body: reply.body.slice(0, -60) }) }),
  "wrong content type": () => headers({ "content-type": "text/html" }),
  "empty body": () => ({ change: (reply) => ({ ...reply, body: "" }) }),
  redirect: () => html(302, { location: "https://localhost:9/elsewhere" }),
  "skewed Date": () => headers({ date: "Tue, 03 Feb 2009 10:00:00 GMT" }),
  "Replay-Nonce missing": () => headers({ "replay-nonce": undefined }),
  "Replay-Nonce malformed": () => headers({ "replay-nonce": "no nonce at all!" }),
  badNonce: () => problem("badNonce", 400),
  "badNonce with a fresh one": () => problem("badNonce", 400, { "replay-nonce": "AAAA" }),
} as const satisfies Readonly<Record<string, () => Fault>>;
export type FaultName = keyof typeof faults;

/** `once`: the first request there; else each of them. */
export const strike = (place: Place, fault: FaultName, once: boolean): ((request: Seen) => Fault | undefined) => {
  const { path, after = 0 }: { readonly path: string; readonly after?: number } = places[place];
  let came = 0;
  return (request) => {
    if (!request.path.startsWith(path)) return undefined;
    came += 1;
    return came <= after || (once && came > after + 1) ? undefined : faults[fault]();
  };
};
