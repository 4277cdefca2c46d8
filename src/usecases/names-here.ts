// Whether people will find this host by the names that setup is to serve: a word of warning, never a refusal.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { namesNobodyFinds } from "../domain/setup-names.ts";
import { askAddresses, needsAddress } from "./dead-names.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** A person waits, twice where the plan is shown first; a resolver that does not answer is no reason to. */
const deadlineMs = 1500;

/** Only those that are new; what a CA has to look up itself is pre-flight's and the order's to judge. */
export const namesHere = async (
  world: World,
  { names, issuer }: CertificateConfig,
  known: CertificateConfig | undefined,
  done: boolean,
): Promise<readonly Finding[]> => {
  const fresh = names.filter((name) => !known?.names.includes(name));
  if (fresh.length === 0 || (issuer.kind === "acme" && needsAddress(issuer))) return [];
  const all = await unlessFailure(() => askAddresses(world, fresh, deadlineMs));
  if (all instanceof Failure || all.every(({ lookup }) => lookup.kind === "unknown")) return [];
  const { proposed } = await world.hostNames();
  const here = { addresses: world.localAddresses(), ...(proposed === undefined ? {} : { own: proposed }) };
  return namesNobodyFinds(all, names, here, done);
};
