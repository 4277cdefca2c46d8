// Makes what writes client identities. A part of compose.ts, loaded when one is made.
import { randomBytes } from "node:crypto";
import { writePkcs12 } from "./bundles/pkcs12.ts";
import { createIdentityFiles } from "./system/identity-files.ts";
import type { IdentityTools } from "./usecases/identity-tools.ts";

export const openIdentities = (uid: number): IdentityTools => {
  const random = (count: number): Uint8Array => randomBytes(count);
  return { ...createIdentityFiles(uid), random, write: (one) => writePkcs12({ ...one, random }) };
};
