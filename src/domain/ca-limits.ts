// The published rate limits of known CAs (acme.md §2.3), kept to before the CA has to say so.
import { type AcmeCaName, acmeCaOf } from "./acme-directories.ts";
import type { CaLimits, Limit } from "./budget.ts";

const hour = 3_600_000;
const day = 24 * hour;

const per = (capacity: number, ms: number): Limit => ({ capacity, refillMs: ms / capacity });

/** Let's Encrypt, 2026-08-05. Of the five failed validations in an hour, two are left for others: mailcert stops at three. */
const letsEncrypt: CaLimits = {
  orders: per(300, 3 * hour),
  perDomain: per(50, 7 * day),
  perSet: per(5, 7 * day),
  failures: { ...per(3, hour), published: 5 },
};

const limits: Readonly<Partial<Record<AcmeCaName, CaLimits>>> = {
  letsencrypt: letsEncrypt,
  "letsencrypt-staging": {
    orders: per(1500, 3 * hour),
    perDomain: per(30_000, 7 * day),
    perSet: per(30_000, 7 * day),
    failures: per(200, hour),
  },
};

/** undefined: nothing is known of that CA's limits, and its own word is waited for. */
export const limitsOf = (directory: string): CaLimits | undefined => {
  const name = acmeCaOf(directory)?.name;
  return name === undefined ? undefined : limits[name];
};

/** For trials: every CA is taken for Let's Encrypt. */
export const limitsOfAll = (directory: string): CaLimits => limitsOf(directory) ?? letsEncrypt;
