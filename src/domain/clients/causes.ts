// Why a client may not take what is served: each cause a pure predicate over the facts, with its words and what mends it.
import type { CertificateFacts } from "../certificate.ts";
import { readFields } from "../certificate-fields.ts";
import { forbiddenNames } from "../forbidden-names.ts";
import { appleDays, lifetimeDays, outlivesApple } from "../lifetime.ts";
import { certificateMatches } from "../name-match.ts";
import { extensions } from "../oids.ts";
import { clean } from "../text.ts";
import type { Path } from "./served.ts";

export interface Cause {
  /** What the docs and a reader of the table see as heading. */
  readonly title: string;
  readonly when: (path: Path) => boolean;
  /** One sentence without a full stop, in this certificate's own words. */
  readonly says: (path: Path) => string;
  readonly mend: string;
  /** Checks of `verify` that speak of it: what one of them says, another does not (decision 0030). */
  readonly saidBy: readonly string[];
  /** A server may have another certificate for those who cannot take this one's key. */
  readonly ofKey?: true;
}

const unmatched = ({ leaf, names }: Path): readonly string[] => names.filter((name) => !certificateMatches(leaf, name));

const noNames = ({ leaf }: Path): boolean => leaf.dnsNames.length + leaf.ipNames.length === 0;

const few = (names: readonly string[]): string =>
  names
    .slice(0, 3)
    .map((name) => clean(name, 80))
    .join(", ") + (names.length > 3 ? ` and ${names.length - 3} more` : "");

const day = (date: Date): string => date.toISOString().slice(0, 10);

const weakHash = /sha-?1(?!\d)|md[245](?!\d)/i;

/** A root's own signature proves nothing, and nobody looks at it. */
const signed = ({ path }: Path): readonly CertificateFacts[] =>
  path.filter((one, index) => index === 0 || !one.selfSigned);

const shortRsa = ({ path }: Path): CertificateFacts | undefined =>
  path.find(({ key }) => key.type === "rsa" && key.bits < 2048);

const endedBy = ({ path, now }: Path): CertificateFacts | undefined => path.find(({ notAfter }) => notAfter <= now);
const notBegun = ({ path, now }: Path): CertificateFacts | undefined => path.find(({ notBefore }) => notBefore > now);

const called = (one: CertificateFacts | undefined, { leaf }: Path): string =>
  one === undefined || one === leaf ? "the certificate" : clean(one.subject, 80) || "an issuer";

/** What an imported root that is not the leaf says of itself; undefined: there is none, or it is a CA. */
const rootFlag = ({ root, leaf }: Path): "no" | "silent" | undefined => {
  if (root === undefined || root.sha256 === leaf.sha256 || root.isCa) return undefined;
  return readFields(root.der).extensions.has(extensions.basicConstraints) ? "no" : "silent";
};

const flaggedRoot =
  "make a root with basicConstraints CA:TRUE (`mailcert setup NAME --issuer private-ca` does), and import that one";

/** The CAs between leaf and root. */
const issuers = (path: readonly CertificateFacts[], root: CertificateFacts | undefined): readonly CertificateFacts[] =>
  path.slice(1).filter(({ sha256 }) => sha256 !== root?.sha256);

const permitted = "leave the name out, or have it certified by a CA that may";

const purposes: readonly string[] = ["serverAuth", "anyExtendedKeyUsage"];

const reissue = "`mailcert renew --force NAME` issues it again";

