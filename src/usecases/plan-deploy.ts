// What a deployment would change, computed from the real plan. Changes nothing.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { describeChange, describeMade } from "../domain/describe-change.ts";
import { targetOf } from "../domain/generation.ts";
import { slotOf } from "../domain/keys.ts";
import type { Finding } from "../domain/finding.ts";
import type { ServedCertificate } from "../servers/server.ts";
import { unanswered } from "./answered-notes.ts";
import { foreseeTrust, trustToWrite } from "./client-trust.ts";
import { shellWord } from "../domain/shell-word.ts";
import { foreseeRefusals } from "./foresee-refusals.ts";
import { configFinding, offFinding } from "./install-settings.ts";
import { keyGroupWords } from "./key-readers.ts";
import { placeOf } from "./one-certificate.ts";
import { foreseeCopies } from "./outdated-copies.ts";
import { type Serving, mainOf, servingOn } from "./serving.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

export interface PlannedServer {
  readonly id: string;
  readonly version: string;
  readonly running: boolean;
  readonly changes: readonly string[];
  readonly notes: readonly Finding[];
}

export interface DeployPlan {
  readonly certificate: string;
  readonly names: readonly string[];
  /** From and to, where `live` would move. */
  readonly live?: { readonly from: number | undefined; readonly to: number | undefined };
  readonly servers: readonly PlannedServer[];
  readonly notes: readonly Finding[];
}

export const planDeploy = async (world: World, certificate: CertificateConfig): Promise<DeployPlan> => {
  const state = world.store.read(certificate.name);
  const target = state && targetOf(state);
  const from = world.store.liveNumber(certificate.name);
  const served: ServedCertificate = {
    name: certificate.name,
    names: certificate.names,
    slots: world.store.livePaths(certificate.name, certificate.keys.map(slotOf)),
  };
  const servers: PlannedServer[] = [];
  const { servers: found, notes } = await placeOf(world, certificate);
  const outdated = await foreseeCopies(world, certificate);
  for (const one of found) {
    const { server, installation, trouble } = one;
    const { id, version, running, keyGroup } = installation;
    const serving: Serving = server.sni
      ? await servingOn(world, one, [certificate], new Map([[certificate.name, served]]))
      : { main: served, bySni: [] };
    const plan = trouble
      ? { changes: [], off: [], notes: [configFinding(id, trouble)] }
      : await server.plan(installation, mainOf(serving), server.sni ? serving.bySni : undefined, serving.placed);
    const readers = keyGroup === undefined || keyGroup === state?.keyGroup ? [] : [keyGroupWords(keyGroup)];
    const asked =
      server.asksFirst && !trouble
        ? await server.readBack(installation, mainOf(serving), server.sni ? serving.bySni : undefined, serving.placed)
        : [];
    const off = plan.off ?? [];
    // Several places may need the same file: it is written once.
    const edits = new Set(
      [...off, ...asked].flatMap(({ edit }) => edit.map((change) => `after a yes: ${describeChange(change)}`)),
    );
    const absent = await trustToWrite(world, installation.server);
    const changes = [...readers, ...absent, ...plan.changes.map(describeMade), ...edits, ...(outdated.get(id) ?? [])];
    const foreseen = await unlessFailure(() => foreseeTrust(world, installation.server));
    const untold = foreseen instanceof Failure ? [configFinding(id, foreseen, "would not be changed")] : foreseen;
    const notes = [...untold, ...plan.notes, ...off.map((one) => offFinding(id, one))];
    servers.push({ id, version, running, changes, notes: unanswered(notes, id, found) });
  }
  const moves = from !== target?.number || from === undefined;
  return {
    certificate: certificate.name,
    names: certificate.names,
    ...(moves ? { live: { from, to: target?.number } } : {}),
    servers,
    notes,
  };
};

/** The same for what a deployment is asked for: one that nothing was issued for has nothing to serve, and nothing is issued by it. */
export const planDeployments = async (
  world: World,
  certificates: readonly CertificateConfig[],
): Promise<readonly DeployPlan[]> => {
  const isThere = ({ name }: CertificateConfig): boolean => {
    const state = world.store.read(name);
    return state !== undefined && targetOf(state) !== undefined;
  };
  const absent = certificates.filter((one) => !isThere(one));
  const refused = absent.length === 0 ? new Map<string, Failure>() : await foreseeRefusals(world, absent);
  const plans: DeployPlan[] = [];
  for (const certificate of certificates) {
    const { name, names } = certificate;
    const failure = refused.get(name);
    plans.push(
      absent.includes(certificate)
        ? { certificate: name, names, servers: [], notes: [unissued(name, failure)] }
        : await planDeploy(world, certificate),
    );
  }
  return plans;
};

const unissued = (name: string, refused: Failure | undefined): Finding => ({
  check: "deploy-unissued",
  severity: "fault",
  message: `nothing was issued for ${name} yet: there is nothing to serve${refused ? `, and nothing can be issued: ${refused.message}` : ""}`,
  hint: refused?.hints.length ? refused.hints.join("; ") : `issue and deploy it: mailcert renew ${shellWord(name)}`,
});
