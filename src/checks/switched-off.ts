// Where the server's own configuration says that there is no TLS, st-adv says so for every port; what follows from it is not said as well.
import type { EntryFacts } from "./check.ts";

/** What switches it off, where it shows: something answers that is no TLS, or the port with TLS at once is closed (Dovecot 2.3 closes it). */
export const switchedOff = ({ tlsOff, observation: { entry, error, tls } }: EntryFacts): EntryFacts["tlsOff"] => {
  if (tls || error === undefined || error.stage === "resolve") return undefined;
  if (error.stage === "connect" && (error.reason !== "refused" || entry.mode !== "implicit")) return undefined;
  return tlsOff;
};
