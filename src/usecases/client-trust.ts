// Client certificates as servers know them: the files that they judge by kept up to date, and servers made to read them.
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { caWord } from "../domain/private-ca.ts";
import type { ClientAccess } from "../domain/client-access.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** Taking settings out must not depend on a configuration that can be read. */
const wanted = async (world: World): Promise<ClientAccess | undefined> => {
  const config = await unlessFailure(() => world.config.read());
  return config instanceof Failure ? undefined : config?.clients;
};

/** Before a server is pointed at them. The caller holds the lock. @throws Failure `config` where there is no such CA. */
export const prepareTrust = async (world: World): Promise<void> => {
  const clients = await wanted(world);
  if (clients === undefined) return;
  if (await (await world.privateCas()).keepTrust(clients.ca, world.now())) return;
  throw new Failure("config", `client_certificates names the private CA "${clients.ca}", and there is none`, {
    hints: [`make it: mailcert ca init${caWord(clients.ca)}`, "or name another: ca: NAME"],
  });
};

/** What uses the files: Dovecot by our own settings, Postfix where somebody has set it up so. */
const readers = ["dovecot", "postfix"];

const unreadFinding = (ca: string, id: string, failure: Failure): Finding => ({
  check: "clients-unread",
  severity: "fault",
  message: `${id} was not made to read the list of revoked client certificates of the private CA "${ca}": one that was revoked logs in there until it is: ${failure.message}`,
  hint: [...failure.hints, `then: mailcert ca crl${caWord(ca)}`].join("; "),
});

/**
 * After the CA has revoked, issued or listed something: files anew, and the servers read them where they say something else than before, or a run
 * that was killed had not come to it. The caller holds the lock. Never throws a Failure.
 */
export const tellServers = async (world: World, ca: string): Promise<readonly Finding[]> => {
  if ((await wanted(world))?.ca !== ca) return [];
  const cas = await world.privateCas();
  const trust = await unlessFailure(() => cas.keepTrust(ca, world.now()));
  if (trust instanceof Failure) return [unreadFinding(ca, "a server", trust)];
  if (!trust?.unread) return [];
  const findings: Finding[] = [];
  for (const [name, server] of Object.entries(await world.servers())) {
    if (!readers.includes(name)) continue;
    const found = await unlessFailure(() => server.detect());
    for (const installation of found instanceof Failure ? [] : found) {
      if (!installation.running) continue;
      world.step(`reloading ${installation.id}: client certificates of the private CA "${ca}" have changed`);
      const done = await unlessFailure(() => server.reload(installation));
      if (done instanceof Failure) findings.push(unreadFinding(ca, installation.id, done));
    }
  }
  // Else the next run tries again.
  if (findings.length === 0) await cas.trustIsRead(ca);
  await cas.noteDue(world.now());
  return findings;
};
