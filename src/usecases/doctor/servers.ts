// Look: every server's own test passes, it runs, it is set to what is live, nothing of somebody else's wins, and TLS is on.
import { join } from "node:path";
import type { CertificateConfig } from "../../domain/certificate-config.ts";
import { describeChange } from "../../domain/describe-change.ts";
import { type DoctorFinding, type Looked, ofFindings } from "../../domain/doctor/finding.ts";
import {
  brokenFinding,
  doubtedFinding,
  settingsFinding,
  stoppedFinding,
  tlsOffFinding,
  winningFinding,
} from "../../domain/doctor/servers.ts";
import { Failure } from "../../domain/failure.ts";
import { copies } from "../../domain/file-target.ts";
import type { Listener } from "../../servers/server.ts";
import { trustToWrite } from "../client-trust.ts";
import type { Deployable } from "../entries.ts";
import { trouble } from "../preflight-trouble.ts";
import { servedCertificate } from "../served-certificate.ts";
import { type Serving, allOf, mainOf, servingOn } from "../serving.ts";
import { lastServedOf, offOf } from "../stopped-servers.ts";
import { overrideWords } from "../override-words.ts";
import { unlessFailure } from "../unless-failure.ts";
import { wrongModes } from "../wrong-mode.ts";
import type { Ground, Look } from "./look.ts";
import { liveGeneration } from "../live-generation.ts";

/** What a deployment writes anew although the server's test complains of it. */
const rewritten = /\/mailcert\.crt-list\b/;

const brokenOf = async (
  { world }: Ground,
  one: Deployable,
  certificate: string | undefined,
): Promise<DoctorFinding | undefined> => {
  const { server, installation } = one;
  const failed = await unlessFailure(() => server.check(installation));
  const failure = failed instanceof Failure ? failed : one.trouble;
  // The look at reading says it for every server whose user is known, with what mends it.
  const code = failure?.facts?.["code"];
  // That at the configuration says which programs root does not run.
  const said = code === "PROGRAM" || (installation.reader !== undefined && code === "UNREADABLE");
  if (!failure || said) return undefined;
  const ours = rewritten.test(failure.message) || failure.message.includes(join(world.store.dir, "certificates"));
  return brokenFinding({ installed: installation, failure, ours, certificate });
};

/** Ports by what switches their TLS off. `served`: a certificate of ours is to be served there. */
const tlsOffFindings = ({ installation, listeners }: Deployable, served: boolean): readonly DoctorFinding[] => {
  const found = new Map<string, { ports: number[]; off: NonNullable<Listener["tlsOff"]> }>();
  for (const { port, tlsOff } of listeners) {
    if (!tlsOff) continue;
    const { ports } = found.get(tlsOff.setting) ?? { ports: [] };
    found.set(tlsOff.setting, { ports: [...new Set([...ports, port])], off: tlsOff });
  }
  return [...found.values()].map(({ ports, off }) => tlsOffFinding(installation.id, ports, off, served));
};

const wrongModesOf = ({ installation: { id, server }, listeners }: Deployable): readonly DoctorFinding[] =>
  wrongModes(listeners.map(({ protocol, mode, port, address }) => ({ id, server, protocol, mode, port, address })));

/** What one server serves: copies are of one certificate each. */
const servingOf = async (
  { world, state }: Ground,
  one: Deployable,
  mine: readonly CertificateConfig[],
): Promise<Serving> => {
  if (one.installation.server !== copies) return servingOn(world, one, []);
  const [certificate] = mine;
  const kept = certificate && state(certificate.name);
  const live = kept && liveGeneration(world, kept.name, kept);
  return live ? { main: servedCertificate(world, kept.name, live), bySni: [] } : { bySni: [] };
};

const deployedOn = (
  { state }: Ground,
  { installation: { id } }: Deployable,
  mine: readonly CertificateConfig[],
): readonly CertificateConfig[] =>
  mine.filter(({ name }) => {
    const kept = state(name);
    return kept !== undefined && !kept.parked && id in kept.deployments;
  });

