// A domain's MTA-STS policy as senders find it (RFC 8461 §3): the TXT record first, then the text over HTTPS.
import { request } from "node:https";
import { parseStsPolicy, stsId, stsProblem } from "../domain/mta-sts.ts";
import { clean } from "../domain/text.ts";
import { recordsOf } from "./alias.ts";
import type { AskOptions, StsLookup } from "./dns.ts";
import type { Resolver } from "./resolver.ts";

export interface PolicyOptions {
  readonly resolver: Resolver;
  /** PEM: the roots that the policy host's certificate must lead to. */
  readonly roots: () => Promise<readonly string[]>;
  readonly ticks: () => number;
  /** Where policy hosts listen; tests have other ports. */
  readonly port: number;
}

/** RFC 8461 §3.3 leaves it to us; a policy of a hundred hosts is 4 KiB. */
const mostBytes = 65_536;

const addressesOf = async (resolver: Resolver, host: string, options: AskOptions): Promise<readonly string[]> => {
  const [four, six] = await Promise.all(
    (["A", "AAAA"] as const).map(async (type) => {
      const { answers } = await resolver.ask(host, type, options);
      return recordsOf(host, type, answers).map(({ data }) => data);
    }),
  );
  return [...(four ?? []), ...(six ?? [])];
};

interface Fetched {
  readonly text: string;
  /** As sent, with its parameters; `none` where nothing was said. */
  readonly mediaType: string;
}

/** The text at the well-known place. Redirects are not followed, any status but 200 is no policy (RFC 8461 §3.3). */
const fetchPolicy = (
  host: string,
  addresses: readonly string[],
  ca: readonly string[],
  port: number,
  { timeoutMs, signal }: AskOptions,
): Promise<Fetched> =>
  new Promise((resolve, reject) => {
    const found = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    const [first] = found;
    const call = request({
      host,
      port,
      path: "/.well-known/mta-sts.txt",
      agent: false,
      ca: [...ca],
      rejectUnauthorized: true,
      signal,
      headers: { Accept: "text/plain" },
      // The addresses that our own servers gave, within our deadline.
      lookup: (_host, { all }, done) => {
        if (all) done(null, found);
        else done(null, first?.address ?? "", first?.family);
      },
    });
    const timer = setTimeout(() => call.destroy(new Error("no policy in time")), timeoutMs);
    call.on("close", () => clearTimeout(timer));
    call.on("error", reject);
    call.on("response", (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on("error", reject);
      response.on("data", (part: Buffer) => {
        size += part.length;
        if (size > mostBytes) call.destroy(new Error("the policy is longer than any policy"));
        else parts.push(part);
      });
      response.on("end", () => {
        const mediaType = clean(response.headers["content-type"] ?? "none", 80);
        if (response.statusCode === 200) resolve({ text: Buffer.concat(parts).toString("utf8"), mediaType });
        else reject(new Error(`the policy host answered ${response.statusCode ?? "nothing"}`));
      });
    });
    call.end();
  });

/** Records that were meant for it are told from none. */
const nothingIn = (owner: string, texts: readonly string[]): StsLookup => {
  const meant = texts.filter((text) => /^v=STSv1/i.test(text)).length;
  if (meant === 0) return { kind: "none" };
  return { kind: "none", why: meant > 1 ? `${owner} has ${meant} records` : `the record at ${owner} is malformed` };
};

export const lookUpPolicy = async (
  { resolver, roots, ticks, port }: PolicyOptions,
  domain: string,
  options: AskOptions,
): Promise<StsLookup> => {
  const until = ticks() + options.timeoutMs;
  const remaining = (): AskOptions => ({ ...options, timeoutMs: Math.max(1, until - ticks()) });
  const owner = `_mta-sts.${domain}`;
  try {
    const { rcode, answers } = await resolver.ask(owner, "TXT", options);
    if (rcode !== "NOERROR" && rcode !== "NXDOMAIN") return { kind: "unknown", why: `${owner}: ${rcode}` };
    const texts = recordsOf(owner, "TXT", answers).map(({ data }) => [data].flat().map(String).join(""));
    if (stsId(texts) === undefined) return nothingIn(owner, texts);
    const host = `mta-sts.${domain}`;
    const addresses = await addressesOf(resolver, host, remaining());
    if (addresses.length === 0) return { kind: "unknown", why: `${host} has no address` };
    const { text, mediaType } = await fetchPolicy(host, addresses, await roots(), port, remaining());
    const policy = parseStsPolicy(text);
    if (!policy) return { kind: "none", why: `the text that ${host} has is no policy: ${stsProblem(text)}` };
    return { kind: "found", policy, ...(/^text\/plain(?:[ \t]*;|$)/i.test(mediaType) ? {} : { mediaType }) };
  } catch (error) {
    return { kind: "unknown", why: `${domain}: ${clean((error as Error).message, 200)}` };
  }
};
