// Dovecot 2.3 has no certificate by address beside a block by name of somebody else's: what is offered, and that nobody's domain goes with it.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readConfiguration } from "../../src/servers/dovecot/files.ts";
import { knownGeneration } from "../../src/servers/dovecot/generation.ts";
import { dovecotPlaces } from "../../src/servers/dovecot/places.ts";
import { placeOverrides } from "../../src/servers/dovecot/read-back-places.ts";
import type { Override, PlacedCertificate, Server, ServedCertificate } from "../../src/servers/server.ts";
import { overrideWords, questionOf } from "../../src/usecases/override-words.ts";
import { fakeRun } from "./fake-run.ts";

let configDir: string;
beforeEach(async () => {
  configDir = await mkdtemp(join(tmpdir(), "mailcert-dovecot-"));
  await mkdir(join(configDir, "conf.d"));
  await writeFile(join(configDir, "dovecot.conf"), "!include conf.d/*.conf\n!include_try local.conf\n");
  await writeFile(join(configDir, "conf.d/99-mailcert.conf"), "ssl_cert = </state/main.pem\n");
});
afterEach(() => rm(configDir, { recursive: true }));

const paths = { privkey: "/k", cert: "/c", chain: "/h", fullchain: "/f", combined: "/b" };
const served = (name: string, ...names: readonly string[]): ServedCertificate => ({
  name,
  names: [name, ...names],
  slots: { ecdsa: paths },
});
const main = served("mail.example.org");
const bySni = [served("two.example.net", "*.example.net")];
const own: PlacedCertificate = { ...served("customer.example.com"), places: { addresses: ["192.0.2.11"] } };
const pop: PlacedCertificate = { ...served("pop.example.org"), places: { services: ["pop3"] } };

/** `names`: blocks of local.conf, the words behind `local_name` each. */
const overrides = async (
  names: readonly string[],
  placed: readonly PlacedCertificate[] = [own],
): Promise<readonly Override[]> => {
  const blocks = names.map((one) => `local_name ${one} {\n  ssl_cert = </own.pem\n  ssl_key = </own.key\n}\n`);
  await writeFile(join(configDir, "local.conf"), blocks.join(""));
  const mainFile = join(configDir, "dovecot.conf");
  const generation = knownGeneration("2.3.19.1");
  const configuration = await readConfiguration(mainFile, generation);
  const places = dovecotPlaces(placed, undefined);
  const { run } = fakeRun({});
  const more = { protocols: ["imap", "pop3"], placed, offered: undefined };
  return placeOverrides(
    { run, mainFile, configDir, generation, configuration, main, bySni, ...more },
    places,
    // As doveconf shows ours: the rest is about what it does not show.
    [],
  );
};
const dovecot = {
  server: {} as unknown as Server,
  installation: { server: "dovecot", id: "dovecot", version: "2.3.19.1", configDir: "/etc/dovecot", running: true },
};
const words = (override: Override): string => overrideWords(dovecot, override).replaceAll(configDir, "/etc/dovecot");

describe("a block by name of somebody else's", () => {
  test("for a name that no certificate of mailcert's has: no edit is offered, and what to do is said", async () => {
    const found = await overrides(["two.example.net", "shop.example", "more.example"]);
    expect(found.map(words)).toEqual([
      "dovecot: customer.example.com is not served at 192.0.2.11: Dovecot 2.3 ends the connection of a client that both `local 192.0.2.11` and `local_name shop.example` (/etc/dovecot/local.conf line 6, and 1 more such blocks) are for, so that block keeps this one away",
    ]);
    expect(found).toMatchObject([{ certificate: "customer.example.com", edit: [] }]);
    expect(found[0]?.mend).toBe(
      "no certificate of mailcert's has shop.example: make one (mailcert setup shop.example), and `mailcert deploy --yes` takes that block out; or take addresses: out of the entry customer.example.com; Dovecot 2.4 has both",
    );
  });

  test.each(["two.example.net shop.example", "*.shop.example", "a.b.example.net"])("%s: no edit", async (names) => {
    expect((await overrides([names])).flatMap(({ edit }) => edit)).toEqual([]);
  });

  test("for names that ours have: both lines may go, and the question says why", async () => {
    const found = await overrides(["two.example.net", "other.example.net"]);
    expect(found.map(({ edit }) => edit.map((change) => (change.kind === "line" ? change.line : 0)))).toEqual([
      [2, 3],
      [6, 7],
    ]);
    const [first] = found;
    if (!first) throw new Error("nothing was found");
    expect(questionOf(first, words(first))).toBe(
      "dovecot: customer.example.com is not served at 192.0.2.11: Dovecot 2.3 ends the connection of a client that both `local 192.0.2.11` and `local_name two.example.net` (/etc/dovecot/local.conf line 2) are for, so that block keeps this one away. Change that line?",
    );
  });

  test("whether blocks by service are read is looked at all the same", async () => {
    const found = await overrides(["shop.example"], [own, pop]);
    expect(found.map(({ scope }) => scope)).toEqual(["local_name shop.example", "protocol pop3"]);
  });
});
