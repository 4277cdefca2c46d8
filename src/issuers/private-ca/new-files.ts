// The files of one root, made together in a folder that is renamed into place whole.
import { X509Certificate } from "node:crypto";
import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readCertificate } from "../../domain/certificate.ts";
import { Failure } from "../../domain/failure.ts";
import type { NameConstraints } from "../../domain/name-constraints.ts";
import { fileFailure, syncFolder, temporaryBeside, writeNewFile } from "../../system/files.ts";
import type { GenerateKey } from "../../system/keys.ts";
import { makeCrl } from "../../x509/crl.ts";
import { encryptKey } from "../../x509/encrypted-key.ts";
import type { Random } from "../../x509/random.ts";
import type { SigningCa } from "../../x509/root.ts";
import { beginningOf } from "../../x509/validity.ts";
import type { RootSet } from "./authority.ts";
import { carryAway } from "./away.ts";
import type { SetFile } from "./layout.ts";
import { newCross, newIssuing, newRoot } from "./new-root.ts";

export interface NewFiles {
  /** The CA's name. */
  readonly ca: string;
  readonly constraints: NameConstraints | undefined;
  readonly days?: number;
  readonly now: Date;
  /** The root before it, and its key, which vouches for the new one. */
  readonly before?: { readonly set: RootSet; readonly privateKey: string };
  /** An issuing CA signs, and the root's key lies under a passphrase: here, or in a folder that is carried away. */
  readonly sealed?: { readonly passphrase: string; readonly offline?: string };
}

export interface Making {
  readonly random: Random;
  readonly generateKey: GenerateKey;
  readonly uid: number;
}

/** What was just signed, judged as a client does: a certificate that leads nowhere must not become the CA's. */
const judged = (certificate: string, parent: string, what: string): string => {
  if (new X509Certificate(certificate).verify(new X509Certificate(parent).publicKey)) return certificate;
  throw new Failure("data", `the new ${what} is not signed by the key of its issuer: nothing was changed`, {
    hints: ["check the root's key: mailcert ca show says whose it has to be"],
  });
};

type Files = Partial<Record<SetFile, string>>;

/** The key of the root leaves nothing behind: only the issuing CA's stays open here. */
const sealedFiles = async (
  { sealed, ...what }: NewFiles,
  root: SigningCa,
  { random, generateKey, uid }: Making,
): Promise<Files> => {
  if (sealed === undefined) return { "root-key.pem": root.privateKey };
  const facts = readCertificate(root.certificate);
  const issuingKey = await generateKey("ecdsa");
  const encrypted = await encryptKey(root.privateKey, sealed.passphrase, random);
  const { offline, passphrase } = sealed;
  if (offline !== undefined) await carryAway(offline, { sealed: encrypted, root: root.certificate, passphrase }, uid);
  return {
    ...(offline === undefined ? { "root-key.pem": encrypted } : {}),
    "issuing-key.pem": issuingKey,
    "issuing.pem": judged(
      await newIssuing({ ...what, privateKey: issuingKey, random }, { ...root, facts }),
      root.certificate,
      "issuing CA",
    ),
    // It has revoked nothing, and its key is not here to say so again: good until its end.
    "root-crl.pem": makeCrl({
      by: root,
      thisUpdate: beginningOf(what.now),
      nextUpdate: facts.notAfter,
      number: BigInt(Math.floor(what.now.getTime() / 1000)),
      entries: [],
    }),
  };
};

/** Contents by file name. */
const filesOf = async (what: NewFiles, making: Making): Promise<Files> => {
  const { random, generateKey } = making;
  const privateKey = await generateKey("ecdsa");
  const certificate = await newRoot({ ...what, privateKey, random });
  const { before } = what;
  const cross =
    before &&
    judged(
      await newCross(
        { pem: certificate, facts: readCertificate(certificate), constraints: what.constraints },
        { certificate: before.set.root, privateKey: before.privateKey, facts: before.set.facts },
        random,
      ),
      before.set.root,
      "cross certificate",
    );
  return {
    "root.pem": certificate,
    ...(cross === undefined ? {} : { "cross.pem": cross }),
    ...(await sealedFiles(what, { certificate, privateKey }, making)),
  };
};

/** Makes all of it and gives it the name `folder` at once: there is all of it, or nothing. */
export const makeSet = async (folder: string, what: NewFiles, making: Making): Promise<void> => {
  const files = await filesOf(what, making);
  try {
    const temporary = temporaryBeside(folder);
    await mkdir(temporary, { mode: 0o700 });
    for (const [name, content] of Object.entries(files))
      await writeNewFile(join(temporary, name), name.endsWith("key.pem") ? 0o600 : 0o644, content);
    await syncFolder(temporary);
    await rename(temporary, folder);
    await syncFolder(dirname(folder));
  } catch (error) {
    throw fileFailure(error, "write", folder);
  }
};
