// A host where nothing can be published in DNS, and nothing was.
import { randomBytes } from "node:crypto";
import type { ChallengeWorld } from "../../src/challenges/challenge.ts";
import { noAuthority } from "./dns.ts";

export const noChallengeWorld: ChallengeWorld = {
  random: (size) => randomBytes(size),
  authoritative: async () => noAuthority,
  updater: () => Promise.reject(new Error("no updater")),
  journal: { note: async () => undefined, forget: async () => undefined, left: async () => [] },
};
