// Servers that have certificates of ours and do not run now, or that nobody answers for: a deployment that was proven is none any more, or will not be.
import { Failure } from "../domain/failure.ts";
import { copies } from "../domain/file-target.ts";
import type { Finding } from "../domain/finding.ts";
import { own } from "../domain/own.ts";
import { serviceOf } from "../domain/service-name.ts";
import { type DoubtedServer, doubtedServerFinding, stoppedServerFinding } from "../domain/stopped-server.ts";
import type { CertificateState, DeploymentRecord } from "../store/store.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** ISO date at which it was last seen to serve what it has. */
export const lastServedOf = ({ lastServed, entries, at }: DeploymentRecord): string | undefined =>
  entries.some(({ verdict }) => verdict === "proven") ? at : lastServed;

interface Had {
  readonly server: string;
  readonly certificates: string[];
  lastServed: string | undefined;
}

const byInstallation = (states: readonly CertificateState[]): ReadonlyMap<string, Had> => {
  const found = new Map<string, Had>();
  for (const { name, deployments } of states) {
    for (const [id, record] of Object.entries(deployments)) {
      if (record.server === copies) continue;
      const had: Had = found.get(id) ?? { server: record.server, certificates: [], lastServed: undefined };
      found.set(id, had);
      had.certificates.push(name);
      const served = lastServedOf(record);
      if (served !== undefined && !(had.lastServed !== undefined && had.lastServed > served)) had.lastServed = served;
    }
  }
  return found;
};

/** Whoever asks MUST be root: a server's process is not everybody's to see. One that is not to be found is `deploy`'s to tell. */
export const stoppedServers = async (
  world: World,
  states: readonly CertificateState[],
): Promise<readonly Finding[]> => {
  const had = byInstallation(states);
  if (had.size === 0) return [];
  const adapters = await world.servers();
  const runs = new Map<string, boolean>();
  const doubts = new Map<string, DoubtedServer>();
  for (const server of new Set([...had.values()].map((one) => one.server))) {
    const found = await unlessFailure(async () => own(adapters, server)?.detect() ?? []);
    for (const { id, running, doubt } of found instanceof Failure ? [] : found) {
      runs.set(id, running);
      if (doubt) doubts.set(id, doubt);
    }
  }
  const others = [...had].flatMap(([id, { server }]) => (runs.get(id) === true ? [server] : []));
  const findings: Finding[] = [];
  for (const [id, { server, certificates, lastServed }] of had) {
    const doubt = doubts.get(id);
    if (doubt) findings.push(doubtedServerFinding(id, doubt));
    else if (runs.get(id) === false)
      findings.push(
        stoppedServerFinding({
          id,
          server,
          certificates,
          others,
          ...(lastServed === undefined ? {} : { lastServed }),
          ...(await offOf(world, server)),
        }),
      );
  }
  return findings;
};

/** Asked only of one that does not run. */
export const offOf = async (world: Pick<World, "switchedOff">, server: string): Promise<{ readonly off?: string }> => {
  const off = await world.switchedOff(serviceOf(server));
  return off === undefined ? {} : { off };
};
