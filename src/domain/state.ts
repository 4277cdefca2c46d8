// A certificate's state as a value: empty, and after its live generation changed.
import type { CertificateState, KeyRecord } from "../store/store.ts";
import type { Slot } from "./keys.ts";

/** A state with nothing in it yet. */
export const emptyState = (name: string): CertificateState => ({
  schema: "mailcert.state/1",
  name,
  generations: [],
  keys: {},
  deployments: {},
  attempts: 0,
});

/** The keys of generation `number` become current; what was current or next and is no longer either becomes old. */
export const withLiveKeys = (state: CertificateState, number: number): CertificateState => {
  const leaves = state.generations.find((generation) => generation.number === number)?.leaves ?? {};
  const keys: Partial<Record<Slot, KeyRecord>> = {};
  for (const slot of ["ecdsa", "rsa"] as const) {
    const record = state.keys[slot];
    const current = leaves[slot]?.key ?? record?.current;
    if (!record && current === undefined) continue;
    const next = record?.next === current ? undefined : record?.next;
    const left = [record?.current, ...(record?.old ?? [])].filter(
      (id) => id !== undefined && id !== current && id !== next,
    );
    keys[slot] = {
      ...(current === undefined ? {} : { current }),
      ...(next === undefined ? {} : { next }),
      old: [...new Set(left)].filter((id) => id !== undefined).sort(),
    };
  }
  return { ...state, keys };
};
