// How a verdict about an entry point is said to people: what needs them in capitals.
import type { Verdict } from "../domain/verdict.ts";

export const verdictWords: Readonly<Record<Verdict, string>> = {
  proven: "proven",
  stale: "STALE",
  broken: "BROKEN",
  failing: "FAILING",
  unobservable: "not observed",
  "own-certificate": "own certificate",
};