/** What a deployment would change, and what it could not: of a server that serves something of ours since the last one. */
const settingsOf = async (
  ground: Ground,
  one: Deployable,
  mine: readonly CertificateConfig[],
): Promise<readonly DoctorFinding[]> => {
  const { server, installation } = one;
  const { id } = installation;
  const deployed = deployedOn(ground, one, mine);
  const serving = await servingOf(ground, one, deployed);
  if (deployed.length === 0 || allOf(serving).length === 0) return [];
  // Several are deployed in one go.
  const certificate = deployed.length === 1 ? deployed[0]?.name : undefined;
  const bySni = server.sni ? serving.bySni : undefined;
  const plan = await unlessFailure(() => server.plan(installation, mainOf(serving), bySni, serving.placed));
  const absent = await trustToWrite(ground.world, installation.server);
  const changes = [...absent, ...(plan instanceof Failure ? [] : plan.changes).map(describeChange)];
  // Until ours stand there, everything wins over them.
  if (changes.length > 0) return [settingsFinding(id, certificate, changes)];
  // Who may relay is no setting to make, and nothing that wins over one.
  const left = (plan instanceof Failure ? [] : plan.notes).filter(({ check }) => check === "clients-relay-left");
  const winning = await unlessFailure(() => server.readBack(installation, mainOf(serving), bySni, serving.placed));
  const overrides = (winning instanceof Failure ? [] : winning).map((override) => {
    const { edit, mend, bearable } = override;
    const message = overrideWords(one, override);
    return winningFinding({ certificate, message, editable: edit.length > 0, mend, bearable });
  });
  return [...left, ...overrides];
};

/** What one that does not run had of ours. */
const hadBy = async (
  ground: Ground,
  one: Deployable,
  mine: readonly CertificateConfig[],
): Promise<Parameters<typeof stoppedFinding>[3]> => {
  const { id, server } = one.installation;
  const certificates = deployedOn(ground, one, mine).map(({ name }) => name);
  const dates = certificates.flatMap((name) => {
    const record = ground.state(name)?.deployments[id];
    return record ? (lastServedOf(record) ?? []) : [];
  });
  const lastServed = dates.toSorted().at(-1);
  return {
    certificates,
    ...(lastServed === undefined ? {} : { lastServed }),
    ...(await offOf(ground.world, server)),
  };
};

const lookAt = async (ground: Ground, one: Deployable): Promise<readonly DoctorFinding[]> => {
  const { installation } = one;
  const mine = [];
  for (const certificate of ground.certificates) {
    const found = await ground.found(certificate);
    if (!(found instanceof Failure) && found.servers.some((other) => other.installation.id === installation.id))
      mine.push(certificate);
  }
  const broken = await brokenOf(ground, one, mine[0]?.name);
  const { running, doubt } = installation;
  const stopped = [
    ...(running
      ? []
      : [stoppedFinding(installation, ground.systemd, broken !== undefined, await hadBy(ground, one, mine))]),
    ...(doubt ? [doubtedFinding(installation.id, doubt)] : []),
  ];
  // What it would be set to cannot be asked of one whose configuration is broken.
  if (broken) return [broken, ...stopped];
  const off = tlsOffFindings(one, deployedOn(ground, one, mine).length > 0);
  // While TLS is off everywhere no certificate is served, whatever is set.
  if (off.length > 0 && one.listeners.every(({ tlsOff, unobservable }) => tlsOff ?? unobservable !== undefined))
    return [...stopped, ...off];
  return [...stopped, ...off, ...(await settingsOf(ground, one, mine)), ...wrongModesOf(one)];
};

const look = async (ground: Ground): Promise<Looked> => {
  const findings: DoctorFinding[] = [];
  const well: string[] = [];
  for (const certificate of ground.certificates) {
    const found = await ground.found(certificate);
    findings.push(...(found instanceof Failure ? [trouble("doctor-server", found)] : found.notes));
  }
  const copied = await Promise.all(ground.certificates.map(ground.found));
  const targets = copied
    .flatMap((one) => (one instanceof Failure ? [] : one.servers))
    .filter(({ installation }) => installation.server === copies);
  for (const one of [...(await ground.servers()), ...targets]) {
    const { installation } = one;
    const its = await lookAt(ground, one);
    findings.push(...its);
    if (its.length === 0)
      well.push(installation.server === copies ? installation.id : `${installation.id} ${installation.version}`);
  }
  const looked = ofFindings(findings);
  return { ...looked, well };
};

export const serversLook: Look = { id: "servers", title: "mail servers", needsRoot: true, look };
