// Client certificates as servers know them: the files that they judge by kept up to date, and servers made to read them.
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { caWord } from "../domain/private-ca.ts";
import type { ClientAccess } from "../domain/client-access.ts";
import type { PrivateCas } from "../issuers/private-cas.ts";
import { recordChange } from "./record-change.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** Taking settings out must not depend on a configuration that can be read. */
const wanted = async (world: World): Promise<ClientAccess | undefined> => {
  const config = await unlessFailure(() => world.config.read());
  return config instanceof Failure ? undefined : config?.clients;
};

/** What uses the files: Dovecot by our own settings, Postfix where somebody has set it up so. */
const readers = ["dovecot", "postfix"];

const absent = (ca: string): Failure =>
  new Failure("config", `client_certificates names the private CA "${ca}", and there is none`, {
    hints: [`make it: mailcert ca init${caWord(ca)}`, "or name another: ca: NAME"],
  });

/** There was one: its files are there. Another in its place would take none of the certificates that people have. */
const lost = (ca: string): Failure =>
  new Failure(
    "data",
    `the private CA "${ca}" of client_certificates is gone: nobody can be revoked, and who has a certificate that ends goes on by it where Postfix relays`,
    {
      hints: [
        "put it back from a backup: mailcert ca restore FILE",
        `where there is none, make another, by which everybody needs a new certificate: mailcert ca init${caWord(ca)}`,
      ],
    },
  );

const missing = async (world: World, cas: PrivateCas, ca: string): Promise<Failure> =>
  (await world.fileMark(cas.trustFile(ca))) === "ENOENT" ? absent(ca) : lost(ca);

/** What a server's settings will name. */
const namedBy = (server: string, cas: PrivateCas, { ca, relay }: ClientAccess): string | undefined =>
  server === "dovecot" ? cas.trustFile(ca) : relay ? cas.trustMap(ca) : undefined;

/**
 * What came of having, or making, these files. Dovecot starts only where the file is there that its settings name, and Postfix without its table answers 451
 * to whoever shows a certificate (others are served); an older one that cannot be brought up to date is somebody's to mend, and must not keep a renewed
 * certificate from being read.
 * @throws Failure where a server would name a file that is not there.
 */
const judged = async (
  world: World,
  server: string,
  job: (cas: PrivateCas, ca: string) => Promise<unknown>,
): Promise<readonly Finding[]> => {
  const access = readers.includes(server) ? await wanted(world) : undefined;
  if (access === undefined) return [];
  const { ca } = access;
  const cas = await world.privateCas();
  const done = await unlessFailure(() => job(cas, ca));
  if (done !== undefined && !(done instanceof Failure)) return [];
  const trouble = done ?? (await missing(world, cas, ca));
  const named = namedBy(server, cas, access);
  if (named !== undefined && (await world.fileMark(named)) === "ENOENT") throw trouble;
  return [unreadFinding(ca, server, trouble)];
};

/** Before a server of this kind is pointed at the files. The caller holds the lock. @throws Failure where its settings would name one that is not there. */
export const prepareTrust = (world: World, server: string): Promise<readonly Finding[]> =>
  judged(world, server, (cas, ca) => cas.keepTrust(ca, world.now()));

/** The same as far as it can be told without making anything. */
export const foreseeTrust = (world: World, server: string): Promise<readonly Finding[]> =>
  judged(world, server, (cas, ca) => cas.show(ca, world.now()));

const onceMended = (ca: string, { hints }: Failure): string =>
  [...hints, `then: mailcert ca crl${caWord(ca)}`].join("; ");

const unreadFinding = (ca: string, id: string, failure: Failure): Finding => ({
  check: "clients-unread",
  severity: "fault",
  message: `${id} was not made to read the list of revoked client certificates of the private CA "${ca}": one that was revoked logs in there until it is: ${failure.message}`,
  hint: onceMended(ca, failure),
});

/** The mark that is still there makes servers read it once more; when the next run looks for it may have been lost. */
const unnotedFinding = (ca: string, failure: Failure): Finding => ({
  check: "clients-unread",
  severity: "warning",
  message: `what servers have read of the client certificates of the private CA "${ca}" could not be noted: ${failure.message}`,
  hint: onceMended(ca, failure),
});

/** Whether servers judge by these files, or are about to: also where the configuration says nothing of it any more, or cannot be read, and they go on with what they were told. */
const isInUse = async (world: World, ca: string, asked: "there" | "gone" | undefined): Promise<boolean> => {
  if (asked === "there") return true;
  const config = await unlessFailure(() => world.config.read());
  return config instanceof Failure ? asked === "gone" : config?.clients?.ca === ca;
};

/** A server of this kind goes by files that have gone, are not what they should be, or that it has not read. Changes nothing. */
export const trustIsBehind = async (world: World, server: string): Promise<boolean> => {
  const access = readers.includes(server) ? await wanted(world) : undefined;
  if (access === undefined) return false;
  const behind = await unlessFailure(async () => (await world.privateCas()).trustIsBehind(access.ca, world.now()));
  // What cannot be told, the deployment says.
  return behind !== false;
};

