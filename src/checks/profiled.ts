// For checks of the full look at TLS (--full): what was not asked, or what nobody could say, is not judged.
import type { TlsProfile } from "../domain/tls-profile.ts";
import type { EntryCheck, EntryFacts } from "./check.ts";

export const profiled =
  (known: (profile: TlsProfile) => unknown): NonNullable<EntryCheck["applies"]> =>
  ({ observation }: EntryFacts) =>
    observation.profile !== undefined && known(observation.profile) !== undefined;
