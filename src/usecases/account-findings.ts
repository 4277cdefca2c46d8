// What status says of certificates whose account at the CA is at its end: a new one is a person's to register.
import { casOf } from "../domain/account-choice.ts";
import { registerCommand } from "../domain/acme-directories.ts";
import { caTitle } from "../domain/ca-failures.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import type { KnownAccount } from "../issuers/accounts.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** The newest account of a CA, where it was deactivated and none took over from it. */
const dead = (accounts: readonly KnownAccount[], directory: string): KnownAccount["registered"] => {
  const there = accounts.flatMap(({ registered, inUse }) =>
    registered?.directory === directory ? [{ ...registered, inUse }] : [],
  );
  if (there.some(({ inUse }) => inUse)) return undefined;
  return there.toSorted((left, right) => (left.createdAt < right.createdAt ? 1 : -1))[0];
};

const findingsOf = (accounts: readonly KnownAccount[], certificate: CertificateConfig): readonly Finding[] => {
  const cas = casOf(certificate);
  const ended = cas.flatMap((ca) => {
    const account = dead(accounts, ca.directory);
    return account?.deactivatedAt === undefined ? [] : [{ ca, url: account.url, at: account.deactivatedAt }];
  });
  return ended.map(({ ca, url, at }) => ({
    check: "renew-account",
    severity: ended.length === cas.length ? "fault" : "warning",
    message: `cannot be renewed by ${caTitle(ca)}: its account ${url} was deactivated on ${at.slice(0, 10)}`,
    hint: `register a new one: ${registerCommand(ca.directory)}`,
  }));
};

/** By the certificate's name. Whoever may not look at the accounts (`status` needs no root) is told nothing of them. */
export const accountFindings = async (
  world: World,
  certificates: readonly CertificateConfig[],
): Promise<ReadonlyMap<string, readonly Finding[]>> => {
  const ordered = certificates.filter((certificate) => casOf(certificate).length > 0);
  if (ordered.length === 0) return new Map();
  const accounts = await unlessFailure(async () => (await world.accounts()).list());
  if (accounts instanceof Failure) return new Map();
  return new Map(ordered.map((certificate) => [certificate.name, findingsOf(accounts, certificate)]));
};
