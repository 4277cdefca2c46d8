// What a removal says: a server that several shared is told of each of them, a restart is called one, and a setting that still names its files is a fault.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { removalText } from "../../src/reports/removal.ts";
import type { Installation, Server } from "../../src/servers/server.ts";
import { issue } from "../../src/usecases/issue.ts";
import { remove } from "../../src/usecases/remove.ts";
import { certificate, fakeWorld } from "../fakes/world.ts";

const [one, two] = ["mail.example.org", "two.example.org"] as const;
const installation: Installation = {
  server: "fake",
  id: "opensmtpd",
  version: "7",
  configDir: "/etc/fake",
  running: true,
  restarts: "it reads certificates only when it starts",
};

it("each of two that one server had, the restart, and what is left", async () => {
  const fake = fakeWorld();
  try {
    const { fake: usual } = await fake.world.servers();
    if (!usual) throw new Error("no server");
    const folder = join(fake.world.store.dir, "certificates");
    const value = `${folder}/${two}/live/ecdsa/combined.pem`;
    const map = join(fake.world.store.dir, "clients/default.map");
    const table = `texthash:${map}`;
    const server: Server = {
      ...usual,
      detect: async () => [installation],
      revert: async () => "reverted",
      check: async () => undefined,
      reload: async () => undefined,
      naming: async (_installation, below) =>
        [value, table]
          .filter((text) => text.includes(below))
          .map((text) => ({ value: text, setting: `pki = ${text}`, mend: "take it out" })),
    };
    for (const name of [one, two]) {
      await issue(fake.world, certificate({ name, names: [name] }));
      const state = fake.world.store.read(name);
      if (!state) throw new Error("no state");
      const at = "2026-11-20T12:00:00.000Z";
      const deployment = { server: "fake", generation: 1, at, entries: [] };
      await fake.world.store.write({ ...state, stage: "verified", deployments: { opensmtpd: deployment } });
      symlinkSync("generations/0001", join(folder, name, "live"));
    }
    await fake.world.store.record({
      at: "2026-11-20T12:00:00.000Z",
      run: "r",
      command: "c",
      certificate: one,
      what: "x",
      change: {
        server: "fake",
        installation: "opensmtpd",
        change: { kind: "file", path: "/etc/fake/x", content: "", before: undefined, mode: 0o644, shared: true },
      },
    });
    const results = await remove({ ...fake.world, servers: async () => ({ fake: server }) }, [], { dryRun: false });
    const text = removalText(results);
    expect(text).toContain("  opensmtpd restarted where needed, which ends its sessions");
    expect(text).not.toContain("opensmtpd reloaded");
    expect(text).not.toContain("no server's settings were changed");
    expect(results.find(({ certificate: name }) => name === two)).toMatchObject({
      reverted: ["opensmtpd: serves it no more"],
      findings: [{ check: "still-named", severity: "fault", hint: "take it out" }],
    });
    // What is about client certificates belongs to none, and nobody keeps a file that is not there.
    const left = {
      check: "still-named",
      message: `opensmtpd still names files of client certificates: pki = ${table}`,
    };
    const findingsOf = (all: typeof results) => all.find(({ certificate: name }) => name === one)?.findings;
    expect(findingsOf(results)).toMatchObject([{ ...left, severity: "fault" }]);
    mkdirSync(dirname(map));
    writeFileSync(map, "");
    const removal = (names: readonly string[]) =>
      remove({ ...fake.world, servers: async () => ({ fake: server }) }, names, { dryRun: false });
    expect(findingsOf(await removal([]))).toMatchObject([{ ...left, severity: "warning" }]);
    // While another one is deployed, what is left may be its own.
    const other = fake.world.store.read(two);
    if (!other) throw new Error("no state");
    const { parked: _parked, ...back } = other;
    await fake.world.store.write(back);
    expect(findingsOf(await removal([one]))).toEqual([]);
  } finally {
    fake.dispose();
  }
});
