// Harden: brings the TLS policy of the servers of these certificates up to a profile. Everything is planned and agreed to before the first change.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { copies } from "../domain/file-target.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import type { PolicyName } from "../domain/tls-policy.ts";
import type { PolicyPlan } from "../servers/policy.ts";
import { claimsOf } from "./claims.ts";
import { type Deployable, findServers, hintOf } from "./entries.ts";
import { type PolicyAim, changesOf, clearMark, policyInForce, wasLeftUndone } from "./harden-events.ts";
import { type PolicyOwner, ownerOf } from "./harden-look.ts";
import { type HardenedServer, hardenServer, plannedServer } from "./harden-server.ts";
import { rememberLooks } from "./remember-looks.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** One server and what it takes. */
export interface PlannedPolicy {
  readonly deployable: Deployable;
  readonly owner: PolicyOwner;
  readonly plan: PolicyPlan;
  /** A run that was killed has set it and told nobody: reload and proof are missing. */
  readonly undone: boolean;
}

export interface HardenPlan {
  readonly profile: PolicyName;
  readonly servers: readonly PlannedPolicy[];
  readonly notes: readonly Finding[];
}

export interface HardenResult {
  readonly profile: PolicyAim;
  readonly servers: readonly HardenedServer[];
  readonly findings: readonly Finding[];
}

/** Changes nothing. Each server once, whichever certificates it has. */
export const planHardening = async (
  world: World,
  certificates: readonly CertificateConfig[],
  profile: PolicyName,
): Promise<HardenPlan> => {
  const servers: PlannedPolicy[] = [];
  const notes: Finding[] = [];
  const seen = new Set<string>();
  const events = await world.store.events();
  const looked = new Set<string>();
  const near = rememberLooks(world);
  const claims = await claimsOf(near, certificates);
  // Those for everybody first: a server's policy is no matter of one place, and is looked at under a name that is asked for at every address.
  for (const certificate of certificates.toSorted((one, other) => Number(!!one.places) - Number(!!other.places))) {
    // Hundreds of certificates are for the same servers: these are asked once.
    const wanted = JSON.stringify([certificate.servers, certificate.places]);
    if (looked.has(wanted)) continue;
    looked.add(wanted);
    for (const found of (await findServers(near, certificate, claims)).servers) {
      if (seen.has(found.installation.id)) continue;
      const deployable = await everywhere(found);
      const { server, installation, trouble } = deployable;
      const { id } = installation;
      if (installation.server === copies) continue;
      seen.add(id);
      if (!server.harden) {
        notes.push(unknownPolicy(id));
        continue;
      }
      const ours = changesOf(policyInForce(events, id));
      const plan = trouble ?? (await unlessFailure(async () => server.harden?.(installation, profile, ours)));
      if (plan instanceof Failure) notes.push(refusal(id, plan));
      else if (plan) servers.push({ deployable, owner: ownerOf(certificate), plan, undone: wasLeftUndone(events, id) });
    }
  }
  return { profile, servers, notes };
};

/** Policy holds at places of other certificates, too: all listeners are looked at. */
const everywhere = async (found: Deployable): Promise<Deployable> => {
  const { server, installation } = found;
  const listeners = found.trouble ?? (await unlessFailure(() => server.listeners(installation)));
  return listeners instanceof Failure ? found : { server, installation, listeners };
};

const unknownPolicy = (id: string): Finding => ({
  check: "harden-unknown",
  severity: "info",
  message: `${id}: mailcert sets no TLS policy there; it stays as its administrator made it`,
  hint: "mailcert verify --full says what its ports take",
});

const refusal = (id: string, failure: Failure): Finding => ({
  check: "harden-refused",
  severity: "fault",
  message: `${id}: its TLS policy was not touched: ${failure.message}`,
  ...hintOf(failure),
});

export const needsWork = ({ plan, undone }: PlannedPolicy): boolean => plan.changes.length > 0 || undone;

/** For a dry run. */
export const asResult = ({ profile, servers, notes }: HardenPlan): HardenResult => ({
  profile,
  servers: servers.map((one) => plannedServer(one, needsWork(one) ? "planned" : "as-it-should-be")),
  findings: notes,
});

/** What a yes is given to. Not what stands now: a deployment in between may switch TLS on. */
export const agreementOf = ({ profile, servers }: HardenPlan): string =>
  JSON.stringify([
    profile,
    servers.map(({ deployable, plan }) => [
      deployable.installation.id,
      plan.settings.map(({ scope, setting, wanted, place }) => [scope, setting, wanted, place ?? ""]),
    ]),
  ]);

/** `confirm` is asked once, before the first change, and throws where the answer is no. The caller holds the lock by then. */
export const harden = async (
  world: World,
  certificates: readonly CertificateConfig[],
  profile: PolicyName,
  confirm: (plan: HardenPlan) => Promise<void>,
): Promise<HardenResult> => {
  const plan = await planHardening(world, certificates, profile);
  if (plan.servers.some(needsWork)) await confirm(plan);
  const servers: HardenedServer[] = [];
  for (const one of plan.servers) {
    if (world.signal.aborted) throw new Failure("try-later", "stopped before the end: run the command again");
    servers.push(await hardenServer(world, one, profile));
  }
  if (world.store.policyIsUnfinished()) await clearMark(world);
  return { profile, servers, findings: plan.notes };
};
