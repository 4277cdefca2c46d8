// Revocations that are younger than the backup a CA comes back from, where all of the CA was lost: the file that mail servers judge by lies beside the CAs, and has its lists.
import { createPublicKey } from "node:crypto";
import { type CrlListing, isSignedBy, readCrl, splitCrls } from "../../domain/crl.ts";
import { DerProblem } from "../../domain/der.ts";
import { type RevocationReason, revocationReasonNames, revocationReasons } from "../../domain/revocation.ts";
import { plainSerial } from "../../domain/serial-number.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { Authority, RootSet } from "./authority.ts";
import { readIssued, readRevoked, recordRevoked, signerId } from "./records.ts";
import { trustPaths } from "./trust.ts";

const reasonOf = ({ reason }: CrlListing): RevocationReason =>
  revocationReasonNames.find((name) => revocationReasons[name] === reason) ?? "unspecified";

/** What the lists say that this key has signed; one that is damaged says nothing. */
const listedBy = ({ signer }: RootSet, lists: readonly string[]): readonly CrlListing[] => {
  const key = createPublicKey(signer.certificate);
  return lists.flatMap((pem) => {
    try {
      const { der, listings } = readCrl(pem);
      return isSignedBy(der, key) ? listings : [];
    } catch (error) {
      if (error instanceof DerProblem) return [];
      throw error;
    }
  });
};

/** Writes down what the servers' list has and the records have not: whoever was kept out stays out. @param folder of the CA, where it is to be; @param authority as it was laid beside */
export const addOutlived = async (folder: string, authority: Authority): Promise<void> => {
  const lists = splitCrls((await readTextIfPresent(trustPaths(folder).file)) ?? "");
  if (lists.length === 0) return;
  const known = new Set((await readRevoked(authority.folder)).map(({ serial }) => plainSerial(serial)));
  const issued = new Map((await readIssued(authority.folder)).map((one) => [plainSerial(one.serial), one]));
  for (const set of [authority, ...authority.older]) {
    for (const listing of listedBy(set, lists)) {
      const { serial, at } = listing;
      if (known.has(serial)) continue;
      known.add(serial);
      const { notBefore, notAfter } = set.signer.facts;
      // Signed after the backup as well: it ends with its signer at the latest.
      const record = issued.get(serial) ?? {
        serial,
        sha256: "",
        names: [],
        notBefore: notBefore.toISOString(),
        notAfter: notAfter.toISOString(),
        signer: signerId(set),
      };
      await recordRevoked(authority.folder, { ...record, at: at.toISOString(), reason: reasonOf(listing) });
    }
  }
};
