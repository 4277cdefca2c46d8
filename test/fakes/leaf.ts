// A leaf for a key, made by the self-signed issuer: for tests that need a pair that belongs together.
import { randomBytes } from "node:crypto";
import { createSelfSigned } from "../../src/issuers/self-signed/index.ts";

export const leafFor = async (
  privateKey: string,
  names: readonly string[],
  now = new Date("2026-11-20T12:00:00Z"),
): Promise<string> => {
  const issuer = createSelfSigned({ random: (size) => randomBytes(size) });
  const { leaf } = await issuer.issue({
    names,
    algorithm: "ecdsa",
    privateKey,
    settings: { kind: "self-signed", days: 90 },
    now,
    signal: new AbortController().signal,
    step: () => undefined,
  });
  return leaf;
};
