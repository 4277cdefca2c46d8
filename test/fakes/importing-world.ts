// A fake World with a real configuration file and the real importers over a folder of another client's.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConfigAccess } from "../../src/config/access.ts";
import { Failure } from "../../src/domain/failure.ts";
import { createImporting } from "../../src/importers/find.ts";
import { adoptAccount, adoptionOf } from "../../src/issuers/acme/adopt-account.ts";
import { limitsOfAll } from "../../src/domain/ca-limits.ts";
import { openSpending } from "../../src/issuers/acme/budget-store.ts";
import { readConfigFiles } from "../../src/system/config-files.ts";
import type { World } from "../../src/usecases/world.ts";
import { type FakeWorld, fakeWorld } from "./world.ts";

export interface ImportingWorld {
  readonly fake: FakeWorld;
  readonly world: World;
  readonly dir: string;
  readonly configPath: string;
}

/** `home` is where clients keep their files: certbot and others with fixed folders are named by hand. */
export const importingWorld = (dir = mkdtempSync(join(tmpdir(), "mailcert-import-"))): ImportingWorld => {
  const fake = fakeWorld(join(dir, "state"));
  fake.clock.now = new Date();
  const configPath = join(dir, "mailcert.yaml");
  const world: World = {
    ...fake.world,
    config: createConfigAccess({
      path: configPath,
      named: false,
      readFiles: readConfigFiles,
      writeFile: async (path, text) => writeFileSync(path, text),
    }),
    importing: async () => ({
      ...createImporting({
        uid: process.getuid?.() ?? 0,
        home: join(dir, "home"),
        cwd: join(dir, "cwd"),
        run: async () => {
          throw new Failure("unavailable", "systemctl is not installed");
        },
        now: fake.world.now,
      }),
      adoption: (account) => adoptionOf(fake.world.store.dir, account),
      adopt: (account) => adoptAccount(fake.world.store.dir, account, fake.world.now()),
      noteIssued: (directory, names, issued) =>
        openSpending(fake.world.store.dir, directory, limitsOfAll(directory), fake.world.now).noteForeign(
          names,
          issued,
        ),
    }),
  };
  return { fake, world, dir, configPath };
};
