// What pre-flight found, in words: findings about the account, CAA, addresses, ports, folders, the disk and the clock. Facts in, findings out.
import type { Finding, Severity } from "./finding.ts";

export interface PreflightFinding extends Finding {
  /** With several CAs: the one that it is about. */
  readonly ca?: string;
}

const finding = (check: string, severity: Severity, message: string, hint?: string, reference?: string): Finding => ({
  check,
  severity,
  message,
  ...(hint === undefined ? {} : { hint }),
  ...(reference === undefined ? {} : { reference }),
});

const minute = 60_000;

/** Tokens and certificates carry dates: an hour is more than any CA bears, five minutes are no accident. */
export const clockFinding = (aheadMs: number | undefined): Finding => {
  const check = "preflight-clock";
  if (aheadMs === undefined) return finding(check, "info", "the CA's answer has no date: the clock was not compared");
  const skew = Math.abs(aheadMs);
  const minutes = Math.round(skew / minute);
  const said = `this host's clock is ${minutes} minutes ${aheadMs > 0 ? "behind" : "ahead of"} the CA's`;
  const hint = "set the clock, and have it kept right: timedatectl set-ntp true";
  if (skew > 60 * minute) return finding(check, "fault", said, hint);
  if (skew > 5 * minute) return finding(check, "warning", said, hint);
  return finding(check, "ok", "the clock agrees with the CA's");
};

const listed = (texts: readonly string[]): string =>
  texts.length <= 6 ? texts.join(", ") : `${texts.slice(0, 6).join(", ")} and ${texts.length - 6} more`;

/** Where a name leads, seen from this host. `needed`: the challenge goes to that address; `place`: the first name is never left out, and a further one where that is asked for; `ordered`: it is asked for all the same. */
export const resolveFinding = (
  name: string,
  lookup:
    | { readonly kind: "found"; readonly addresses: readonly string[] }
    | { readonly kind: "none"; readonly exists: boolean; readonly unconfirmed?: true }
    | { readonly kind: "unknown"; readonly why: string },
  own: readonly string[],
  needed: boolean,
  place: "first" | "further" | "droppable" | "ordered" = "further",
): Finding => {
  const check = "preflight-resolve";
  if (lookup.kind === "unknown")
    return finding(
      check,
      "warning",
      `nobody could say where ${name} leads (${lookup.why})`,
      "check this host's name servers (/etc/resolv.conf): the CA asks others, and may know",
    );
  if (lookup.kind === "none") {
    const what = lookup.exists ? `${name} has no A or AAAA record` : `${name} does not exist in DNS (NXDOMAIN)`;
    if (needed && lookup.unconfirmed)
      return finding(
        check,
        "warning",
        `${what}, says this host's resolver, and none of the zone's own servers could be asked`,
        "check this host's name servers (/etc/resolv.conf): the CA asks others, and may know",
      );
    if (needed && place === "ordered")
      return finding(check, "warning", `${what}: it would be ordered all the same`, "give it an address");
    if (needed && place === "droppable")
      return finding(
        check,
        "warning",
        `${what}: it would be left out`,
        "give it an address, or take it out of the configuration",
      );
    return needed
      ? finding(
          check,
          "fault",
          what,
          place === "first"
            ? "give it an address: a CA cannot validate it so (or, where it sees another DNS than this host: on_dead_name: order)"
            : "give it an address, or take it out of the configuration (or: on_dead_name: drop, or order)",
        )
      : finding(check, "info", `${what}; it is proven by a TXT record, which needs none`);
  }
  const elsewhere = lookup.addresses.filter((address) => !own.includes(address));
  if (elsewhere.length === 0) return finding(check, "ok", `${name} leads here: ${listed(lookup.addresses)}`);
  return finding(
    check,
    needed ? "warning" : "info",
    `${name} leads to ${listed(elsewhere)}, which is no address of this host (${listed(own)})`,
    "behind NAT that is as it should be, if the port is forwarded here; else correct the A and AAAA records: a CA tries IPv6 first",
  );
};

/** `trouble`: why a file cannot be written there. */
export const writeFinding = (what: string, folder: string, trouble: string | undefined): Finding =>
  trouble === undefined
    ? finding("preflight-write", "ok", `${folder} (${what}) can be written to`)
    : finding(
        "preflight-write",
        "fault",
        `${folder} (${what}) cannot be written to: ${trouble}`,
        "run this as root, and look at the file system it is on",
      );

/** Three generations of two slots are some 60 KiB. */
const leastBytes = 4 << 20;
const fewBytes = 64 << 20;

/** `bytes` undefined: nobody could say. */
export const diskFinding = (folder: string, bytes: number | undefined): Finding => {
  if (bytes === undefined) return finding("preflight-write", "info", `nobody could say what is left for ${folder}`);
  const left = `${Math.floor(bytes / (1 << 20))} MiB are left for ${folder}`;
  if (bytes < leastBytes) return finding("preflight-write", "fault", left, "make room on that file system");
  if (bytes < fewBytes) return finding("preflight-write", "warning", left, "make room on that file system");
  return finding("preflight-write", "ok", left);
};

/** The CA's limits, by what was counted here. */
export const limitFinding = (
  title: string,
  exhausted: { readonly what: string; readonly retryAt: Date } | undefined,
): Finding =>
  exhausted === undefined
    ? finding("preflight-limit", "ok", `no rate limit of ${title} that is known here is used up`)
    : finding(
        "preflight-limit",
        "fault",
        `this would exceed a rate limit of ${title}: ${exhausted.what}`,
        `from ${exhausted.retryAt.toISOString()} on there is room again`,
      );

/** `only`: no other challenge is configured that could do instead. `trouble`: why our own listener could not be opened. */
export const portFinding = (
  challenge: "http-01" | "tls-alpn-01",
  address: string,
  trouble: string | undefined,
  only: boolean,
): Finding => {
  const check = "preflight-port";
  if (trouble === undefined) return finding(check, "ok", `${challenge} can listen on ${address}`);
  return finding(
    check,
    only ? "fault" : "warning",
    `${challenge} could not listen on ${address}: ${trouble}`,
    challenge === "http-01"
      ? "where a web server has the port, let it serve the tokens: webroot: DIR (--webroot DIR)"
      : "use another challenge, challenge: http-01 (--challenge http-01), or another address",
  );
};

/** What a timer's run would wait for. */
export const backoffFinding = (name: string, why: string, until: string): Finding =>
  finding(
    "preflight-backoff",
    "warning",
    `the last attempt failed, and the timer's next one is at ${until}: ${why}`,
    `mended? mailcert renew ${name} tries at once`,
  );

/** The request that is certified instead of a key of ours. */
export const requestFinding = (path: string): Finding =>
  finding("preflight-csr", "ok", `the request ${path} is for these names and this kind of key`);
