// Refuses to replace a certificate that works and is better trusted than the new one: a publicly trusted one by a private one.
import { readCertificate } from "../domain/certificate.ts";
import { entryUrl } from "../domain/entry-point.ts";
import { Failure } from "../domain/failure.ts";
import { certificateMatches } from "../domain/name-match.ts";
import type { Observation } from "../domain/observation.ts";
import { leadsTo } from "../domain/trust.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import type { ProofTarget } from "./prove.ts";
import type { World } from "./world.ts";

interface Observed {
  readonly target: ProofTarget;
  readonly observation: Observation;
}

/** The first entry point that serves a publicly trusted certificate for its name which is none of ours. */
export const trustedAlready = (
  observed: readonly Observed[],
  state: CertificateState | undefined,
): Observed | undefined => {
  const ours = new Set(
    (state?.generations ?? []).flatMap(({ leaves }) => Object.values(leaves).map((leaf) => leaf.sha256)),
  );
  return observed.find(({ target, observation }) => {
    const [leaf] = observation.chain;
    if (!leaf || target.ownCertificate !== undefined || observation.tls?.verifyError !== undefined || observation.error)
      return false;
    const facts = readCertificate(leaf);
    return !ours.has(facts.sha256) && certificateMatches(facts, target.entry.host);
  });
};

export const worseThanServed = ({ target, observation }: Observed, issuer: string): Failure => {
  const [leaf] = observation.chain;
  const facts = leaf ? readCertificate(leaf) : undefined;
  return new Failure(
    "config",
    `${entryUrl(target.entry)} already serves a publicly trusted certificate for ${target.entry.host} (issued by ${facts?.issuer ?? "?"}); one from ${issuer} would be trusted by fewer clients`,
    {
      hints: [
        "for a certificate that every client trusts: add --issuer letsencrypt --email YOU@DOMAIN --agree-tos",
        "to keep its key, which DNS or clients may pin: add --adopt-key FILE beside that",
        "to replace it all the same: add --replace",
      ],
    },
  );
};

/** @throws Failure `config` when the staged generation is not publicly trusted and what it would replace is. */
export const refuseWorse = async (
  world: World,
  state: CertificateState,
  target: GenerationRecord,
  observed: readonly Observed[],
): Promise<void> => {
  const better = trustedAlready(observed, state);
  if (!better) return;
  const slots = await world.store.readGeneration(state.name, target.number);
  const roots = await world.systemRoots();
  const chains = Object.values(slots).map((slot) => [slot.leaf, ...slot.chain]);
  // Our own root may have been put among the system's: that makes it no public CA.
  const isPublic = target.issuer === "acme" && chains.every((chain) => leadsTo(chain, roots, world.now()));
  if (!isPublic) throw worseThanServed(better, target.issuer);
};
