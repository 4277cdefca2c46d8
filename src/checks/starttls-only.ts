// For checks of the dialogue before TLS: where TLS begins at once there is none.
import type { EntryFacts } from "./check.ts";

export const startTlsOnly = ({ observation }: EntryFacts): boolean => observation.entry.mode === "starttls";