/** What a deployment writes because a server's settings name it, or are about to, and it is not there. */
export const trustToWrite = async (world: World, server: string): Promise<readonly string[]> => {
  const access = readers.includes(server) ? await wanted(world) : undefined;
  const named = access && namedBy(server, await world.privateCas(), access);
  return named !== undefined && (await world.fileMark(named)) === "ENOENT" ? [`write ${named}`] : [];
};

/**
 * After the CA has revoked, issued or listed something: files anew, and the servers read them where they say something else than before, or a run
 * that was killed had not come to it. The caller holds the lock. Never throws a Failure.
 */
export const tellServers = async (world: World, ca: string): Promise<readonly Finding[]> => {
  const told = await unlessFailure(() => tell(world, ca));
  return told instanceof Failure ? [unreadFinding(ca, "a server", told)] : told;
};

const restored = async (world: World, paths: readonly string[]): Promise<readonly Finding[]> => {
  for (const path of paths) await recordChange(world, { what: `wrote ${path} again: it was gone` });
  return paths.map((path) => ({
    check: "clients-restored",
    severity: "info",
    message: `${path} was gone, and was written again: without it mail servers take no client certificate`,
    hint: "if that was not you: see what clears away files there",
  }));
};

/** @param read what each installation was reloaded at just now (`trustMark`), by id: what has read this very text is left alone */
const tell = async (
  world: World,
  ca: string,
  read: ReadonlyMap<string, string | undefined> = new Map(),
): Promise<readonly Finding[]> => {
  const cas = await world.privateCas();
  const asked = await cas.trustIsAsked(ca);
  if (!(await isInUse(world, ca, asked))) {
    if (asked === "gone") await cas.forgetTrust(ca, world.now());
    return [];
  }
  const trust = await cas.keepTrust(ca, world.now());
  if (!trust?.unread) return [];
  const again = await restored(world, await cas.takeRestored(ca));
  const mark = await cas.trustMark(ca);
  const findings: Finding[] = [];
  for (const [name, server] of Object.entries(await world.servers())) {
    if (!readers.includes(name)) continue;
    const found = await unlessFailure(() => server.detect());
    // Nobody knows whether it runs: that is not the same as having read it.
    if (found instanceof Failure) findings.push(unreadFinding(ca, name, found));
    for (const installation of found instanceof Failure ? [] : found) {
      const hasRead = mark !== undefined && read.get(installation.id) === mark;
      if (!installation.running || hasRead) continue;
      world.step(`reloading ${installation.id}: client certificates of the private CA "${ca}" have changed`);
      const done = await unlessFailure(() => server.reload(installation));
      if (done instanceof Failure) findings.push(unreadFinding(ca, installation.id, done));
    }
  }
  const noted = await unlessFailure(async () => {
    // Else the next run tries again.
    if (findings.length === 0) await cas.trustIsRead(ca);
    await cas.noteDue(world.now());
  });
  return [...again, ...findings, ...(noted instanceof Failure ? [unnotedFinding(ca, noted)] : [])];
};

/** What a run says that has nothing to deploy: the dates by which it looks after the lists were lost with the CA. Costs nothing without `client_certificates`. */
export const lostCaFindings = async (world: World): Promise<readonly Finding[]> => {
  const ca = (await wanted(world))?.ca;
  if (ca === undefined || (await world.fileMark(`${world.store.dir}/ca/${ca}`)) !== "ENOENT") return [];
  const missed = await missing(world, await world.privateCas(), ca);
  return missed.kind === "data" ? [lostFinding(missed)] : [];
};

const lostFinding = ({ message, hints }: Failure): Finding => ({
  check: "ca-damaged",
  severity: "fault",
  message,
  hint: hints.join("; "),
});

/** A server that a deployment came to. */
export interface Visited {
  readonly installation: { readonly id: string; readonly server: string; readonly running: boolean };
  /** undefined: it was not reloaded. */
  readonly reloaded: { readonly mark: string | undefined } | undefined;
  /** It refused, or its configuration is somebody's to mend first. */
  readonly failed: boolean;
}

/** What a server of this kind is about to read, for `Visited`. Never throws a Failure: what is not known was not read. */
export const markToRead = async (world: World, server: string): Promise<string | undefined> => {
  const ca = readers.includes(server) ? (await wanted(world))?.ca : undefined;
  if (ca === undefined) return undefined;
  const mark = await unlessFailure(async () => (await world.privateCas()).trustMark(ca));
  return mark instanceof Failure ? undefined : mark;
};

/**
 * After a deployment has reloaded servers: the others read the files as well, and none of them does once more at the next run. Where it had to leave one
 * alone, it is the next run's. The caller holds the lock. Never throws a Failure.
 */
export const tellOthers = async (world: World, visited: readonly Visited[]): Promise<readonly Finding[]> => {
  const mine = visited.filter(({ installation }) => readers.includes(installation.server));
  if (!mine.some(({ reloaded }) => reloaded) || mine.some((one) => one.installation.running && one.failed)) return [];
  const ca = (await wanted(world))?.ca;
  if (ca === undefined) return [];
  const read = new Map(mine.flatMap(({ installation: { id }, reloaded }) => (reloaded ? [[id, reloaded.mark]] : [])));
  const told = await unlessFailure(() => tell(world, ca, read));
  return told instanceof Failure ? [unreadFinding(ca, "a server", told)] : told;
};
