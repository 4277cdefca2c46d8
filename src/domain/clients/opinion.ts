// What a client says of what is served: the worst of its rules that speak, and what has to be imported first.
import { type CauseId, causeIds, causes } from "./causes.ts";
import type { Client, Import, Rule, Verdict } from "./client.ts";
import { type Path, type Served, pathOf } from "./served.ts";

export interface Reason extends Rule {
  /** The cause in this certificate's own words. */
  readonly because: string;
  readonly mend: string;
}

export interface Opinion {
  readonly client: Client;
  readonly verdict: Verdict;
  /** Without it even `accepts` does not hold; absent: nothing to import, or nothing that would help. */
  readonly imports?: { readonly file: string; readonly how: string };
  /** Worst first. Empty: it accepts. */
  readonly reasons: readonly Reason[];
}

const ranks: readonly Verdict[] = ["accepts", "asks", "refuses", "never"];

export const worstOf = (verdicts: readonly Verdict[]): Verdict =>
  ranks.findLast((verdict) => verdicts.includes(verdict)) ?? "accepts";

const endings: Readonly<Record<Import["format"], string>> = { pem: "crt", der: "cer", mobileconfig: "mobileconfig" };

/** As `bundle` calls them: a certificate that is no CA must not be called one. */
const fileOf = ({ format }: Import, path: Path): string =>
  `${(path.root ?? path.leaf).isCa ? "ca" : "server"}.${endings[format]}`;

const importFor = (client: Client, path: Path): Opinion["imports"] => {
  if (path.trust === "public") return undefined;
  const flagged = path.trust === "private-ca" || path.leaf.isCa;
  const given = flagged ? client.imports : client.importsLeaf;
  return given && { file: fileOf(given, path), how: given.how };
};

/** `only`: look at these causes alone. @throws Error for a chain without a leaf */
export const opinionsOf = (
  served: Served,
  clients: readonly Client[],
  only: readonly CauseId[] = causeIds,
): readonly Opinion[] => {
  const path = pathOf(served);
  const there = new Set(only.filter((id) => causes[id].when(path)));
  return clients.map((client) => {
    const reasons = client.rules
      .filter(({ cause }) => there.has(cause))
      .map((rule): Reason => {
        const { says, mend } = causes[rule.cause];
        return { ...rule, because: says(path), mend };
      })
      .sort((a, b) => ranks.indexOf(b.verdict) - ranks.indexOf(a.verdict));
    const verdict = worstOf(reasons.map((reason) => reason.verdict));
    const imports = verdict === "never" ? undefined : importFor(client, path);
    return { client, verdict, ...(imports ? { imports } : {}), reasons };
  });
};