export const causes = {
  imported: {
    title: "it has to be imported",
    when: ({ trust }) => trust !== "public",
    says: ({ trust }) =>
      `no public CA stands behind the ${trust === "self-signed" ? "self-signed certificate" : "certificate"}`,
    mend: "`mailcert setup NAME --issuer letsencrypt --email YOU@DOMAIN --agree-tos` gets one that needs no import",
    saidBy: ["cert-trust"],
  },
  "no-ca": {
    title: "a self-signed certificate that is no CA",
    when: ({ trust, leaf }) => trust === "self-signed" && !leaf.isCa,
    says: () => "the certificate is self-signed and no CA",
    mend: "`mailcert setup NAME --issuer private-ca` makes a CA that can be imported, and a certificate below it",
    saidBy: [],
  },
  "ca-as-leaf": {
    title: "a CA's certificate that is served as the server's own",
    when: ({ leaf }) => leaf.isCa,
    says: () => "the server's own certificate says that it is a CA",
    mend: "serve a certificate below the CA, not the CA's own: `mailcert setup NAME --issuer private-ca`",
    saidBy: [],
  },
  "root-no-ca": {
    title: "a root that says that it is no CA (CA:FALSE)",
    when: (path) => rootFlag(path) === "no",
    says: ({ root }) => `the root ${clean(root?.subject ?? "", 80)} says that it is no CA`,
    mend: flaggedRoot,
    saidBy: ["cert-trust"],
  },
  "root-silent": {
    title: "a root that does not say whether it is a CA (no basicConstraints)",
    when: (path) => rootFlag(path) === "silent",
    says: ({ root }) => `the root ${clean(root?.subject ?? "", 80)} does not say that it is a CA`,
    mend: flaggedRoot,
    saidBy: ["cert-trust"],
  },
  name: {
    title: "a name that the certificate has not",
    when: (path) => !noNames(path) && unmatched(path).length > 0,
    says: (path) => `the certificate is not for ${few(unmatched(path))}`,
    mend: "`mailcert setup NAME OTHER-NAME` adds a name",
    saidBy: ["cert-name"],
  },
  "no-san": {
    title: "no name but the common name (no SAN)",
    when: noNames,
    says: () => "the certificate has no subject alternative name, and the common name does not count",
    mend: reissue,
    saidBy: ["cert-name"],
  },
  outside: {
    title: "a name that an issuing CA may not issue for (name constraints)",
    when: ({ leaf, path, root }) => forbiddenNames(leaf, issuers(path, root)).length > 0,
    says: ({ leaf, path, root }) =>
      `the issuing CA's name constraints do not allow ${few(forbiddenNames(leaf, issuers(path, root)))}`,
    mend: permitted,
    saidBy: ["cert-trust"],
  },
  "outside-root": {
    title: "a name that the root may not issue for (name constraints)",
    when: ({ leaf, root }) => root !== undefined && forbiddenNames(leaf, [root]).length > 0,
    says: ({ leaf, root }) =>
      `the root's name constraints do not allow ${few(forbiddenNames(leaf, root === undefined ? [] : [root]))}`,
    mend: permitted,
    saidBy: ["cert-trust"],
  },
  ended: {
    title: "expired",
    when: (path) => endedBy(path) !== undefined,
    says: (path) => `${called(endedBy(path), path)} ended on ${day(endedBy(path)?.notAfter ?? path.now)}`,
    mend: "`mailcert renew --force NAME`, then `mailcert deploy NAME`",
    saidBy: ["cert-expiry"],
  },
  early: {
    title: "not valid yet",
    when: (path) => notBegun(path) !== undefined,
    says: (path) => `${called(notBegun(path), path)} begins on ${day(notBegun(path)?.notBefore ?? path.now)}`,
    mend: "wait, or look at the clock of the machine that issued it",
    saidBy: ["cert-expiry"],
  },
  gap: {
    title: "an intermediate that is not sent",
    when: ({ gap }) => gap,
    says: ({ path }) => `the issuer "${clean(path.at(-1)?.issuer ?? "", 80)}" is not sent, and not imported`,
    mend: "serve the full chain: `mailcert deploy NAME` does",
    saidBy: ["cert-chain", "cert-trust"],
  },
  long: {
    title: `valid for more than ${appleDays} days`,
    when: ({ leaf }) => outlivesApple(leaf),
    says: ({ leaf }) => `the certificate is valid for ${Math.floor(lifetimeDays(leaf))} days`,
    mend: "`mailcert setup NAME --days 397`, then `mailcert renew --force NAME`",
    saidBy: ["cert-life"],
  },
  "long-public": {
    title: "of a public CA, and valid for more than 398 days",
    when: ({ leaf, trust }) =>
      trust === "public" && lifetimeDays(leaf) > 399 && leaf.notBefore.getTime() >= Date.parse("2020-09-01"),
    says: ({ leaf }) => `the certificate is of a public CA and valid for ${Math.floor(lifetimeDays(leaf))} days`,
    mend: "ask the CA for one that lives shorter",
    saidBy: ["cert-life"],
  },
  "no-eku": {
    title: "no extended key usage",
    when: ({ leaf }) => leaf.extendedKeyUsage === undefined,
    says: () => "the certificate does not say that it is for TLS servers (no extended key usage)",
    mend: `${reissue} with serverAuth`,
    saidBy: [],
  },
  "other-eku": {
    title: "an extended key usage without serverAuth",
    when: ({ leaf }) =>
      leaf.extendedKeyUsage !== undefined && !leaf.extendedKeyUsage.some((one) => purposes.includes(one)),
    says: ({ leaf }) =>
      `the certificate is for other uses than TLS servers (${few(leaf.extendedKeyUsage ?? []) || "none"})`,
    mend: "serve a server's certificate: `mailcert issue`",
    saidBy: ["cert-eku"],
  },
  "short-rsa": {
    title: "an RSA key below 2048 bits",
    when: (path) => shortRsa(path) !== undefined,
    says: (path) => {
      const weak = shortRsa(path);
      return `${called(weak, path)} has an RSA key of ${weak?.key.type === "rsa" ? weak.key.bits : 0} bits`;
    },
    mend: "`mailcert issue NAME --key ecdsa --new-key`, then `mailcert deploy NAME`",
    saidBy: ["cert-key"],
  },
  "weak-hash": {
    title: "signed with SHA-1 or MD5",
    when: (path) => signed(path).some(({ signatureAlgorithm }) => weakHash.test(signatureAlgorithm)),
    says: () => "a signature in the chain is made with SHA-1 or MD5",
    mend: reissue,
    saidBy: ["sig-hash"],
  },
  edwards: {
    title: "an Ed25519 or Ed448 key",
    when: ({ leaf }) => leaf.key.type === "ed25519" || leaf.key.type === "ed448",
    says: ({ leaf }) => `the certificate has an ${leaf.key.type === "ed448" ? "Ed448" : "Ed25519"} key`,
    mend: "`mailcert issue NAME --key ecdsa --new-key`, then `mailcert deploy NAME`",
    saidBy: [],
    ofKey: true,
  },
  p521: {
    title: "a key on the curve P-521",
    when: ({ leaf }) => leaf.key.type === "ec" && leaf.key.curve === "P-521",
    says: () => "the certificate has a key on the curve P-521",
    mend: "`mailcert issue NAME --key ecdsa --new-key` takes P-256, then `mailcert deploy NAME`",
    saidBy: [],
    ofKey: true,
  },
} satisfies Readonly<Record<string, Cause>>;

export type CauseId = keyof typeof causes;

export const causeIds = Object.keys(causes) as readonly CauseId[];
