// Orders that are under way, remembered in the account's folder, so that a run after a crash continues one instead of placing another.
// An order belongs to its names, its key and its profile: only for the very same ones is it found again.
import { createHash } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureFolder, readTextIfPresent, writeFileAtomic } from "../../system/files.ts";

export interface OrderIdentity {
  readonly names: readonly string[];
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly profile?: string;
}

interface PendingOrder {
  readonly schema: 1;
  readonly url: string;
  readonly names: readonly string[];
  readonly spkiSha256: string;
  readonly placedAt: string;
  /** Written where it is true. */
  readonly exempt?: boolean;
}

export interface LeftOrder {
  readonly url: string;
  readonly placedAt: Date;
  /** It was placed as one that counts against no rate limit. */
  readonly exempt: boolean;
}

export interface OrderStore {
  /** The order that was left; undefined: none, or one that is too old to be good for anything. */
  recall(identity: OrderIdentity, now: Date): Promise<LeftOrder | undefined>;
  remember(identity: OrderIdentity, order: LeftOrder): Promise<void>;
  forget(identity: OrderIdentity): Promise<void>;
}

/**
 * CAs keep an order for 7 days at most (acme.md §2.1). One that did not end in a certificate within two is stuck (it stays in processing, its chain is
 * broken): a six-day certificate must not end because of it.
 */
const longestMs = 2 * 86_400_000;

/** A clock is set back by seconds; what was placed later than that was placed by one that was wrong, nobody knows when. */
const aheadMs = 3_600_000;

const spkiHex = ({ spki }: OrderIdentity): string => createHash("sha256").update(spki).digest("hex");

/** What a record says; undefined when it is too old or not readable: it only saves an order. */
const readPending = (text: string, now: Date): LeftOrder | undefined => {
  try {
    const { schema, url, placedAt, exempt } = JSON.parse(text) as Partial<PendingOrder>;
    const date = new Date(placedAt ?? "");
    const age = now.getTime() - date.getTime();
    const known = age < longestMs && age > -aheadMs;
    return schema === 1 && typeof url === "string" && known
      ? { url, placedAt: date, exempt: exempt === true }
      : undefined;
  } catch {
    return undefined;
  }
};

export const createOrderStore = (accountFolder: string): OrderStore => {
  const folder = join(accountFolder, "orders");
  const pathOf = (identity: OrderIdentity): string => {
    const parts = [[...identity.names].sort(), spkiHex(identity), identity.profile ?? ""];
    return join(folder, `${createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16)}.json`);
  };
  const forget: OrderStore["forget"] = (identity) => rm(pathOf(identity), { force: true });
  /** Orders whose key was thrown away are never asked for again. */
  const sweep = async (now: Date): Promise<void> => {
    for (const name of await readdir(folder)) {
      const text = await readTextIfPresent(join(folder, name));
      if (text !== undefined && readPending(text, now) === undefined) await rm(join(folder, name), { force: true });
    }
  };
  return {
    recall: async (identity, now) => {
      const text = await readTextIfPresent(pathOf(identity));
      if (text === undefined) return undefined;
      const left = readPending(text, now);
      if (left !== undefined) return left;
      await forget(identity);
      return undefined;
    },
    remember: async (identity, { url, placedAt, exempt }) => {
      await ensureFolder(folder, 0o700);
      await sweep(placedAt);
      const record: PendingOrder = {
        schema: 1,
        url,
        names: identity.names,
        spkiSha256: spkiHex(identity),
        placedAt: placedAt.toISOString(),
        ...(exempt ? { exempt } : {}),
      };
      await writeFileAtomic(pathOf(identity), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
    },
    forget,
  };
};
