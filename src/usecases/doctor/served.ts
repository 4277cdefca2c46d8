// Look: what is served now, at one address of each port: a handshake with every running server that has a certificate of ours.
import { type DoctorFinding, type Looked, ofFindings } from "../../domain/doctor/finding.ts";
import { servedFinding } from "../../domain/doctor/served.ts";
import { counted } from "../../domain/doctor/words.ts";
import { Failure } from "../../domain/failure.ts";
import { copies } from "../../domain/file-target.ts";
import { type DeployedServer } from "../deployment.ts";
import { deploymentFindings } from "../deployment-findings.ts";
import { type JobTargets, proveTogether } from "../prove-together.ts";
import { type ProvedEntry, proofTargets } from "../prove.ts";
import { servedCertificate, slotsOf } from "../served-certificate.ts";
import { namesAt, servingOn } from "../serving.ts";
import type { Ground, Look } from "./look.ts";
import { liveGeneration } from "../live-generation.ts";

/** A thousand certificates have a few servers, and what ails one of those shows with the first of them. */
const most = 10;

/** One name of a certificate at each port of its servers. What does not run, or cannot be asked, is for other looks. */
const targetsOf = async (
  { world, state, found }: Ground,
  certificate: Ground["certificates"][number],
): Promise<JobTargets | undefined> => {
  const kept = state(certificate.name);
  const target = kept && liveGeneration(world, certificate.name, kept);
  const place = await found(certificate);
  if (!target || kept.parked || place instanceof Failure) return undefined;
  const targets = [];
  for (const one of place.servers) {
    const { installation, server, trouble } = one;
    const deployed = kept.deployments[installation.id] !== undefined;
    if (!deployed || !installation.running || trouble || installation.server === copies) continue;
    const served = servedCertificate(world, certificate.name, target);
    const names = server.sni ? namesAt(await servingOn(world, one, []), served) : target.names;
    const local = world.localAddresses();
    const all = proofTargets([one], names.slice(0, 1), slotsOf(target), local, "one");
    targets.push(...all.filter(({ unobservable, tlsOff }) => unobservable === undefined && tlsOff === undefined));
  }
  return targets.length === 0 ? undefined : { job: { certificate, target }, targets, baseline: new Map() };
};

const findingsOf = (
  { job: { certificate } }: JobTargets,
  entries: readonly ProvedEntry[],
): readonly DoctorFinding[] => {
  const ids = [...new Set(entries.map(({ installation }) => installation))];
  return ids.flatMap((id) => {
    const server: DeployedServer = { id, server: id, version: "", running: true, changes: [], reloaded: true };
    return deploymentFindings({ servers: [server], entries, findings: [] })
      .filter(({ severity }) => severity === "fault")
      .map((finding) => servedFinding(id, certificate.name, finding));
  });
};

export const servedLook: Look = {
  id: "served",
  title: "what is served",
  needsRoot: true,
  look: async (ground): Promise<Looked> => {
    const looks: JobTargets[] = [];
    for (const certificate of ground.certificates) {
      const targets = looks.length < most ? await targetsOf(ground, certificate) : undefined;
      if (targets) looks.push(targets);
    }
    if (looks.length === 0) return ofFindings([]);
    const entries = await proveTogether(ground.world, looks, { patienceMs: () => 0 });
    const findings = looks.flatMap((look, index) => findingsOf(look, entries[index] ?? []));
    const proven = entries.flat().filter(({ verdict }) => verdict === "proven").length;
    return {
      findings,
      well: proven > 0 ? [`${counted(proven, "entry point")} proven, at one address each`] : [],
      unseen: [],
    };
  },
};
