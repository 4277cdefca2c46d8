// Names that were left out of a certificate because they did not resolve: which they are, and when they are looked at again.
import type { CertificateState } from "../store/store.ts";
import type { CertificateConfig } from "./certificate-config.ts";
import { targetOf } from "./generation.ts";

/** What dies for an hour must not be missing for two months, and an hourly run is not to ask each time. */
const againMs = 86_400_000;

/** Those that are asked for still. */
export const droppedNames = (state: CertificateState, config: CertificateConfig): readonly string[] =>
  config.onDeadName !== "drop" ? [] : (targetOf(state)?.dropped ?? []).filter((name) => config.names.includes(name));

/** A day after they were left out, or looked at; at once where a clock that ran ahead wrote the date. */
export const lookAgain = (state: CertificateState, now: Date): boolean => {
  const last = Math.max(
    Date.parse(targetOf(state)?.createdAt ?? ""),
    state.droppedSeen === undefined ? 0 : Date.parse(state.droppedSeen),
  );
  const age = now.getTime() - last;
  return !(age >= 0 && age < againMs);
};
