// Another ACME client that renews what is ours: said by each setup, with what switches it off, until it is.
import { afterEach, beforeEach, expect, it } from "vitest";
import type { FoundInventory } from "../../src/importers/find.ts";
import type { Lineage } from "../../src/importers/importer.ts";
import { setupDocument, setupText } from "../../src/reports/setup.ts";
import type { AfterSetup } from "../../src/usecases/after-setup.ts";
import type { ImportTools } from "../../src/usecases/import-tools.ts";
import { otherClients } from "../../src/usecases/other-client.ts";
import { setup } from "../../src/usecases/setup.ts";
import type { World } from "../../src/usecases/world.ts";
import { Failure } from "../../src/domain/failure.ts";
import { complaints } from "../docs/schemas.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

let fake: FakeWorld;
beforeEach(() => {
  fake = fakeWorld();
});
afterEach(() => fake.dispose());

const lineage = (name: string): Lineage => ({ name, names: [name, `www.${name}`] }) as unknown as Lineage;
const timer = { kind: "timer", where: "certbot.timer", command: "systemctl disable --now certbot.timer" } as const;

/** `broken`: what it renews as well, and what cannot be taken over. */
const withCertbot = (
  lineages: readonly string[],
  more: Partial<ImportTools> = {},
  broken: readonly string[] = [],
): World => ({
  ...fake.world,
  importing: async () => ({
    ...(await fake.world.importing()),
    present: async () => ["certbot"],
    read: async () =>
      ({
        folder: "/etc/letsencrypt",
        lineages: lineages.map(lineage),
        renewed: [...lineages, ...broken],
      }) as unknown as FoundInventory,
    schedules: async () => [timer],
    withoutLineage: async (_client, folder, name) => `mv ${folder}/renewal/${name}.conf /root/`,
    ...more,
  }),
});
const ask = (world: World) => otherClients(world, certificate());

it("its timer, where this is all that it has; its own way, where it goes on with others", async () => {
  expect(await ask(withCertbot(["mail.example.org"]))).toEqual([
    { client: "certbot", switchOff: [timer.command], besides: [] },
  ]);
  const alone = {
    client: "certbot",
    switchOff: ["mv /etc/letsencrypt/renewal/mail.example.org.conf /root/"],
    besides: ["shop.example.org"],
  };
  expect(await ask(withCertbot(["mail.example.org", "shop.example.org"]))).toEqual([alone]);
  // What could not be taken over is somebody's certificate all the same.
  expect(await ask(withCertbot(["mail.example.org"], {}, ["shop.example.org"]))).toEqual([alone]);
});

it("nothing where it keeps another certificate, where nothing runs it, and where it cannot be read", async () => {
  expect(await ask(withCertbot(["shop.example.org"]))).toEqual([]);
  expect(await ask(withCertbot(["mail.example.org"], { schedules: async () => [] }))).toEqual([]);
  const read = () => Promise.reject(new Failure("no-permission", "root's"));
  expect(await ask(withCertbot(["mail.example.org"], { read }))).toEqual([]);
});

it("setup says it, in words and in JSON", async () => {
  const wanted = certificate({ servers: [] });
  const options = { dryRun: false, newKey: false, issuerGiven: true, replace: true, accept: async () => false };
  const result = await setup(fake.world, wanted, options);
  const after: AfterSetup = {
    schedule: { kind: "none", change: "none", dryRun: false, files: [], removed: [] },
    otherClients: await ask(withCertbot(["mail.example.org"])),
    failures: [],
  };
  const text = setupText(result, after, fake.clock.now);
  expect(text).toContain(`warning: certbot renews it, too; keep it from that:\n  -> ${timer.command}\n`);
  expect(text).toContain("mail.example.org: live, for other programs to read: no mail server is to serve it");
  expect(complaints(setupDocument(result, after))).toEqual([]);
});
