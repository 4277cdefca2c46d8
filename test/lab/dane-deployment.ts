// What a deployment with TLSA records is, and what its tables are made with.
import { createHash } from "node:crypto";
import { publicKeyOf } from "../../src/domain/key-match.ts";
import { type Issued, type IssueOptions, day, issue } from "../fakes/pki.ts";
import type { Suite } from "./parts.ts";

export const daneJudges = ["openssl", "postfix", "danetool"] as const;
export type DaneJudge = (typeof daneJudges)[number];

/** `verified`: delivered by DANE. `refused`: kept back. `open`: no DANE; delivered with whatever TLS there is. */
export type DaneVerdict = "verified" | "refused" | "open";

export interface DaneDifference {
  readonly verdict: DaneVerdict;
  /** Who is right, and by what. */
  readonly because: string;
  /** Default: in all versions. */
  readonly only?: Suite;
}

export interface DanePki {
  readonly root: Issued;
  readonly intermediate: Issued;
  readonly stranger: Issued;
  /** A key that nobody serves. */
  readonly foreign: Issued;
}

export interface DaneDeployment {
  /** The host's label below its zone. */
  readonly id: string;
  readonly what: string;
  /** Default: example.org, signed and validated. */
  readonly zone?: "example.org" | "example.net" | "example.com";
  /** As sent, leaf first. */
  readonly chain: (pki: DanePki, host: string) => Promise<readonly Issued[]>;
  /** Of another kind of key, served beside it. */
  readonly second?: DaneDeployment["chain"];
  readonly tlsa: (chain: readonly Issued[], pki: DanePki) => readonly string[];
  /** The owner of the TLSA records is an alias (`owner`), or the host itself is one of another (`host`), which may be in an unsigned zone (`outside`). */
  readonly alias?: "owner" | "host" | "outside";
  readonly verdict: DaneVerdict;
  /** mailcert's findings, among those of DANE, of the dates, and of whether the host is found at all; a fault that is not of the dates refuses. */
  readonly ours: readonly string[];
  readonly differs?: Partial<Readonly<Record<DaneJudge, DaneDifference>>>;
}

export const authority = (subject: string, by?: Issued, more: IssueOptions = {}): Promise<Issued> =>
  issue({ subject: `CN=${subject}`, ca: true, ...(by ? { by } : {}), ...more });

export const makeDanePki = async (): Promise<DanePki> => {
  const root = await authority("Root");
  return {
    root,
    intermediate: await authority("Issuer", root),
    stranger: await authority("Stranger"),
    foreign: await issue({ names: ["nobody.example.org"] }),
  };
};

/** `3 1 1 HEX` of a certificate. */
export const tlsaOf = (numbers: string, one: Issued | undefined): string => {
  if (one === undefined) throw new Error("no certificate to pin");
  const [, selector = 0, matchingType = 0] = numbers.split(" ").map(Number);
  const content = selector === 0 ? one.der : publicKeyOf(one.privateKey);
  const hash = (name: string): string => createHash(name).update(content).digest("hex");
  return `${numbers} ${matchingType === 0 ? content.toString("hex") : hash(matchingType === 1 ? "sha256" : "sha512")}`;
};

export const expired = { notBefore: new Date(Date.now() - 30 * day), notAfter: new Date(Date.now() - day) };

export const sent =
  (
    rest: (pki: DanePki) => readonly Issued[],
    options: (host: string) => IssueOptions = (host) => ({ names: [host] }),
  ): DaneDeployment["chain"] =>
  async (pki, host) => [await issue({ ...options(host), by: pki.intermediate }), ...rest(pki)];
export const usual = sent(({ intermediate }) => [intermediate]);
export const withRoot = sent(({ intermediate, root }) => [intermediate, root]);

export const leaf =
  (...numbers: readonly string[]): DaneDeployment["tlsa"] =>
  ([one]) =>
    numbers.map((each) => tlsaOf(each, one));
export const pinned =
  (numbers: string, which: (pki: DanePki) => Issued): DaneDeployment["tlsa"] =>
  (_, pki) => [tlsaOf(numbers, which(pki))];

export const ok = { verdict: "verified", ours: [] } as const;
export const refused = { verdict: "refused", ours: ["fault dane-match"] } as const;
export const refusedTa = { verdict: "refused", ours: ["fault dane-ta"] } as const;
