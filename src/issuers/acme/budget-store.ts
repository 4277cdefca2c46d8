// What was spent at a CA, in `accounts/<ca>/budget.json`, and the refusal to spend what it will not give. The caller holds the lock.
import { isIPv4, isIPv6 } from "node:net";
import { join } from "node:path";
import {
  type Budget,
  type BudgetOrder,
  type CaLimits,
  type Exhausted,
  emptyBudget,
  isCounted,
  prunedBudget,
  readBudget,
  whyNotNow,
  withCertificate,
  withFailures,
  withForeign,
  withOrder,
} from "../../domain/budget.ts";
import { comeBackHint } from "../../domain/come-back.ts";
import { Failure } from "../../domain/failure.ts";
import { clean } from "../../domain/text.ts";
import { ensureFolder, readTextIfPresent, writeFileAtomic } from "../../system/files.ts";
import { caFolder } from "../../domain/ca-folder.ts";

export interface Spending {
  /** The limit that is used up; undefined: an order may be placed. */
  exhausted(names: readonly string[], replaces: boolean): Promise<Exhausted | undefined>;
  /** @throws Failure `try-later` naming the limit, before anything is spent. */
  refuse(names: readonly string[], replaces: boolean): Promise<void>;
  ordered(names: readonly string[], replaces: boolean): Promise<void>;
  /** `resumed`: when the order was placed that an earlier run left, which may have counted its certificate. */
  issued(names: readonly string[], replaces: boolean, resumed?: Date): Promise<void>;
  /** Another client was given a certificate at that time; ours renews it. */
  noteForeign(names: readonly string[], issued: Date): Promise<void>;
  failed(names: readonly string[]): Promise<void>;
}

/** RFC 4291: the /64 of an address, by its first four groups. */
const network = (address: string): string => {
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length);
  return [...groups, ...Array.from({ length: zeros }, () => "0"), ...after].slice(0, 4).join(":");
};

/** What a name is counted under: its registrable domain, an IPv4 address itself, an IPv6 address's /64. */
const countedUnder = async (name: string): Promise<string> => {
  if (isIPv4(name)) return name;
  if (isIPv6(name)) return `${network(name)}::/64`;
  const { registrableDomain } = await import("../registrable-domain.ts");
  return registrableDomain(name.replace(/^\*\./, ""));
};

const nobodysLimits: Spending = {
  exhausted: async () => undefined,
  refuse: async () => undefined,
  ordered: async () => undefined,
  issued: async () => undefined,
  noteForeign: async () => undefined,
  failed: async () => undefined,
};

/** It only saves requests: a file that cannot be read or written must neither cost a certificate nor hide why there is none. */
const unlessFailure = async <Result>(job: () => Promise<Result>): Promise<Result | undefined> => {
  try {
    return await job();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
};

/** `limits` undefined: nothing is counted. */
export const openSpending = (
  stateDir: string,
  directory: string,
  limits: CaLimits | undefined,
  now: () => Date,
): Spending => {
  if (limits === undefined) return nobodysLimits;
  const folder = join(stateDir, "accounts", caFolder(directory));
  const path = join(folder, "budget.json");
  const read = async (): Promise<Budget> => {
    const text = await unlessFailure(() => readTextIfPresent(path));
    return (text === undefined ? undefined : readBudget(text)) ?? emptyBudget;
  };
  const change = async (with_: (budget: Budget) => Budget): Promise<void> => {
    const budget = prunedBudget(with_(await read()), limits, now());
    await unlessFailure(async () => {
      await ensureFolder(folder, 0o700);
      await writeFileAtomic(path, `${JSON.stringify(budget, null, 2)}\n`, { mode: 0o600 });
    });
  };
  const orderOf = async (names: readonly string[], replaces: boolean): Promise<BudgetOrder> => ({
    names,
    domains: await Promise.all(names.map(countedUnder)),
    replaces,
  });
  const exhausted: Spending["exhausted"] = async (names, replaces) =>
    whyNotNow(await read(), await orderOf(names, replaces), limits, now());
  return {
    exhausted,
    refuse: async (names, replaces) => {
      const spent = await exhausted(names, replaces);
      if (spent === undefined) return;
      const retryAt = spent.retryAt.toISOString();
      throw new Failure(
        "try-later",
        `no order was placed: this would exceed the CA's rate limit at ${clean(directory, 200)}: ${spent.what}`,
        {
          hints: [comeBackHint(retryAt)],
          facts: { code: "BUDGET", bucket: spent.what, retryAt },
        },
      );
    },
    ordered: async (names, replaces) => {
      const order = await orderOf(names, replaces);
      await change((budget) => withOrder(budget, order, limits, now()));
    },
    issued: async (names, replaces, resumed) => {
      const order = await orderOf(names, replaces);
      await change((budget) =>
        resumed !== undefined && isCounted(budget, names, resumed, now())
          ? budget
          : withCertificate(budget, order, limits, now()),
      );
    },
    noteForeign: (names, at) => change((budget) => withForeign(budget, names, at)),
    failed: (names) => change((budget) => withFailures(budget, names, limits, now())),
  };
};
