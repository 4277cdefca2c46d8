// What setup says takes back what it changed: no less, and no more.
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { createPrivateCa } from "../../src/issuers/private-ca/index.ts";
import { setupText } from "../../src/reports/setup.ts";
import { generateKey } from "../../src/system/keys.ts";
import { setup } from "../../src/usecases/setup.ts";
import type { World } from "../../src/usecases/world.ts";
import { type ImportingWorld, importingWorld } from "../fakes/importing-world.ts";
import { certificate } from "../fakes/world.ts";

const name = "mail.example.org";
let here: ImportingWorld;
let world: World;
beforeEach(() => {
  here = importingWorld();
  const { store } = here.world;
  const random = (size: number): Uint8Array => randomBytes(size);
  const ca = createPrivateCa({ stateDir: store.dir, random, generateKey, relying: async () => [] });
  world = {
    ...here.world,
    issuer: async (kind) => (kind === "private-ca" ? ca : here.world.issuer(kind)),
  };
});
afterEach(() => rmSync(here.dir, { recursive: true, force: true }));

const ended = async (of: CertificateConfig, newKey = false): Promise<string> => {
  const options = {
    replace: true,
    accept: async () => false,
    dryRun: false,
    newKey,
    issuerGiven: true,
  };
  const schedule = { kind: "none", change: "none", dryRun: false, files: [], removed: [] } as const;
  const text = setupText(await setup(world, of, options), { schedule, failures: [] }, world.now());
  return text.slice(text.search(/^(?:To take back|Take it back)/m));
};

it("names the CA that was made, and what its end means; of one that was there it says nothing", async () => {
  const byCa = certificate({ issuer: { kind: "private-ca", ca: "default", days: 397 } });
  expect((await ended(byCa)).split("\n").slice(1)).toEqual(
    [
      `  mailcert deploy --remove ${name}`,
      `  rm ${here.configPath}`,
      `  rm -r ${world.store.dir}/certificates/${name}`,
      `  rm -r ${world.store.dir}/ca/default`,
      "A CA that is gone cannot be made again: who has imported its root needs another.",
    ].map((line) => (line.startsWith("  ") ? (expect.stringContaining(line) as string) : line)),
  );
  const more = await ended(byCa, true);
  expect(more).toBe(`Take it back:                mailcert rollback ${name}`);
  expect(await ended(byCa)).toBe(`Take it back:                mailcert deploy --remove ${name}`);
});

it("another issuer for what the servers read already goes back by a rollback, not out of them", async () => {
  await ended(certificate());
  const lines = (await ended(certificate({ issuer: { kind: "private-ca", ca: "default", days: 397 } }))).split("\n");
  // In this order: as long as the configuration asks for it, a run would issue it again.
  expect(lines[1]).toMatch(/^ {2}# in .*mailcert\.yaml +lines as before, shown above$/);
  expect(lines[2]).toMatch(/^ {2}mailcert rollback mail\.example\.org +certificate of before$/);
  expect(lines.join("\n")).not.toContain("deploy --remove");
});

it("a setting alone, which changed no certificate and no server, is taken back where it stands", async () => {
  await ended(certificate());
  const lines = (await ended(certificate({ bundle: "/srv/www/mail" }))).split("\n");
  expect(lines[1]).toMatch(/^ {2}# in .*mailcert\.yaml +lines as before, shown above$/);
  expect(lines).toHaveLength(2);
});
