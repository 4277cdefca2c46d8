// Overview: what is found on a host, what cannot be read, and that text and document tell the same.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import type { Lineage } from "../../src/importers/importer.ts";
import { overviewDocument, overviewText } from "../../src/reports/overview.ts";
import type { Server } from "../../src/servers/server.ts";
import { overview } from "../../src/usecases/overview.ts";
import type { ScheduleDeps } from "../../src/usecases/schedule-tools.ts";
import { setup } from "../../src/usecases/setup.ts";
import type { World } from "../../src/usecases/world.ts";
import { complaints } from "../docs/schemas.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

let fake: FakeWorld;
beforeEach(() => (fake = fakeWorld()));
afterEach(() => fake.dispose());

const denied = async (): Promise<never> => {
  throw new Failure("no-permission", "cannot read the folder: permission denied");
};

const scheduler = { state: async () => ({ kind: "cron", files: [], active: false }) };
const here = (over: Partial<World> = {}): World => ({
  ...fake.world,
  hostNames: async () => ({ own: "mail", proposed: "mail.example.org" }),
  scheduling: async () => ({ schedulers: { systemd: scheduler, cron: scheduler } }) as unknown as ScheduleDeps,
  ...over,
});

const told = { version: "1.2.3", root: true, now: new Date("2026-11-20T12:00:00Z") };

const look = async (world: World, root = true): Promise<{ text: string; lines: readonly string[] }> => {
  const found = await overview(world, root);
  expect(complaints(overviewDocument(found, { ...told, root }))).toEqual([]);
  const text = overviewText(found, { ...told, root });
  const lines = text.split("\n");
  // A word that is longer than the line (a path) stays whole.
  for (const line of lines) expect(line.trimEnd().length).toBeLessThanOrEqual(line.includes("/state.json") ? 120 : 80);
  return { text, lines };
};

const listening = (server: Server, listeners: readonly { readonly port: number; readonly off?: true }[]): Server => ({
  ...server,
  listeners: async () =>
    listeners.map(({ port, off }) => ({
      protocol: "imap",
      mode: "starttls",
      port,
      address: "0.0.0.0",
      service: "imap",
      ...(off ? { tlsOff: { setting: "ssl = no", mend: "" } } : {}),
    })),
});

test("a host with a server and nothing else", async () => {
  expect((await look(here())).lines).toEqual([
    "mailcert 1.2.3 on mail.example.org",
    "mail servers  fake 1.0: TLS is on (port 993)",
    "certificates  none of mailcert's",
    "renewal       nothing yet",
    "next          mailcert setup mail.example.org",
    "              the first certificate; --dry-run shows the plan",
    "all commands  mailcert --help",
  ]);
});

test("after a setup; one that needs somebody stands first and leads on", async () => {
  await setup(here(), certificate(), {
    dryRun: false,
    newKey: false,
    replace: false,
    issuerGiven: true,
    accept: async () => false,
  });
  const config = { ...fake.world.config, read: async () => ({ certificates: [certificate()] }) };
  const { text } = await look(here({ config }));
  expect(text).toContain(
    "certificates  mail.example.org: self-signed; 2027-12-22 (396 days); verified;\n              served by fake\n",
  );
  expect(text).toContain("next          mailcert schedule install");
  fake.clock.now = new Date("2028-03-01T12:00:00Z");
  const later = await overview(here({ config }), true);
  expect(later.certificates).toMatchObject([{ name: "mail.example.org", ok: false }]);
  expect(later.next.command).toBe("mailcert status mail.example.org");
  expect(overviewText(later, { ...told, now: fake.clock.now })).toContain("NOT WELL; self-signed; EXPIRED");
});

test("TLS by port; a server whose settings cannot be read; many servers in three lines", async () => {
  const [server] = Object.values(await fake.world.servers());
  if (!server) throw new Error("no server");
  const broken: Server = { ...server, listeners: denied };
  const servers = async () => ({
    off: listening(server, [{ port: 25, off: true }]),
    partly: listening(server, [{ port: 143, off: true }, { port: 993 }, { port: 110, off: true }]),
  });
  expect((await look(here({ servers }))).text).toContain("fake 1.0: TLS is off (port 25)\n");
  expect((await look(here({ servers }))).text).toContain("fake 1.0: TLS is on at 993, off at 110, 143\n");
  const many = async () => ({ broken, nowhere: listening(server, []), a: server, b: server });
  const { text } = await look(here({ servers: many }));
  expect(text).toContain("mail servers  fake 1.0: cannot read the folder: permission denied\n");
  expect(text).toContain("              fake 1.0: listens nowhere\n              and 2 more: mailcert doctor\n");
  const absent = async () => ({ gone: { ...server, detect: denied }, none: { ...server, detect: async () => [] } });
  expect((await look(here({ servers: absent }))).text).toContain("mail servers  gone: cannot read the folder");
  expect((await look(here({ servers: async () => ({}) }))).text).toContain("mail servers  none was found");
});

test("another client, by what it keeps", async () => {
  const lineage = (main: string): Lineage => ({ name: main, names: [main] }) as unknown as Lineage;
  const tools = await fake.world.importing();
  const keeps = (lineages: readonly Lineage[]): Partial<World> => ({
    importing: async () => ({
      ...tools,
      present: async () => ["certbot"],
      read: async () => ({ folder: "/etc/letsencrypt", accounts: [], lineages, renewed: [], notTranslated: [] }),
      schedules: async () => [{ kind: "timer", where: "certbot.timer", command: "" }],
    }),
  });
  const one = await look(here(keeps([lineage("www.example.org")])));
  expect(one.text).toContain("other clients certbot keeps www.example.org, renewed by certbot.timer\n");
  expect(one.text).toContain("next          mailcert import certbot --dry-run\n");
  const empty = await look(here(keeps([])));
  expect(empty.text).toContain("certbot keeps no certificate that can be used");
  expect(empty.text).toContain("next          mailcert setup mail.example.org\n");
});

test("what cannot be read is told, and never an error", async () => {
  const tools = await fake.world.importing();
  const importing = async () => ({ ...tools, present: denied });
  const user = await look(here({ importing }), false);
  expect(user.lines[0]).toBe("mailcert 1.2.3 on mail.example.org (root is told more)");
  expect(user.text).toContain("other clients cannot read the folder: permission denied\n");
  expect(user.text).toContain("(as root)");
  expect((await overview(here(), false)).servers[0]).not.toHaveProperty("running");
  fake.server.running = false;
  expect((await look(here())).text).toContain("fake 1.0, which does not run: TLS is on");

  const config = { ...fake.world.config, read: denied };
  const closed = await look(here({ config }), false);
  expect(closed.text).toContain("configuration cannot read the folder: permission denied\n");
  expect(closed.text).toContain("as root: this user may not read the configuration");

  await fake.world.store.write({
    schema: "mailcert.state/1",
    name: "mail.example.org",
    generations: [],
    keys: {},
    deployments: {},
    attempts: 0,
  });
  writeFileSync(join(fake.world.store.dir, "certificates/mail.example.org/state.json"), "{");
  const damaged = await look(here());
  expect(damaged.text).toContain("certificates ");
  expect(damaged.text).toContain("is damaged: it is not JSON");
  expect(damaged.text).toContain("next          mailcert status\n");
});
