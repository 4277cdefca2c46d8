// How long a leaf of a private CA is valid: as asked, within its root.
import { basename } from "node:path";
import type { CertificateFacts } from "../../domain/certificate.ts";
import { Failure } from "../../domain/failure.ts";
import { caWord } from "../../domain/private-ca.ts";
import { type Validity, validityOf } from "../../x509/validity.ts";

const day = 86_400_000;
const year = 365 * day;

const date = (instant: Date): string => instant.toISOString().slice(0, 10);

const newRoot = (folder: string): string =>
  `mailcert ca rotate ${basename(folder)} makes a new root, which everybody must import before the old one ends`;

interface Limited {
  readonly facts: Pick<CertificateFacts, "notBefore" | "notAfter">;
  readonly folder: string;
}

/** @throws Failure `data` when the clock is before the root's beginning, or the root has ended or is about to. */
export const leafValidity = (
  { facts: root, folder }: Limited,
  days: number,
  now: Date,
  step: (what: string) => void,
  /** Something else of the chain ends then. */
  until = root.notAfter,
): Validity => {
  if (now < root.notBefore) {
    const message = `the clock says ${now.toISOString()}, but the private CA's root in ${folder} begins at ${root.notBefore.toISOString()}`;
    throw new Failure("data", message, { hints: ["set the clock (timedatectl status) and run the command again"] });
  }
  const left = root.notAfter.getTime() - now.getTime();
  if (left < day) {
    const ended = left < 0 ? "ended" : "ends";
    throw new Failure("data", `the private CA's root in ${folder} ${ended} on ${root.notAfter.toISOString()}`, {
      hints: [
        `move ${folder} away and make another: mailcert ca init${caWord(basename(folder))}; everybody must import its root before its certificates are served`,
      ],
    });
  }
  const wanted = validityOf(now, days);
  const notBefore = new Date(Math.max(wanted.notBefore.getTime(), root.notBefore.getTime()));
  const notAfter = new Date(Math.min(wanted.notAfter.getTime(), root.notAfter.getTime(), until.getTime()));
  if (until < root.notAfter && notAfter < wanted.notAfter) {
    step(
      `the certificate ends on ${date(notAfter)}, earlier than asked: with the older root that still vouches for its CA`,
    );
  } else if (notAfter < wanted.notAfter) {
    step(`the certificate ends with its CA's root on ${date(root.notAfter)}, earlier than asked; ${newRoot(folder)}`);
  } else if (root.notAfter.getTime() - notAfter.getTime() < year) {
    step(
      `the private CA's root ends on ${date(root.notAfter)}, within a year after this certificate; plan a new one: ${newRoot(folder)}`,
    );
  }
  return { notBefore, notAfter };
};
