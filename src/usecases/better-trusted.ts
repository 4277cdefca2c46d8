// Refuses to replace a certificate that works: a publicly trusted one by a private one, or one that another ACME client looks after.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { readCertificate } from "../domain/certificate.ts";
import { entryUrl } from "../domain/entry-point.ts";
import { Failure } from "../domain/failure.ts";
import { certificateMatches } from "../domain/name-match.ts";
import type { Observation } from "../domain/observation.ts";
import { shellWord } from "../domain/shell-word.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import type { ProofTarget } from "./prove.ts";
import { isPubliclyTrusted } from "./public-trust.ts";
import { unlessFailure } from "./unless-failure.ts";
import { liveGeneration } from "./live-generation.ts";
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

export const worseThanServed = ({ target, observation }: Observed, issuer: string, force: string): Failure => {
  const [leaf] = observation.chain;
  const facts = leaf ? readCertificate(leaf) : undefined;
  return new Failure(
    "config",
    `${entryUrl(target.entry)} already serves a publicly trusted certificate for ${target.entry.host} (issued by ${facts?.issuer ?? "?"}); one from ${issuer} would be trusted by fewer clients`,
    {
      hints: [
        "for a certificate that every client trusts: issuer: letsencrypt, email: YOU@DOMAIN, agree_tos: true (--issuer letsencrypt --email YOU@DOMAIN --agree-tos)",
        `to keep its key, which DNS or clients may pin: mailcert setup ${target.entry.host} --adopt-key FILE, with those`,
        `to replace it all the same: ${force}`,
      ],
    },
  );
};

/** Of a private CA people have imported the root: a self-signed certificate in its place is refused by each of them. @throws Failure `config` */
export const refuseSelfSignedOverCa = (
  world: World,
  { name, names: [main = name], issuer }: CertificateConfig,
  force: string,
): void => {
  const state = world.store.read(name);
  const live = state && liveGeneration(world, name, state);
  if (issuer.kind !== "self-signed" || live?.issuer !== "private-ca") return;
  throw new Failure(
    "config",
    `${name} is served with a certificate of the private CA "${live.authority}", whose root clients have imported; a self-signed one would be refused by all of them, and by some for good`,
    {
      hints: [
        `to stay with the CA: mailcert setup ${shellWord(main)} --issuer private-ca`,
        `to replace it all the same: ${force}`,
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
  const chains = Object.values(slots).map((slot) => [slot.leaf, ...slot.chain]);
  if (!(await isPubliclyTrusted(world, target.issuer, chains)))
    throw worseThanServed(better, target.issuer, `mailcert deploy --replace ${state.name}`);
};

/** @throws Failure `config` when another ACME client of this host keeps a valid certificate for the certificate's first name. */
export const refuseOwned = async (world: World, { names: [main = ""] }: CertificateConfig): Promise<void> => {
  const tools = await world.importing();
  for (const client of await tools.present()) {
    // What cannot be read (by this user, or safely) is for `import` itself to tell.
    const found = await unlessFailure(() => tools.read(client, {}));
    const lineage = found instanceof Failure ? undefined : found.lineages.find(({ names }) => names.includes(main));
    if (found instanceof Failure || !lineage) continue;
    const until = lineage.notAfter.toISOString().slice(0, 10);
    throw new Failure("config", `${client} keeps a certificate for ${main} (${found.folder}), valid until ${until}`, {
      hints: [
        `take it over, account and key included: mailcert import ${client} --name ${shellWord(lineage.name)}`,
        `to make another one beside it: with its key, mailcert setup ${shellWord(main)} --adopt-key FILE; with a new one, mailcert setup ${shellWord(main)} --replace`,
      ],
      facts: { client, folder: found.folder, lineage: lineage.name },
    });
  }
};
