// A root, and what is signed by it at the same time, for one CA: named after its domain and its key, valid for ten years.
import type { NameConstraints } from "../../domain/name-constraints.ts";
import { displayName } from "../../domain/names.ts";
import type { Random } from "../../x509/random.ts";
import { type SigningCa, makeCross, makeIssuing, makeRoot } from "../../x509/root.ts";
import { validityOf } from "../../x509/validity.ts";

/** Ten years, leap days included. */
export const rootDays = 3652;

export interface NewRoot {
  /** The CA's name. */
  readonly ca: string;
  /** PEM. */
  readonly privateKey: string;
  readonly constraints: NameConstraints | undefined;
  readonly days?: number;
  readonly now: Date;
  readonly random: Random;
}

/** `example.org CA 1a2b3c4d`: told apart from other roots by people, and by clients that look issuers up by name. */
const subjectOf =
  ({ constraints, ca }: Pick<NewRoot, "constraints" | "ca">, kind: "CA" | "Issuing CA") =>
  (keyId: string): { readonly commonName: string; readonly organization: string } => {
    const subject = constraints?.domains[0] ?? constraints?.addresses[0] ?? ca;
    return {
      commonName: `${displayName(subject).slice(0, kind === "CA" ? 50 : 42)} ${kind} ${keyId.slice(0, 8)}`,
      organization: "mailcert private CA",
    };
  };

/** PEM. */
export const newRoot = ({ privateKey, days = rootDays, now, ...what }: NewRoot): Promise<string> =>
  makeRoot({ ...what, privateKey, subject: subjectOf(what, "CA"), ...validityOf(now, days) });

interface Span {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Where both are valid. */
const within = (one: Span, other: Span): Span => ({
  notBefore: new Date(Math.max(one.notBefore.getTime(), other.notBefore.getTime())),
  notAfter: new Date(Math.min(one.notAfter.getTime(), other.notAfter.getTime())),
});

/** PEM of `root` as the root before it signs it, for as long as both are valid. */
export const newCross = (
  root: { readonly pem: string; readonly facts: Span; readonly constraints: NameConstraints | undefined },
  by: SigningCa & { readonly facts: Span },
  random: Random,
): Promise<string> =>
  makeCross({ root: root.pem, by, constraints: root.constraints, random, ...within(root.facts, by.facts) });

/** PEM of the CA below `by` that signs the leaves, valid for as long as its root. */
export const newIssuing = (what: NewRoot, by: SigningCa & { readonly facts: Span }): Promise<string> =>
  makeIssuing({ ...what, by, subject: subjectOf(what, "Issuing CA"), ...within(by.facts, by.facts) });
