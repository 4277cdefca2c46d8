// Which CA a command about accounts means: the one that flags name, that a certificate of the configuration has, or the only one there is.
import { acmeCaNames, isAcmeCaName } from "./acme-directories.ts";
import { caFolder } from "./ca-folder.ts";
import { caTitle } from "./ca-failures.ts";
import type { AcmeSettings, CertificateConfig } from "./certificate-config.ts";
import { type CertificateFlags, acmeFrom } from "./certificate-flags.ts";
import { Failure } from "./failure.ts";
import { didYouMean } from "./nearest.ts";
import { clean } from "./text.ts";

export type CaFlags = Pick<
  CertificateFlags,
  "issuer" | "acme" | "caFile" | "email" | "agreeTos" | "eabKid" | "eabHmacFile"
>;

export interface CaWish {
  readonly flags: CaFlags;
  /** The certificate that was named, if any. */
  readonly certificate?: CertificateConfig;
  readonly certificates: readonly CertificateConfig[];
  /** Directory URLs that accounts on this host are registered at. */
  readonly registered: readonly string[];
}

/** Every ACME CA that a certificate may be ordered from, in order of preference. */
export const casOf = ({ issuer, fallbacks }: CertificateConfig): readonly AcmeSettings[] =>
  issuer.kind === "acme" ? [issuer, ...fallbacks] : [];

/** The first account of the CA at `directory` that cannot be used. */
export const damagedAt = <Account extends Damaged>(
  accounts: readonly Account[],
  directory: string,
): Account | undefined =>
  accounts.find(({ ca, trouble }) => trouble !== undefined && URL.canParse(directory) && ca === caFolder(directory));

interface Damaged {
  readonly ca: string;
  readonly trouble?: { readonly message: string; readonly hints: readonly string[] };
}

/** What the configuration says of a CA, or what there is to say without it. */
export const settingsAt = (directory: string, certificates: readonly CertificateConfig[]): AcmeSettings =>
  certificates.flatMap(casOf).find((settings) => settings.directory === directory) ??
  acmeFrom({ acme: directory }, undefined);

/** undefined: neither flags nor a name say which. @throws Failure `usage` for a name or flag that leads to no ACME CA. */
export const meantCa = ({ flags, certificate, certificates }: CaWish): AcmeSettings | undefined => {
  const { issuer, acme, ...others } = flags;
  if (certificate && casOf(certificate).length === 0)
    throw new Failure("usage", `${certificate.name} is issued by ${certificate.issuer.kind}: that has no accounts`);
  if (issuer === "private-ca" || issuer === "self-signed")
    throw new Failure("usage", `--issuer ${issuer} has no accounts`, {
      hints: [`accounts are at ACME CAs: --issuer ${acmeCaNames.join("|")}, or --acme URL`],
    });
  if (issuer !== undefined && issuer !== "acme" && !isAcmeCaName(issuer))
    throw new Failure("usage", `--issuer does not know "${clean(issuer, 60)}"`, {
      hints: [didYouMean(issuer, acmeCaNames)],
    });
  const known = (certificate ? [certificate] : certificates).flatMap(casOf);
  if (issuer !== undefined || acme !== undefined) {
    const { directory } = acmeFrom({ issuer, acme }, undefined);
    const settings = known.find((one) => one.directory === directory);
    if (certificate && !settings)
      throw new Failure("usage", `${certificate.name} is not ordered from ${clean(caTitle({ directory }), 80)}`, {
        hints: ["name the certificate or the CA, not both"],
      });
    return acmeFrom({ ...flags, issuer, acme }, settings);
  }
  return certificate ? acmeFrom(others, known[0]) : undefined;
};

/** @throws Failure `usage` where several could be meant, or none. */
export const chosenCa = (wish: CaWish): AcmeSettings => {
  const meant = meantCa(wish);
  if (meant) return meant;
  const { flags, certificates, registered } = wish;
  const directories = [...new Set([...certificates.flatMap(casOf).map(({ directory }) => directory), ...registered])];
  const [only] = directories;
  if (only !== undefined && directories.length === 1) return acmeFrom(flags, settingsAt(only, certificates));
  const listed = directories.map((directory) => clean(caTitle({ directory }), 80)).join(", ");
  throw new Failure("usage", only === undefined ? "no ACME CA is known here yet" : `which CA is meant: ${listed}?`, {
    hints: [`say it: --issuer ${acmeCaNames.join("|")}, --acme URL, or the name of a certificate that uses it`],
  });
};
