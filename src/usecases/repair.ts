// After an upgrade of a server whose versions refuse each other's settings: ours in its new words, then the server up again. No network, no CA.
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import type { Change, Server, Upgrade } from "../servers/server.ts";
import { configFinding } from "./install-settings.ts";
import { makeChange } from "./make-change.ts";
import { recordChange } from "./record-change.ts";
import { changesInForce } from "./changes-in-force.ts";
import { readableState, unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

export interface Repaired {
  readonly findings: readonly Finding[];
  /** Certificates whose settings were rewritten, or whose server was started: they are to be proven. */
  readonly certificates: readonly string[];
}

/** How often a package manager at work is looked at. */
const pollMs = 500;

interface Look extends Repaired {
  /** Nothing is left that a later run should look at. */
  readonly done: boolean;
}

interface Upgraded {
  readonly name: string;
  readonly server: Server;
  readonly upgrade: Upgrade;
}

/** The caller holds the lock. Safe to repeat from any point: what was seen is written down last. `patienceMs`: for packages that are being changed. */
export const repair = async (world: World, patienceMs: number): Promise<Repaired> => {
  const all = Object.entries(await world.servers());
  const upgraded = all.flatMap(([name, server]) => (server.upgrade ? [{ name, server, upgrade: server.upgrade }] : []));
  // Before the look: a program that changes meanwhile is looked at again.
  const marks = world.store.programMarks(upgraded.flatMap(({ upgrade }) => upgrade.programs));
  const looks: Look[] = [];
  for (const one of upgraded) {
    const look = await unlessFailure(() => lookAt(world, one, world.elapsed() + patienceMs));
    looks.push(
      look instanceof Failure
        ? {
            done: false,
            certificates: [],
            findings: [configFinding(one.name, look, "could not be brought up to date")],
          }
        : look,
    );
  }
  if (looks.every(({ done }) => done)) {
    const noted = await unlessFailure(() => world.store.sawPrograms(marks));
    // A full disk: the next run looks once more. What it keeps from being renewed would be worse.
    if (noted instanceof Failure) world.step(noted.message);
  }
  return {
    findings: looks.flatMap(({ findings }) => findings),
    certificates: [...new Set(looks.flatMap(({ certificates }) => certificates))],
  };
};

const lookAt = async (world: World, one: Upgraded, until: number): Promise<Look> => {
  const files = await ownFiles(world, one.name);
  const deployed = deployedTo(world, one.name);
  const nothing = { done: true, findings: [], certificates: [] };
  if (files.size === 0 && deployed.length === 0) return nothing;
  const paths = [...files.keys()];
  const found = await patiently(world, until, async () => {
    const answer = await one.upgrade.outgrown(paths);
    return answer === "unready" ? undefined : answer;
  });
  if (found === undefined) return waits(one.name, "its programs are being replaced");
  if (found.version === undefined) return nothing;
  // At once: what the package does next is to start it.
  for (const change of found.changes) await rewrite(world, one, files, change);
  const names = deployed.map(({ name }) => name);
  if (found.changes.length > 0) await proveAgain(world, names);
  const settled = await patiently(world, until, async () => (await one.upgrade.settled()) || undefined);
  if (settled === undefined) return waits(one.name, "its packages are being installed", found.changes);
  const { refused, cut } = await refusalOf(world, one, files);
  if (cut.length > 0) await proveAgain(world, names);
  if (refused) return { done: false, findings: [refused(found.version)], certificates: [] };
  const end = await one.upgrade.revive(deployed.some(({ proven }) => proven));
  if (end === "started") {
    await recordChange(world, { what: `${one.name}: started; it had not come up after an upgrade` });
    world.step(`${one.name}: started`);
    await proveAgain(world, names);
  }
  const touched = found.changes.length > 0 || end === "started";
  return {
    done: true,
    certificates: touched || cut.length > 0 ? names : [],
    findings: [
      ...(touched ? [repairedFinding(one.name, found.version, found.changes, end)] : []),
      ...cut.map((path) => lessFinding(one.name, path)),
    ],
  };
};

/**
 * The first part of it alone, for a run that tests, reloads and proves by itself: files of ours in the words of the installed version. Nothing is waited
 * for, nothing started. The caller holds the lock.
 */
export const rewriteOutgrown = async (world: World): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  for (const [name, server] of Object.entries(await world.servers())) {
    const files = server.upgrade ? await ownFiles(world, name) : undefined;
    if (!server.upgrade || !files || files.size === 0) continue;
    const found = await unlessFailure(async () => server.upgrade?.outgrown([...files.keys()]));
    // Whoever deploys says what is wrong with it.
    if (
      !found ||
      found instanceof Failure ||
      found === "unready" ||
      found.version === undefined ||
      found.changes.length === 0
    )
      continue;
    for (const change of found.changes) await rewrite(world, { name, server, upgrade: server.upgrade }, files, change);
    await proveAgain(
      world,
      deployedTo(world, name).map((one) => one.name),
    );
    findings.push(repairedFinding(name, found.version, found.changes, "running"));
  }
  return findings;
};

/** Asks until there is an answer, or time is up. */
const patiently = async <Answer>(
  world: World,
  until: number,
  ask: () => Promise<Answer | undefined>,
): Promise<Answer | undefined> => {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined || world.elapsed() >= until) return answer;
    await world.sleep(pollMs, world.signal);
  }
};

/** Files that mailcert put among this server's, each with the certificate that its last change belongs to. */
const ownFiles = async (world: World, server: string): Promise<ReadonlyMap<string, string>> => {
  const files = new Map<string, string>();
  for (const { certificate, change } of changesInForce(await world.store.events())) {
    if (change?.server !== server || change.change.kind !== "file" || certificate === undefined) continue;
    files.set(change.change.path, certificate);
  }
  return files;
};

