// Look: what `status` says of each certificate, and what of its files is not what was written.
import { type DoctorFinding, unseenBy } from "../../domain/doctor/finding.ts";
import { stuckFindings } from "../../domain/doctor/state.ts";
import { Failure } from "../../domain/failure.ts";
import { shellWord } from "../../domain/shell-word.ts";
import { checkGeneration } from "../intact.ts";
import { trouble } from "../preflight-trouble.ts";
import { type CertificateStatus, status } from "../status.ts";
import { unlessFailure } from "../unless-failure.ts";
import { liveGeneration } from "../live-generation.ts";
import type { World } from "../world.ts";
import type { Ground, Look } from "./look.ts";

/** `try now: mailcert renew a; whether ...: ...` -> the command that stands first. */
const commandIn = (hint: string | undefined): string | undefined =>
  /(?:^|: )(mailcert [a-z]+(?: [^\s;,]+)*)(?:[;,]|$)/.exec(hint ?? "")?.[1];

/** What the hint says besides. */
const withoutCommand = (hint: string, command: string): string =>
  hint
    .split("; ")
    .filter((part) => !part.endsWith(command))
    .join("; ");

const withCommand = (finding: DoctorFinding): DoctorFinding => {
  const command = commandIn(finding.hint);
  if (command === undefined) return finding;
  const { hint = "", ...rest } = finding;
  const further = withoutCommand(hint, command);
  return { ...rest, command, ...(further === "" ? {} : { hint: further }) };
};

const damaged = async ({ world, root, state }: Ground, name: string): Promise<readonly DoctorFinding[]> => {
  const kept = state(name);
  const live = kept && liveGeneration(world, name, kept);
  if (!live || !root) return [];
  const failure = await unlessFailure(() => checkGeneration(world, name, live));
  if (!(failure instanceof Failure)) return [];
  const { message } = failure;
  return [
    { check: "doctor-damaged", severity: "fault", message, command: `mailcert renew --force ${shellWord(name)}` },
  ];
};

const findingsOf = (one: CertificateStatus): readonly DoctorFinding[] => {
  const bad = Object.values(one.deployments).flatMap(({ entries }) =>
    entries.filter(({ verdict }) => ["stale", "broken", "failing"].includes(verdict)).map(({ url }) => url),
  );
  const { name, configured, parked, stage, lastError, next, live, servers } = one;
  const open = lastError && !lastError.notDue && (lastError.what === "deploy" || next?.action !== "nothing");
  return [
    // Rights of keys and folders are looked at by themselves.
    ...(one.findings ?? []).filter(({ check }) => check !== "key-exposed").map(withCommand),
    ...stuckFindings({
      name,
      configured,
      parked,
      stage,
      issued: live !== undefined || one.target !== undefined,
      served: servers === undefined || servers.length > 0,
      // A change that waits for DNS has words of its own in status.
      ...(open && !one.held ? { lastError } : {}),
      bad: [...new Set(bad)],
    }),
    ...(one.held
      ? [
          {
            check: "doctor-stuck",
            severity: "warning" as const,
            message: `${name} waits for DNS (DANE): ${one.held.message}`,
            hint: one.held.hints.join("; "),
          },
        ]
      : []),
  ];
};

/**
 * All in one go: each by itself would look at the whole log and at every process of the servers. Whatever is the matter with one of them must not hide the
 * others.
 */
const statusesOf = async (
  world: World,
  names: readonly string[],
): Promise<ReadonlyMap<string, CertificateStatus | Failure>> => {
  const found = new Map<string, CertificateStatus | Failure>();
  const ask = async (some: readonly string[]): Promise<void> => {
    const said = some.length === 0 ? undefined : await unlessFailure(() => status(world, some));
    if (!(said instanceof Failure)) for (const one of said?.certificates ?? []) found.set(one.name, one);
    else if (some.length === 1) found.set(some[0] ?? "", said);
    else for (const one of some) await ask([one]);
  };
  const damaged = new Set<string>();
  for (const name of names)
    if ((await unlessFailure(async () => world.store.read(name))) instanceof Failure) damaged.add(name);
  await ask(names.filter((name) => !damaged.has(name)));
  for (const name of damaged) await ask([name]);
  return found;
};

export const stateLook: Look = {
  id: "state",
  title: "state",
  look: async (ground) => {
    const { world, root, certificates, configTrouble, only } = ground;
    const findings: DoctorFinding[] = [];
    const unseen: string[] = [];
    const tell = (what: string, failure: Failure): void => {
      if (!root && failure.kind === "no-permission") unseen.push(unseenBy(root, what, failure));
      else findings.push(trouble("doctor-damaged", failure));
    };
    const kept = await unlessFailure(async () => world.store.list());
    if (kept instanceof Failure) tell("state", kept);
    const names = [
      ...new Set([...certificates.map(({ name }) => name), ...(kept instanceof Failure ? [] : kept)]),
    ].filter((name) => only.length === 0 || only.includes(name));
    // What is to be there stands in the configuration, whose own look says what is wrong with it.
    if (configTrouble) unseen.push("state: what is to be done next stands in the configuration");
    const here = kept instanceof Failure ? [] : names;
    const said = configTrouble ? new Map<string, never>() : await statusesOf(world, here);
    for (const name of here) {
      const one = said.get(name);
      if (one instanceof Failure) tell(name, one);
      else {
        // A look at all of a generation says more than one at what is live.
        const files = await damaged(ground, name);
        const said = one ? findingsOf(one).filter(({ check }) => files.length === 0 || check !== "live-damaged") : [];
        findings.push(...said, ...files);
      }
    }
    if (findings.length + unseen.length > 0 || names.length === 0) return { findings, well: [], unseen };
    return { findings, well: [names.length === 1 ? (names[0] ?? "") : `${names.length} certificates`], unseen };
  },
};
