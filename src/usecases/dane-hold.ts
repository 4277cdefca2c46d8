// What the guard leaves in the state: where secure TLSA records were seen, and which change waits for DNS.
import {
  type DaneHold,
  type DaneMemory,
  type Ripening,
  ripening,
  usualTtl,
  withAnswers,
} from "../domain/dane-memory.ts";
import type { Failure } from "../domain/failure.ts";
import { sha256Hex } from "../domain/fingerprint.ts";
import { inConfiguration } from "../domain/fitting-hint.ts";
import { withoutKeys } from "../domain/text.ts";
import { tlsaOwner } from "../domain/tlsa.ts";
import type { CertificateState } from "../store/store.ts";
import type { AtServer, Pinned, Promised } from "./ask-dns.ts";
import type { Candidate } from "./candidate.ts";
import type { World } from "./world.ts";

/** SHA-256 of each SubjectPublicKeyInfo that is known, hex. */
export const keysOf = ({ slots }: Candidate): readonly string[] =>
  Object.values(slots).flatMap(({ spki }) => (spki ? [sha256Hex(spki)] : []));

export const heard = (
  world: Pick<World, "now">,
  state: CertificateState,
  { names, ports }: { readonly names: readonly string[]; readonly ports: readonly number[] },
  { tlsa, silent }: Promised,
): DaneMemory | undefined => {
  const owner = ({ name, port }: { readonly name: string; readonly port: number }): string => tlsaOwner(name, port);
  const asked = names.flatMap((name) => ports.map((port) => tlsaOwner(name, port)));
  return withAnswers(state.dane, { secure: tlsa.map(owner), silent: silent.map(owner), asked }, world.now());
};

/** Both as it is handed on and on disk; a dry run (`remembers` false) writes nothing. */
export const withMemory = async (
  world: World,
  state: CertificateState,
  dane: DaneMemory | undefined,
  remembers: boolean,
): Promise<CertificateState> => {
  if (!remembers || JSON.stringify(dane) === JSON.stringify(state.dane)) return state;
  const change = (one: CertificateState): CertificateState => {
    const { dane: _before, ...rest } = one;
    return dane === undefined ? rest : { ...rest, dane };
  };
  await world.store.write(change(world.store.read(state.name) ?? state));
  return change(state);
};

/** Of the failures only the last is told: one that came before the keys were even looked at is over, unless who was asked named a time. */
const withoutOlderError = (state: CertificateState, now: Date): CertificateState => {
  const { lastError, nextAttempt: _next, ...rest } = state;
  if (lastError?.what !== "issue" || new Date(String(lastError.facts?.["retryAt"])) > now) return state;
  return { ...rest, attempts: 0 };
};

export type HoldClock = Pick<DaneHold, "publish" | "ttl" | "since" | "until" | "certificate">;

/** The longest TTL since the change waits. */
export const longest = (before: DaneHold | undefined, servers: readonly AtServer[]): Pick<DaneHold, "ttl"> => ({
  ttl: Math.max(0, before?.ttl ?? 0, ...servers.map(({ ttl }) => ttl)),
});

/** Since when the record is everywhere. Where no server can be asked itself, the resolver's word has to do. */
export const clockOf = (held: DaneHold, tlsa: readonly Pinned[], servers: readonly AtServer[], now: Date): Ripening => {
  const unasked = tlsa.some(({ owner }) => !servers.some((one) => one.owner === owner));
  return ripening(held, [...servers.map(({ ttl }) => ttl), ...(unasked ? [usualTtl] : [])], now);
};

/** The change is held: remembered with its reason. */
export const hold = async (
  world: World,
  state: CertificateState,
  candidate: Candidate,
  dane: DaneMemory | undefined,
  { message, hints }: Failure,
  clock: HoldClock,
): Promise<void> => {
  const held: DaneHold = {
    at: world.now().toISOString(),
    message: inConfiguration(withoutKeys(message)),
    hints: hints.map((hint) => inConfiguration(withoutKeys(hint))),
    keys: keysOf(candidate),
    names: candidate.names,
    ...clock,
  };
  const stored = world.store.read(state.name) ?? state;
  // What was issued already is remembered as a failed attempt as well, by who issued it.
  const before = candidate.chains ? stored : withoutOlderError(stored, world.now());
  await world.store.write({ ...before, dane: { seen: dane?.seen ?? {}, held } });
};
