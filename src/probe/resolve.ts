// All addresses of a host, of both families, as this machine's own programs would find them (getaddrinfo).
import { isIP } from "node:net";

/** A look-up that failed, as one phrase. */
interface Unresolved {
  readonly message: string;
}

export type Resolve = (host: string, timeoutMs: number) => Promise<readonly string[] | Unresolved>;

const words: Readonly<Record<string, string>> = {
  ENOTFOUND: "no such name in the DNS (no A or AAAA record)",
  ENODATA: "the name has no A or AAAA record",
  EAI_AGAIN: "the name server does not answer",
};

type Lookup = (host: string) => Promise<readonly { readonly address: string }[]>;

/** Never rejects: a name that leads nowhere is a finding. `lookUp` stands in for getaddrinfo in tests. */
export const createResolve =
  (lookUp: Lookup): Resolve =>
  async (host, timeoutMs) => {
    if (isIP(host) !== 0) return [host];
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Unresolved>((resolve) => {
      timer = setTimeout(() => resolve({ message: "the name server did not answer in time" }), timeoutMs);
    });
    const found = lookUp(host).then(
      (addresses) => [...new Set(addresses.map(({ address }) => address))],
      (error: NodeJS.ErrnoException) => ({
        message: words[error.code ?? ""] ?? `look-up failed (${error.code ?? error.message})`,
      }),
    );
    return Promise.race([found, late]).finally(() => clearTimeout(timer));
  };

export const resolveHost = createResolve(async (host) => {
  const { lookup } = await import("node:dns/promises");
  return lookup(host, { all: true, verbatim: true });
});
