// A private CA as it stands, for people and programs: no key in it.
import { join } from "node:path";
import { type CertificateFacts, readCertificate } from "../../domain/certificate.ts";
import type { ShownCa, ShownCertificate, ShownCrl, ShownRoot } from "../private-cas.ts";
import { type Authority, type RootSet, findAuthority } from "./authority.ts";
import { validClients } from "./clients.ts";
import { crlDueAt, crlPath, readCrlAt } from "./crl.ts";
import { readLayout } from "./layout.ts";
import { copiesBehind, readCopies } from "./published.ts";
import { countValid, readIssued, readRevoked } from "./records.ts";

const day = 86_400_000;

/** A leaf may live for 825 days, and people need months to import a root: two years and a half before its end. */
const rotateBeforeMs = 913 * day;

/** A root with a life of its own choosing: no later than after two thirds of it. */
const rotateBy = ({ notBefore, notAfter }: CertificateFacts): Date => {
  const third = (notAfter.getTime() - notBefore.getTime()) / 3;
  return new Date(notAfter.getTime() - Math.min(rotateBeforeMs, third));
};

const shown = (facts: CertificateFacts, file: string, key: ShownCertificate["key"]): ShownCertificate => ({
  title: facts.commonName ?? facts.subject,
  subject: facts.subject,
  serial: facts.serial,
  sha256: facts.sha256,
  spkiSha256: facts.spkiSha256,
  notBefore: facts.notBefore.toISOString(),
  notAfter: facts.notAfter.toISOString(),
  file,
  key,
});

const shownRoot = ({ facts, rootPath, rootKey, constraints, cross }: RootSet): ShownRoot => ({
  ...shown(facts, rootPath, rootKey),
  ...(constraints === undefined ? {} : { limits: constraints }),
  crossSigned: cross !== undefined,
});

const shownCrl = async (authority: Authority, set: RootSet, now: Date): Promise<readonly ShownCrl[]> => {
  const file = crlPath(set);
  const crl = await readCrlAt(file);
  if (!crl) return [];
  const { facts, privateKey } = set.signer;
  const missing = join(set.folder, set.issuing === undefined ? "root-key.pem" : "issuing-key.pem");
  return [
    {
      file,
      of: facts.commonName ?? facts.subject,
      number: String(crl.number),
      thisUpdate: crl.thisUpdate.toISOString(),
      nextUpdate: crl.nextUpdate.toISOString(),
      due: crlDueAt(crl).toISOString(),
      revoked: crl.serials.length,
      valid: await countValid(authority, set, now),
      ...(facts.notAfter <= now ? { ended: true as const } : {}),
      ...(privateKey === undefined ? { missingKey: missing } : {}),
    },
  ];
};

export const showCa = async (name: string, folder: string, now: Date): Promise<ShownCa | undefined> => {
  const authority = await findAuthority(folder);
  if (!authority) return undefined;
  const issued = await readIssued(authority.folder);
  const revoked = await readRevoked(authority.folder);
  const gone = new Set(revoked.map(({ serial }) => serial));
  const valid = issued.filter(({ serial, notAfter }) => !gone.has(serial) && Date.parse(notAfter) > now.getTime());
  const clients = await validClients(authority.folder, now);
  const { unfinished, halfRestored } = await readLayout(folder);
  const crls = [];
  for (const set of [authority, ...authority.older]) crls.push(...(await shownCrl(authority, set, now)));
  const behind = await copiesBehind(authority);
  const between = authority.issuing === undefined ? undefined : readCertificate(authority.issuing);
  return {
    name,
    folder,
    root: shownRoot(authority),
    ...(between ? { issuing: shown(between, authority.paths["issuing.pem"] ?? "", "here") } : {}),
    older: authority.older.map(shownRoot),
    certificates: { issued: issued.length, valid: valid.length, revoked: revoked.length },
    ...(clients.length > 0 ? { clients } : {}),
    crls,
    published: (await readCopies(authority.folder)).map(({ path }) => path),
    ...(behind.length > 0 ? { behind } : {}),
    rotateBy: rotateBy(authority.facts).toISOString(),
    ...(unfinished ? { unfinished: true as const } : {}),
    ...(halfRestored ? { halfRestored } : {}),
  };
};
