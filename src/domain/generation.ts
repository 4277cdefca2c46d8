// What a generation record says: the latest one, its end, and whether it is what the configuration asks for.
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import type { CertificateConfig, IssuerSettings } from "./certificate-config.ts";
import { slotOf } from "./keys.ts";

export const generationOf = (state: CertificateState, number: number | undefined): GenerationRecord | undefined =>
  state.generations.find((generation) => generation.number === number);

export const targetOf = (state: CertificateState): GenerationRecord | undefined => generationOf(state, state.target);

/** The issuer's own word for itself, kept with each generation: a change of it asks for a new certificate. */
export const authorityOf = (issuer: IssuerSettings): string =>
  issuer.kind === "acme" ? issuer.directory : issuer.kind === "private-ca" ? issuer.ca : "self";

const same = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && [...left].sort().join() === [...right].sort().join();

/** Why a generation is not what the configuration asks for, or undefined when it is. */
export const differsFrom = (generation: GenerationRecord, config: CertificateConfig): string | undefined => {
  // What was left out because it did not resolve is taken back at the next renewal, not by each run.
  const dropped =
    config.onDeadName === "drop" ? (generation.dropped ?? []).filter((name) => config.names.includes(name)) : [];
  if (!same([...generation.names, ...dropped], config.names)) return "the names in the configuration changed";
  // So is a CA that could not when it was its turn.
  const authorities = [config.issuer, ...config.fallbacks].map(authorityOf);
  if (generation.issuer !== config.issuer.kind || !authorities.includes(generation.authority)) {
    return "the issuer in the configuration changed";
  }
  const elsewhere = Object.values(generation.leaves).some(({ key }) => key === undefined);
  if (elsewhere !== (config.csr !== undefined))
    return elsewhere ? "the configuration names no request (csr) any more" : "the configuration names a request (csr)";
  const algorithms = Object.values(generation.leaves).map((leaf) => leaf.algorithm);
  if (!same(algorithms, config.keys)) return "the key algorithms in the configuration changed";
  return config.keys.every((algorithm) => generation.leaves[slotOf(algorithm)]) ? undefined : "a key slot is missing";
};

/** Names, keys and issuer in one text: a failure at one wish says nothing about another. */
export const wantedText = ({ names, keys, issuer }: CertificateConfig): string =>
  [issuer.kind, authorityOf(issuer), ...names, ...keys].join(" ");
