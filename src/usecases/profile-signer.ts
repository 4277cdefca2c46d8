// Who signs the profiles of a bundle: the live certificate with its key, or a key and chain of the admin's own in a file.
import { type CertificateFacts, readCertificate } from "../domain/certificate.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { keyMatches } from "../domain/key-match.ts";
import type { BundleDeps } from "./bundle-tools.ts";
import { bundledGeneration } from "./bundled-generation.ts";
import type { World } from "./world.ts";

export interface ProfileSigner {
  /** Of the certificate that signs: its name, its fingerprint (hex), its end. */
  readonly title: string;
  readonly sha256: string;
  readonly until: Date;
  /** The bytes with a signature around them. */
  readonly sign: (content: string | Uint8Array) => Promise<Uint8Array>;
}

interface Pair {
  readonly privateKey: string;
  /** PEM, the key's own first. */
  readonly certificates: readonly string[];
}

/** RSA where there are both: it is what the oldest devices can check. */
const livePair = async (world: World, certificate: CertificateConfig): Promise<Pair> => {
  const { generation, slots } = await bundledGeneration(world, certificate);
  for (const slot of ["rsa", "ecdsa"] as const) {
    const [found, id] = [slots[slot], generation.leaves[slot]?.key];
    if (found === undefined || id === undefined) continue;
    const privateKey = await world.store.readKey(certificate.name, slot, id);
    return { privateKey, certificates: [found.leaf, ...found.chain] };
  }
  throw new Failure("config", `the key of ${certificate.name} is not on this host (csr), so it cannot sign a profile`, {
    hints: ["name a file with a key and its chain: sign_profile: FILE (--sign-profile FILE)"],
  });
};

const filePair = async (deps: BundleDeps, path: string): Promise<Pair> => {
  const { privateKey, certificates } = await deps.readSigningFile(path);
  const own = certificates.find((pem) => keyMatches(privateKey, pem));
  if (own !== undefined) return { privateKey, certificates: [own, ...certificates.filter((pem) => pem !== own)] };
  throw new Failure("data", `${path} (sign_profile) holds no certificate for its private key`, {
    hints: ["put both into it: the key, its certificate, and the chain, each in PEM"],
    facts: { path },
  });
};

const refuseUseless = (from: string, { key, notAfter, notBefore }: CertificateFacts, now: Date): void => {
  const whose = from === "live" ? "the live certificate" : `the certificate in ${from}`;
  const hints = ["name another: sign_profile: FILE (--sign-profile FILE)"];
  if (key.type !== "ec" && key.type !== "rsa")
    throw new Failure("data", `${whose} has a key of a kind that signs no profile`, {
      hints: ["it takes ECDSA or RSA"],
    });
  if (notAfter <= now)
    throw new Failure("data", `${whose} ended on ${notAfter.toISOString().slice(0, 10)}: it signs no profile`, {
      hints,
    });
  if (notBefore > now)
    throw new Failure("data", `${whose} begins on ${notBefore.toISOString().slice(0, 10)}: it signs no profile yet`, {
      hints,
    });
};

/** @param from `live`, or the absolute path of a PEM file. @throws Failure `config` or `data` where that cannot sign. */
export const profileSigner = async (
  world: World,
  deps: BundleDeps,
  certificate: CertificateConfig,
  from: string,
): Promise<ProfileSigner> => {
  const { privateKey, certificates } =
    from === "live" ? await livePair(world, certificate) : await filePair(deps, from);
  const [leaf = ""] = certificates;
  const facts = readCertificate(leaf);
  refuseUseless(from, facts, world.now());
  return {
    title: facts.commonName ?? facts.dnsNames[0] ?? facts.subject,
    sha256: facts.sha256,
    until: facts.notAfter,
    sign: (content) => deps.signProfile({ content, privateKey, certificates, now: world.now() }),
  };
};
