// A host where nothing can be published in DNS, and nothing was.
import type { ChallengeWorld } from "../../src/challenges/challenge.ts";
import { noAuthority } from "./dns.ts";

export const noChallengeWorld: ChallengeWorld = {
  authoritative: async () => noAuthority,
  updater: () => Promise.reject(new Error("no updater")),
  journal: { note: async () => undefined, forget: async () => undefined, left: async () => [] },
};
