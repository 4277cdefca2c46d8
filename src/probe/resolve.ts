// All addresses of a host, of both families, as this machine's own programs would find them (getaddrinfo).
import { isIP } from "node:net";
import { createGate } from "../system/gate.ts";

/** A look-up that failed, as one phrase. */
interface Unresolved {
  readonly message: string;
}

export type Resolve = (host: string, timeoutMs: number) => Promise<readonly string[] | Unresolved>;

const words: Readonly<Record<string, string>> = {
  ENOTFOUND: "no such name in the DNS, or one without an A or AAAA record",
  ENODATA: "the name has no A or AAAA record",
  EAI_AGAIN:
    "the DNS gives no answer about it: the name server does not answer, or reports a failure (SERVFAIL: often broken DNSSEC)",
};

type Lookup = (host: string) => Promise<readonly { readonly address: string }[]>;

/** getaddrinfo blocks a thread of libuv's pool of four, which every file needs too; some names take half a minute to fail. */
const atOnce = 3;

/** Never rejects: a name that leads nowhere is a finding. `lookUp` stands in for getaddrinfo in tests. */
export const createResolve = (lookUp: Lookup): Resolve => {
  // A place is free when the look-up itself has ended, however long its asker waited.
  const gate = createGate(atOnce);
  return async (host, timeoutMs) => {
    if (isIP(host) !== 0) return [host];
    // The budget is the name server's: the wait for a thread is no fault of this name.
    await gate.enter();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Unresolved>((resolve) => {
      timer = setTimeout(() => resolve({ message: "the name server did not answer in time" }), timeoutMs);
    });
    const found = lookUp(host)
      .then(
        (addresses) => [...new Set(addresses.map(({ address }) => address))],
        (error: NodeJS.ErrnoException) => ({
          message: words[error.code ?? ""] ?? `look-up failed (${error.code ?? error.message})`,
        }),
      )
      .finally(() => gate.leave());
    return Promise.race([found, late]).finally(() => clearTimeout(timer));
  };
};

export const resolveHost = createResolve(async (host) => {
  const { lookup } = await import("node:dns/promises");
  return lookup(host, { all: true, verbatim: true });
});