const deployedTo = (world: World, server: string): readonly { readonly name: string; readonly proven: boolean }[] =>
  world.store.list().flatMap((name) => {
    const own = Object.values(readableState(world, name)?.deployments ?? {}).filter((one) => one.server === server);
    if (own.length === 0) return [];
    return [{ name, proven: own.some(({ entries }) => entries.some(({ verdict }) => verdict === "proven")) }];
  });

const rewrite = async (
  world: World,
  { name, server }: Upgraded,
  files: ReadonlyMap<string, string>,
  change: Change,
): Promise<void> => {
  const certificate = change.kind === "file" ? files.get(change.path) : undefined;
  const installation = { server: name, id: name, version: "", configDir: "", running: false };
  await makeChange(world, { server, installation, listeners: [] }, certificate ?? "", change);
};

/** The next deployment installs, reloads and proves, in this run or a later one. */
const proveAgain = async (world: World, names: readonly string[]): Promise<void> => {
  for (const name of names) {
    const state = readableState(world, name);
    if (state?.stage === "verified" || state?.stage === "reloaded")
      await world.store.write({ ...state, stage: "switched" });
  }
};

interface Refusal {
  /** What it says still. */
  readonly refused: ((version: string) => Finding) | undefined;
  /** Files of ours that were cut down. */
  readonly cut: readonly string[];
}

/**
 * What the server says against its configuration, also while the program of before runs on: it would be down after the next boot. Where it is about a file
 * of ours, that one is cut down to what is needed first.
 */
const refusalOf = async (world: World, one: Upgraded, files: ReadonlyMap<string, string>): Promise<Refusal> => {
  const [installation] = await one.server.detect();
  if (!installation) return { refused: undefined, cut: [] };
  const ask = (): Promise<Failure | undefined> =>
    unlessFailure(async () => {
      await one.server.check(installation);
      return undefined;
    });
  const named = (refusal: Failure | undefined): readonly string[] =>
    [...files.keys()].filter((path) => refusal?.message.includes(path));
  let refusal = await ask();
  const cut = new Set<string>();
  // It names one place at a time.
  for (let turn = 0; turn < files.size && named(refusal).length > 0; turn += 1) {
    const least = await one.upgrade.outgrown(named(refusal), true);
    if (least === "unready" || least.changes.length === 0) break;
    for (const change of least.changes) {
      await rewrite(world, one, files, change);
      if (change.kind === "file") cut.add(change.path);
    }
    refusal = await ask();
  }
  const words = refusal;
  const [own] = named(refusal);
  const { running } = installation;
  return {
    refused: words && ((version) => refusedFinding(one.name, version, words, { running, own })),
    cut: [...cut],
  };
};

/** What is gone may be what somebody relies on: whose name gets which certificate, who may log in. */
const lessFinding = (name: string, path: string): Finding => ({
  check: "deploy-repaired",
  severity: "fault",
  message: `${name} refused part of ${path}: it was cut down to what every client needs; certificates for other names and login by client certificates are out until the next deployment, and where a client certificate is required, nobody logs in until then`,
  hint: "mailcert deploy writes the rest again, and says what is in the way",
});

const waits = (name: string, why: string, changes: readonly Change[] = []): Look => ({
  done: false,
  certificates: [],
  findings: [
    {
      check: "deploy-repaired",
      severity: "warning",
      message: `${name}: ${why}${changes.length > 0 ? "; mailcert's settings are in the new version's words already" : ""}; the next run looks again`,
      hint: "nothing to do; once the installation is over: mailcert deploy --repair",
    },
  ],
});

const repairedFinding = (
  name: string,
  version: string,
  changes: readonly Change[],
  end: "running" | "started" | "stopped",
): Finding => {
  const paths = changes.flatMap((change) => (change.kind === "file" ? [change.path] : []));
  const wrote =
    paths.length === 0 ? "" : `: ${paths.join(" and ")} ${paths.length > 1 ? "were" : "was"} rewritten in its words`;
  const ends = {
    running: "",
    started: `${wrote === "" ? ": " : "; "}it had not come up, and was started`,
    stopped: `${wrote === "" ? ": " : "; "}it is stopped, and was left so`,
  } as const;
  return {
    check: "deploy-repaired",
    severity: "warning",
    message: `${name} is ${version} now${wrote}${ends[end]}`,
    hint: "what is served where: mailcert status",
  };
};

interface Refused {
  readonly running: boolean;
  /** The file of mailcert's that it is about; undefined: somebody else's. */
  readonly own: string | undefined;
}

const refusedFinding = (name: string, version: string, refusal: Failure, { running, own }: Refused): Finding => {
  const theirs = `${refusal.hints[0] ?? "mend what it names"}; the package's own new files may lie beside yours (*.ucf-dist, *.dpkg-dist)`;
  const ours = `${own ?? ""} is mailcert's own and was changed by somebody: mend that line, or move the file away (mailcert deploy writes the certificate's anew, mailcert deploy --harden the policy's)`;
  return {
    check: "deploy-outgrown",
    severity: "fault",
    message: `${name} ${version} ${running ? "runs on as it was started, would not start again," : "does not run"} and refuses settings ${own === undefined ? "that are not mailcert's" : "in mailcert's own file"}: ${refusal.message}`,
    hint: `${own === undefined ? theirs : ours}. ${running ? "Looked at again by each run" : "The next run starts it"}; at once: mailcert deploy --repair`,
  };
};
