// What is missing for an account's files: the reason why one is left out, and the names under which programs look for them.
import type { accountFiles } from "./bundle-formats.ts";
import type { CertificateFacts } from "./certificate.ts";
import type { CertificateConfig } from "./certificate-config.ts";
import { forbiddenNames } from "./forbidden-names.ts";
import { type AccountEntries, type MailAccount, incomingOf, outgoingOf } from "./mail-account.ts";
import { dnsNameMatches } from "./name-match.ts";
import { isIpName } from "./names.ts";
import { limitsOf } from "./root-limits.ts";
import { shellWord } from "./shell-word.ts";

export interface AccountFailing {
  /** A phrase. */
  readonly reason: string;
  readonly hint?: string;
}

export interface AccountSituation {
  readonly certificate: Pick<CertificateConfig, "name" | "servers" | "names">;
  readonly found: AccountEntries & { readonly host?: string; readonly account?: MailAccount };
  readonly imports: "root" | "self-signed" | "nothing";
}

const unproven = ({ certificate, found }: AccountSituation): AccountFailing => {
  const { name, servers } = certificate;
  if (found.unproven.length > 0)
    return {
      reason: "the last proof found another certificate, or none, at each entry point",
      hint: `mailcert deploy ${name} says what is wrong, and proves them again`,
    };
  if (servers !== "auto" && servers.length === 0)
    return {
      reason: "nothing is proven here with servers: none",
      hint: `name the mail servers in the entry, then: mailcert deploy ${name}`,
    };
  return { reason: "no entry point for mail programs was proven yet", hint: `prove them: mailcert deploy ${name}` };
};

/** Why `format` did not make `file`, where it makes several. */
export const accountFailing = (
  format: keyof typeof accountFiles,
  situation: AccountSituation,
  file?: string,
): AccountFailing => {
  const { found, imports } = situation;
  const { host, account, proven } = found;
  if (host === undefined)
    return {
      reason: "a wildcard is no name that a mail program connects to",
      hint: "write the server's own name into names: of the entry, beside the wildcard",
    };
  if (account === undefined)
    return {
      reason: "an address says nothing of the mail domain",
      hint: "name it in the entry: account_domain: example.org",
    };
  if (proven.length === 0) return unproven(situation);
  if (format === "srv")
    return isIpName(host)
      ? { reason: "an SRV record leads to a name, and the certificate has addresses only" }
      : { reason: "the domain is too long for names below it" };
  const sends = format === "programs" && file === "msmtprc.txt";
  if (incomingOf(found).length === 0 && !sends)
    return { reason: "no IMAP or POP3 service was proven: there would be nothing to receive from" };
  if (outgoingOf(found).length === 0 && (sends || format !== "programs"))
    return {
      reason: "no submission service (ports 465 and 587) was proven: there would be nothing to send through",
      hint: "where another host takes mail from people, its own bundle has it",
    };
  if (format === "programs") return { reason: "these programs know IMAP alone, and only POP3 was proven" };
  return imports === "self-signed"
    ? { reason: "Apple's devices cannot be made to trust a self-signed certificate for mail" }
    : { reason: "it makes no sense here" };
};

/** Under which programs look for each file, below the mail domain; MTA-STS is for other servers, and for public certificates alone (RFC 8461 §4.2). */
const labels: Readonly<Partial<Record<keyof typeof accountFiles, string>>> = {
  autoconfig: "autoconfig",
  autodiscover: "autodiscover",
};

export interface OfferedNames {
  /** Those that the certificate lacks for the files that were made. */
  readonly missing: readonly string[];
  /** The command, or the line of the configuration; absent: its authority may not certify them. */
  readonly add?: string;
  /** Where it may not: what it may certify, and what would give it other limits. */
  readonly limited?: { readonly to: readonly string[]; readonly widen?: string };
}

const limitedTo = (
  { issuer }: Pick<CertificateConfig, "issuer">,
  authority: Pick<CertificateFacts, "der">,
  domain: string,
): NonNullable<OfferedNames["limited"]> => {
  const to = limitsOf(authority) ?? [];
  if (issuer.kind !== "private-ca") return { to };
  return {
    to,
    widen: `mailcert ca rotate ${shellWord(issuer.ca)} --ca-domains ${shellWord([...to, domain].join(","))}`,
  };
};

/** undefined: the certificate has all names, or is for a request that says which it has. `authority`: the root that clients import. */
export const offeredNames = (
  certificate: Pick<CertificateConfig, "name" | "names" | "csr" | "issuer">,
  { domain }: Pick<MailAccount, "domain">,
  made: readonly (keyof typeof accountFiles)[],
  imports: AccountSituation["imports"],
  authority?: Pick<CertificateFacts, "der">,
): OfferedNames | undefined => {
  const { name, names, csr } = certificate;
  const wanted = made.flatMap((format) => labels[format] ?? []);
  const looked = wanted.length > 0 && imports === "nothing" ? [...wanted, "mta-sts"] : wanted;
  const missing = looked
    .map((label) => `${label}.${domain}`)
    .filter((one) => !names.some((has) => dnsNameMatches(has, one)));
  if (missing.length === 0 || csr !== undefined) return undefined;
  if (authority !== undefined && forbiddenNames({ dnsNames: missing, ipNames: [] }, [authority]).length > 0)
    return { missing, limited: limitedTo(certificate, authority, domain) };
  const all = [...names, ...missing];
  // setup finds an entry by its first name and takes the names that are given.
  return {
    missing,
    add:
      name === names[0]
        ? `mailcert setup ${all.map(shellWord).join(" ")}`
        : `names: [${all.map((one) => JSON.stringify(one)).join(", ")}]   (in the entry ${name}, then: mailcert renew ${name})`,
  };
};
