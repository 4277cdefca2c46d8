// Revocation by a private CA: written down for good, then listed.
import { dirname, join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import type { RevocationReason } from "../../domain/revocation.ts";
import type { FoundCertificate, RevokedCertificate } from "../private-cas.ts";
import { refreshCrls } from "./crl.ts";
import { noteLook } from "./due.ts";
import { settle } from "./layout.ts";
import { readIssued, readRevoked, recordRevoked } from "./records.ts";

/** By serial number or SHA-256, in hex. */
export const findIn = async (ca: string, folder: string, key: string): Promise<FoundCertificate | undefined> => {
  const plain = key.toLowerCase().replace(/^(?:0x)?(?:00)*(?=..)/, "");
  const record = (await readIssued(folder)).find(
    ({ serial, sha256 }) => serial.replace(/^(?:00)*(?=..)/, "") === plain || sha256 === key.toLowerCase(),
  );
  if (!record) return undefined;
  const { serial, sha256, names, notAfter } = record;
  const revoked = (await readRevoked(folder)).find((one) => one.serial === serial);
  return {
    ca,
    serial,
    sha256,
    names,
    notAfter,
    ...(revoked ? { revoked: { at: revoked.at, reason: revoked.reason } } : {}),
  };
};

/** May be repeated: a look is noted and the record made first, so that a list that a killed run did not make is made by the next. */
export const revokeIn = async (
  folder: string,
  { ca, serial }: FoundCertificate,
  reason: RevocationReason,
  { now, uid }: { readonly now: Date; readonly uid: number },
): Promise<RevokedCertificate> => {
  await settle(folder);
  const record = (await readIssued(folder)).find((one) => one.serial === serial);
  if (!record)
    throw new Failure("data", `${join(folder, "issued.jsonl")} has no certificate with the serial ${serial}`);
  const already = (await readRevoked(folder)).some((one) => one.serial === serial);
  await noteLook(dirname(folder), now);
  if (!already) await recordRevoked(folder, { ...record, at: now.toISOString(), reason });
  const { unpublished } = await refreshCrls(folder, now, uid, true);
  return { ca, serial, outcome: already ? "already" : "revoked", unpublished };
};
