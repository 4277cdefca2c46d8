// For checks of the dialogue before TLS: where TLS begins at once there is none.
import type { EntryFacts } from "./check.ts";
import { sawServer } from "./seen.ts";

export const startTlsOnly = (facts: EntryFacts): boolean =>
  facts.observation.entry.mode === "starttls" && sawServer(facts);
