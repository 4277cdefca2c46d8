// The chain leads to a root that is trusted here: the system's, the private CA's, or those of --ca-file.
import { certEku } from "./cert-eku.ts";
import { certKey } from "./cert-key.ts";
import type { Finding } from "../domain/finding.ts";
import { groupBy } from "../domain/group-by.ts";
import type { EntryCheck, EntryFacts } from "./check.ts";
import { isAboutTime } from "./about-time.ts";
import { say } from "./finding.ts";
import { sawTls } from "./seen.ts";
import { sigHash } from "./sig-hash.ts";

const base = {
  id: "cert-trust",
  summary: "the chain leads to a trusted root",
  clients:
    '"The certificate is not trusted" or "unknown issuer"; with a private CA it is so until its root is imported.',
  servers: "A public CA (`issuer: letsencrypt`), or the root for everybody: `mailcert bundle --out DIR`.",
  reference: "RFC 5280 §6",
  severity: { mta: "info", mua: "fault", internal: "info" },
} as const;

const words: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "the certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "the chain ends in a root that is not trusted here",
  UNABLE_TO_GET_ISSUER_CERT: "the chain does not reach a root: an issuer is missing",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the chain does not reach a root that is trusted here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the certificate's issuer is neither sent nor trusted here",
  CERT_SIGNATURE_FAILURE: "a signature in the chain is wrong",
  INVALID_CA: "a certificate in the chain is used as an issuer and is no CA",
  PATH_LENGTH_EXCEEDED: "the chain is longer than one of its CAs allows",
  INVALID_PURPOSE: "a certificate in the chain is not for TLS servers",
  CERT_REVOKED: "a certificate in the chain is revoked",
  PERMITTED_VIOLATION: "the CA's name constraints do not permit this name",
  EXCLUDED_VIOLATION: "the CA's name constraints exclude this name",
  EE_KEY_TOO_SMALL: "the certificate's key is too small",
  CA_KEY_TOO_SMALL: "the key of an issuer is too small",
  CA_MD_TOO_WEAK: "an issuer signs with a hash that is too weak",
  CERT_UNTRUSTED: "the root is marked as not trusted",
  CERT_REJECTED: "the root is marked as rejected for TLS servers",
};

/** The check that names the cause where OpenSSL has a word for what follows from it. */
const saidBetter = (error: string): EntryCheck | undefined => {
  if (error === "INVALID_PURPOSE") return certEku;
  if (error === "CA_MD_TOO_WEAK") return sigHash;
  return error === "EE_KEY_TOO_SMALL" || error === "CA_KEY_TOO_SMALL" ? certKey : undefined;
};

/** OpenSSL keeps one error, and one about a date comes last: what else it would have said, from our own look at the path. undefined: nothing. */
const hidden = ({ path, chain }: EntryFacts): string | undefined => {
  if (path?.anchored) return undefined;
  const last = path?.members.at(-1) ?? chain[0];
  if (!last?.selfSigned) return words["UNABLE_TO_GET_ISSUER_CERT_LOCALLY"];
  return words[last === chain[0] ? "DEPTH_ZERO_SELF_SIGNED_CERT" : "SELF_SIGNED_CERT_IN_CHAIN"];
};

const whyNot = (facts: EntryFacts, error: string): string | undefined => {
  if (isAboutTime(error)) return hidden(facts);
  const better = saidBetter(error);
  if (better && facts.chosen?.has(better.id) !== false && better.judge(facts).length > 0) {
    // It takes the place of what else is wrong.
    return hidden(facts);
  }
  return words[error] ?? `OpenSSL refuses the chain: ${error}`;
};

export const certTrust: EntryCheck = {
  ...base,
  scope: "entry",
  applies: sawTls,
  judge: (facts) => {
    const error = facts.observation.tls?.verifyError;
    const what = error && whyNot(facts, error);
    if (!what) return [];
    const [leaf] = facts.chain;
    // cert-form says what there is to be said of such a one.
    if (!leaf) return say(base, facts.role, { message: what, hint: unreadable });
    const issuer = facts.chain.at(-1)?.issuer ?? leaf.issuer;
    const hint = leaf.selfSigned
      ? "clients will warn or refuse: use the private CA (`mailcert setup HOST`) or a public one (`mailcert setup HOST --issuer letsencrypt`); to accept this one here: --ca-file with the certificate, or --skip cert-trust with `--expect sha256:SHA256`"
      : "if that is your own CA, name its root with --ca-file ca.crt (`mailcert bundle --out DIR` writes that file and all that clients import; `mailcert bundle --root FILE` where it does not have that root); if it is a public CA, the server must send its intermediate: serve fullchain.pem";
    return say(base, facts.role, {
      message: `${what}${leaf.selfSigned ? "" : ` (issuer: ${issuer || "unnamed"})`}`,
      hint: hint.replace("SHA256", leaf.sha256),
    });
  },
  judgeAll: (all) => trustedHereOnly(all),
};

const unreadable = "a certificate that can be read comes first: `mailcert renew --force` on the server";

/** Chains that were accepted for one reason alone: this host made their root. Nobody else knows that root unless it was imported there. */
const trustedHereOnly = (all: readonly EntryFacts[]): readonly Finding[] => {
  const accepted = all.filter(({ chain, ownRoots, observation: { tls } }) => {
    const root = chain.at(-1);
    return root !== undefined && tls !== undefined && tls.verifyError === undefined && ownRoots?.includes(root.sha256);
  });
  return [...groupBy(accepted, ({ chain }) => chain.at(-1)?.sha256).values()].flatMap((group) => {
    const root = group[0]?.chain.at(-1);
    if (!root) return [];
    const alone = group.every(({ chain }) => chain.length === 1);
    return say(base, "mua", {
      severity: "info",
      message: alone
        ? "the certificate is self-signed and accepted here because this host made it; everybody else is warned of it or refuses it"
        : `trusted here because this host's own private CA signed it (${root.commonName ?? (root.subject || "unnamed")}); elsewhere only where its root was imported`,
      ...(alone
        ? {}
        : {
            hint: "`mailcert bundle --out DIR` writes the files to import; from another machine, with the ca.crt among them: `--ca-file ca.crt`",
          }),
    });
  });
};
