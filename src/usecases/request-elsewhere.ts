// A certificate whose key somebody else keeps: the request (CSR) that the configuration names, held to what it asks for.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { sha256Hex } from "../domain/fingerprint.ts";
import { type KeyAlgorithm, slotOf } from "../domain/keys.ts";
import { NameProblem, canonicalName } from "../domain/names.ts";
import { clean } from "../domain/text.ts";
import type { CertificateState } from "../store/store.ts";
import type { RequestedKey } from "./certified-keys.ts";
import { givenUpBy } from "./given-up-keys.ts";
import type { World } from "./world.ts";

const shown = (names: readonly string[]): string => names.map((name) => clean(name, 253)).join(", ");

/** One that is no name stays as it stands: no name of the configuration is like it. */
const canonical = (name: string): string => {
  try {
    return canonicalName(name);
  } catch (error) {
    if (error instanceof NameProblem) return name;
    throw error;
  }
};

/** @throws Failure `config` where its names or its key are not those of the configuration, `data` where it cannot be read. */
export const keyOfRequest = async (
  world: World,
  { name, names, keys }: Pick<CertificateConfig, "name" | "names" | "keys">,
  path: string,
  state: CertificateState,
): Promise<RequestedKey> => {
  const request = await world.readRequest(path);
  const [algorithm] = keys as readonly [KeyAlgorithm];
  const differs = (what: string, ...hints: readonly string[]): Failure =>
    new Failure("config", `the request ${path} is not what ${name} asks for: ${what}`, { hints });
  if (request.algorithm !== algorithm)
    throw differs(
      request.algorithm === undefined
        ? "its key is of a kind that no certificate for mail servers should have"
        : `its key is ${request.algorithm}`,
      request.algorithm === undefined
        ? "make it with an ECDSA key (P-256 or P-384) or an RSA one (2048, 3072 or 4096 bits)"
        : `write key: ${request.algorithm}`,
    );
  if (request.otherNames.length > 0)
    throw differs(`it has names that no CA certifies for a server (${shown(request.otherNames)})`);
  const certified = request.names.map(canonical);
  const [missing, surplus] = [
    names.filter((one) => !certified.includes(one)),
    certified.filter((one) => !names.includes(one)),
  ];
  if (missing.length > 0 || surplus.length > 0)
    throw differs(
      [
        ...(missing.length === 0 ? [] : [`it lacks ${shown(missing)}`]),
        ...(surplus.length === 0 ? [] : [`it also has ${shown(surplus)}`]),
      ].join("; "),
      certified.length === 0
        ? "names count in its subject alternative name only: make it with -addext subjectAltName=DNS:..."
        : `write names: [${shown(certified)}], or make a request with the names of the configuration`,
    );
  const owner = givenUpBy(world, sha256Hex(request.spki));
  if (owner !== undefined)
    throw new Failure(
      "config",
      `${path} has a key of ${owner} that was given up as compromised: it is not certified again`,
      {
        hints: ["make a request with a new key and put that into the file"],
      },
    );
  return { algorithm, slot: slotOf(algorithm), state, request, pem: request.pem };
};

/** Why what was certified is not what the file asks for now, or undefined. A file that cannot be read says nothing: what is there stays. */
export const requestChanged = async (
  world: World,
  { csr, keys }: CertificateConfig,
  leaf: { readonly spkiSha256: string } | undefined,
): Promise<string | undefined> => {
  if (csr === undefined || leaf === undefined || keys.length !== 1) return undefined;
  const now = await world.readRequest(csr).catch((error: unknown) => {
    if (error instanceof Failure) return undefined;
    throw error;
  });
  return now === undefined || sha256Hex(now.spki) === leaf.spkiSha256
    ? undefined
    : `${csr} holds another key than the one that was certified`;
};
