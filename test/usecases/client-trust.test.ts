// Mail servers are made to read which client certificates are revoked, or somebody is told that they were not: what cannot be asked, read or noted.
import { access, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Config } from "../../src/domain/certificate-config.ts";
import { Failure } from "../../src/domain/failure.ts";
import type { PrivateCas } from "../../src/issuers/private-cas.ts";
import type { Installation, Server } from "../../src/servers/server.ts";
import { backUpCa, restoreCa } from "../../src/usecases/ca/backup.ts";
import {
  type Visited,
  foreseeTrust,
  markToRead,
  prepareTrust,
  tellOthers,
  tellServers,
} from "../../src/usecases/client-trust.ts";
import { refreshDueCrls } from "../../src/usecases/ca/crl.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import { issue as issueCertificate } from "../../src/usecases/issue.ts";
import { renew } from "../../src/usecases/renew.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";
import { timerRun as options } from "../fakes/renew-options.ts";

let fake: FakeWorld;
let reloaded: string[];
let trouble: { detect?: string; reload?: string };
let running: boolean;

let usual: FakeWorld["world"]["servers"];

beforeEach(async () => {
  fake = fakeWorld();
  usual = fake.world.servers;
  reloaded = [];
  trouble = {};
  running = true;
  const cas = await fake.world.privateCas();
  await cas.init({ name: "default", names: ["mail.example.org"], now: fake.clock.now });
  configure({ ca: "default", require: false, relay: false });
  over({ servers: async () => ({ dovecot: scripted("dovecot"), exim: scripted("exim") }) });
});
afterEach(() => fake.dispose());

const over = (more: Partial<FakeWorld["world"]>): void => {
  fake = { ...fake, world: { ...fake.world, ...more } };
};
const configure = (clients: Config["clients"] | "broken"): void =>
  over({
    config: {
      ...fake.world.config,
      read: async () => {
        if (clients === "broken") throw new Failure("config", "line 3 is no YAML");
        return { certificates: [], ...(clients ? { clients } : {}) };
      },
    },
  });

/** Only what is asked of it here. */
const scripted = (name: string): Server =>
  ({
    detect: async (): Promise<readonly Installation[]> => {
      if (trouble.detect !== undefined) throw new Failure("unavailable", trouble.detect);
      return [{ server: name, id: name, version: "2.4", configDir: "/etc/x", running }];
    },
    reload: async () => {
      if (trouble.reload !== undefined) throw new Failure("unavailable", trouble.reload, { hints: ["start it"] });
      reloaded.push(name);
    },
  }) as unknown as Server;

const tell = () => tellServers(fake.world, "default");
const dir = (): string => fake.world.store.dir;
const isOwed = (): Promise<boolean> =>
  access(join(dir(), "clients/default.unread")).then(
    () => true,
    () => false,
  );
const due = (): Promise<string | undefined> =>
  readFile(join(dir(), "ca/crl-due"), "utf8").then(
    (text) => text.split("\n")[0],
    () => undefined,
  );
/** What servers judge by changes. */
const issue = async (): Promise<void> => {
  const privateKey = await fake.world.generateKey("ecdsa");
  const request = { name: "default", address: "alice@example.org", days: 100, now: fake.clock.now };
  const cas = await fake.world.privateCas();
  await cas.issueClient({ ...request, privateKey });
  await cas.refreshCrls("default", fake.clock.now, true);
};

it("those that read the files are reloaded once, and what is stopped is not", async () => {
  expect(await tell()).toEqual([]);
  expect(reloaded).toEqual(["dovecot"]);
  expect(await isOwed()).toBe(false);
  expect(await tell()).toEqual([]);
  expect(reloaded).toEqual(["dovecot"]);
  running = false;
  await issue();
  expect(await tell()).toEqual([]);
  expect(reloaded).toEqual(["dovecot"]);
});

it.each([
  ["detect", "dovecot --version gave no answer in 30 s"],
  ["reload", "doveadm reload failed"],
] as const)(
  "a server whose %s fails has read nothing: somebody is told, and the next run tries again",
  async (what, words) => {
    trouble[what] = words;
    const [finding, ...more] = await tell();
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ check: "clients-unread", severity: "fault" });
    expect(finding?.message).toContain(`dovecot was not made to read`);
    expect(finding?.message).toContain(words);
    expect(await isOwed()).toBe(true);
    trouble = {};
    expect(await tell()).toEqual([]);
    expect(reloaded).toEqual(["dovecot"]);
    expect(await isOwed()).toBe(false);
  },
);

it.each([
  ["names no CA any more", undefined],
  ["names another CA", { ca: "office", require: false, relay: false }],
  ["cannot be read", "broken"],
] as const)("servers that were told of the files read them on where the configuration %s", async (_, clients) => {
  expect(await tell()).toEqual([]);
  configure(clients);
  await issue();
  expect(await isOwed()).toBe(true);
  expect(await tell()).toEqual([]);
  expect(reloaded).toEqual(["dovecot", "dovecot"]);
  expect(await isOwed()).toBe(false);
  // Else each run would look for ever.
  expect(Date.parse((await due()) ?? "")).toBeGreaterThan(fake.clock.now.getTime());
});

it.each([undefined, "broken"] as const)("nobody is reloaded where nobody was ever told (%s)", async (clients) => {
  configure(clients);
  expect(await tell()).toEqual([]);
  expect(reloaded).toEqual([]);
  await expect(access(join(dir(), "clients/default.pem"))).rejects.toThrow();
});

it.each(["trustIsRead", "noteDue"] as const)(
  "what cannot be noted (%s) is told, and thrown by nobody",
  async (what) => {
    const cas = await fake.world.privateCas();
    const full: PrivateCas = {
      ...cas,
      [what]: async () => {
        throw new Failure("cannot-create", "no space left on the device");
      },
    };
    over({ privateCas: async () => full });
    const [finding] = await tell();
    expect(finding).toMatchObject({ check: "clients-unread", severity: "warning" });
    expect(finding?.message).toContain("no space left");
    expect(reloaded).toEqual(["dovecot"]);
  },
);

it("a CA that cannot be read any more is a fault, and so are servers that cannot be loaded", async () => {
  expect(await tell()).toEqual([]);
  over({
    servers: async () => {
      throw new Failure("config", "no servers");
    },
  });
  await issue();
  expect((await tell())[0]).toMatchObject({ check: "clients-unread", severity: "fault" });
  await rm(join(dir(), "ca/default/root-key.pem"));
  const [finding] = await tell();
  expect(finding).toMatchObject({ check: "clients-unread", severity: "fault" });
});

it("a CA that was moved away leaves no mark that keeps each run looking", async () => {
  trouble.reload = "down";
  expect(await tell()).toHaveLength(1);
  expect(Date.parse((await due()) ?? "")).toBeLessThanOrEqual(fake.clock.now.getTime());
  await rename(join(dir(), "ca/default"), join(dir(), "away"));
  await (await fake.world.privateCas()).noteDue(fake.clock.now);
  expect(await due()).toBeUndefined();
});

it("a CA that does not exist keeps Dovecot alone from its settings: they would name a file that is not there", async () => {
  configure({ ca: "offcie", require: false, relay: false });
  for (const ask of [prepareTrust, foreseeTrust]) {
    await expect(ask(fake.world, "dovecot")).rejects.toThrow('names the private CA "offcie", and there is none');
    expect(await ask(fake.world, "postfix")).toMatchObject([{ check: "clients-unread", severity: "fault" }]);
    expect(await ask(fake.world, "exim")).toEqual([]);
  }
  // Nor is Postfix to look for a table that is not there: it would take no mail at submission.
  configure({ ca: "offcie", require: false, relay: true });
  for (const ask of [prepareTrust, foreseeTrust])
    await expect(ask(fake.world, "postfix")).rejects.toThrow('names the private CA "offcie", and there is none');
});

it("a damaged CA is a fault of Dovecot and Postfix that keeps neither from a renewed certificate", async () => {
  for (const ask of [foreseeTrust, prepareTrust]) expect(await ask(fake.world, "dovecot")).toEqual([]);
  await rm(join(dir(), "ca/default/root-key.pem"));
  for (const ask of [foreseeTrust, prepareTrust]) {
    for (const name of ["dovecot", "postfix"])
      expect(await ask(fake.world, name)).toMatchObject([{ check: "clients-unread", severity: "fault" }]);
    expect(await ask(fake.world, "exim")).toEqual([]);
  }
  // There is nothing yet that Dovecot could be pointed at.
  await rm(join(dir(), "clients"), { recursive: true });
  for (const ask of [foreseeTrust, prepareTrust]) await expect(ask(fake.world, "dovecot")).rejects.toThrow();
  configure({ ca: "default", require: false, relay: true });
  for (const ask of [foreseeTrust, prepareTrust]) await expect(ask(fake.world, "postfix")).rejects.toThrow();
});

const names = { file: "clients/default.pem", map: "clients/default.map" } as const;
const remove = async (...which: readonly (keyof typeof names)[]): Promise<void> => {
  for (const one of which) await rm(join(dir(), names[one]));
};
const changes = async (): Promise<readonly string[]> => (await fake.world.store.events()).map(({ what }) => what);

it.each([[["map"]], [["file"]], [["map", "file"]]] as const)(
  "files that were taken away (%j) are there again after the next run, which says so once, and servers read them",
  async (gone) => {
    expect(await tell()).toEqual([]);
    expect(fake.world.store.crlIsDue()).toBe(false);
    await remove(...gone);
    expect(fake.world.store.crlIsDue()).toBe(true);
    const findings = await refreshDueCrls(fake.world);
    expect(findings.map(({ check, severity }) => [check, severity])).toEqual(
      gone.map(() => ["clients-restored", "info"]),
    );
    for (const one of gone) {
      await access(join(dir(), names[one]));
      expect(findings.map(({ message }) => message).join()).toContain(names[one]);
      expect((await changes()).filter((what) => what.includes(`${names[one]} again`))).toHaveLength(1);
    }
    expect(reloaded).toEqual(["dovecot", "dovecot"]);
    expect(fake.world.store.crlIsDue()).toBe(false);
    expect(await refreshDueCrls(fake.world)).toEqual([]);
    expect(reloaded).toHaveLength(2);
  },
);

it("with a configuration that cannot be read both come back; with one that asks for none they are forgotten", async () => {
  expect(await tell()).toEqual([]);
  configure("broken");
  await remove("map", "file");
  expect(await refreshDueCrls(fake.world)).toHaveLength(2);
  expect(reloaded).toHaveLength(2);
  configure(undefined);
  await remove("map", "file");
  expect(await refreshDueCrls(fake.world)).toEqual([]);
  await expect(access(join(dir(), names.file))).rejects.toThrow();
  expect([reloaded.length, fake.world.store.crlIsDue()]).toEqual([2, false]);
});

it("a CA that was restored has other lists: servers read them, and a dry run tells nobody", async () => {
  const file = join(dir(), "backup");
  const passphrase = "correct horse battery staple";
  await backUpCa(fake.world, "default", file, passphrase);
  await issue();
  await tell();
  reloaded = [];
  const wish = { file, passphrase, replace: true, dryRun: true };
  await restoreCa(fake.world, wish);
  expect(reloaded).toEqual([]);
  const { findings } = await restoreCa(fake.world, { ...wish, dryRun: false });
  expect(reloaded).toEqual(["dovecot"]);
  expect(findings.filter(({ check }) => check === "clients-unread")).toEqual([]);
});

/** As a deployment does it: the files first, then the reload. */
const visit = async (server: string, failed = false): Promise<Visited> => {
  await prepareTrust(fake.world, server);
  const mark = await markToRead(fake.world, server);
  return { installation: { id: server, server, running: true }, reloaded: failed ? undefined : { mark }, failed };
};
const bothRun = (): void =>
  over({
    servers: async () => ({ dovecot: scripted("dovecot"), postfix: scripted("postfix"), exim: scripted("exim") }),
  });

it("what a deployment has reloaded has read the files: the next run reloads nobody", async () => {
  expect(await tellOthers(fake.world, [await visit("dovecot"), await visit("exim")])).toEqual([]);
  expect(reloaded).toEqual([]);
  expect(await isOwed()).toBe(false);
  expect(Date.parse((await due()) ?? "")).toBeGreaterThan(fake.clock.now.getTime());
  expect(await tell()).toEqual([]);
  expect(reloaded).toEqual([]);
});

it("a deployment has those read them that it had no other reason to reload", async () => {
  bothRun();
  expect(await tellOthers(fake.world, [await visit("dovecot")])).toEqual([]);
  expect(reloaded).toEqual(["postfix"]);
  expect(await isOwed()).toBe(false);
});

it("what was reloaded before the files came to say something else has not read that", async () => {
  bothRun();
  const early = await visit("dovecot");
  fake.clock.now = new Date(fake.clock.now.getTime() + 1);
  await issue();
  expect(await tellOthers(fake.world, [early, await visit("postfix")])).toEqual([]);
  expect(reloaded).toEqual(["dovecot"]);
  expect(await isOwed()).toBe(false);
});

it("what a deployment left alone, or was refused by, stays the next run's", async () => {
  bothRun();
  expect(await tellOthers(fake.world, [await visit("dovecot"), await visit("postfix", true)])).toEqual([]);
  expect(reloaded).toEqual([]);
  expect(await isOwed()).toBe(true);
  // Nor does one that reloaded nobody reload anybody for this.
  const { reloaded: _none, ...rest } = await visit("dovecot");
  expect(await tellOthers(fake.world, [{ ...rest, reloaded: undefined }])).toEqual([]);
  expect(reloaded).toEqual([]);
  expect(await tell()).toEqual([]);
  expect(reloaded).toEqual(["dovecot", "postfix"]);
  expect(await isOwed()).toBe(false);
});

it("another server that cannot be reloaded is a finding of the deployment, and the mark stays", async () => {
  bothRun();
  trouble.reload = "postfix: mail system is down";
  expect(await tellOthers(fake.world, [await visit("dovecot")])).toMatchObject([
    { check: "clients-unread", severity: "fault" },
  ]);
  expect(await isOwed()).toBe(true);
});

it.each([undefined, "broken"] as const)(
  "a deployment where the configuration (%s) asks for none tells nobody",
  async (clients) => {
    configure(clients);
    expect(await tellOthers(fake.world, [await visit("dovecot")])).toEqual([]);
    expect(reloaded).toEqual([]);
  },
);

it("`deploy` reloads each server once, and leaves nothing for the next run", async () => {
  const served = Object.values(await usual())[0];
  if (!served) throw new Error("no server");
  const dovecot: Server = {
    ...served,
    detect: async () => [{ server: "dovecot", id: "dovecot", version: "2.4", configDir: "/etc/x", running }],
    reload: async (installation) => {
      reloaded.push("dovecot");
      await served.reload(installation);
    },
  };
  over({ servers: async () => ({ dovecot, postfix: scripted("postfix") }) });
  await issueCertificate(fake.world, certificate({ servers: ["dovecot"] }));
  const options = { replace: false, accept: async () => false };
  const { outcome, findings } = await deploy(fake.world, certificate({ servers: ["dovecot"] }), options);
  expect([outcome, findings]).toEqual(["verified", []]);
  expect(reloaded.toSorted()).toEqual(["dovecot", "postfix"]);
  expect(await isOwed()).toBe(false);
  expect(await tell()).toEqual([]);
  expect(reloaded).toHaveLength(2);
  // Nothing is due, and a file has gone that it judges by.
  const again = () => deploy(fake.world, certificate({ servers: ["dovecot"] }), options);
  expect((await again()).findings).toEqual([]);
  expect(reloaded).toHaveLength(2);
  await remove("map");
  expect((await again()).findings).toMatchObject([{ check: "clients-restored", severity: "info" }]);
  expect(reloaded.toSorted()).toEqual(["dovecot", "dovecot", "postfix", "postfix"]);
  expect((await again()).findings).toEqual([]);
  expect(reloaded).toHaveLength(4);
});

it("a CA that was lost is to be put back, not made anew: each run says so, and so does a deployment", async () => {
  const findings = async () => (await renew(fake.world, [], options)).findings;
  await issue();
  expect(await prepareTrust(fake.world, "dovecot")).toEqual([]);
  expect(await findings()).toEqual([]);
  await rename(join(dir(), "ca"), join(dir(), "away"));
  const hint = expect.stringMatching(
    /^put it back from a backup: mailcert ca restore FILE; where there is none/,
  ) as string;
  expect(await prepareTrust(fake.world, "dovecot")).toMatchObject([
    { check: "clients-unread", severity: "fault", hint },
  ]);
  const message = expect.stringContaining('the private CA "default" of client_certificates is gone') as string;
  expect(await findings()).toEqual([{ check: "ca-damaged", severity: "fault", message, hint }]);
  configure(undefined);
  expect(await findings()).toEqual([]);
  // Nobody has had a certificate of this one.
  configure({ ca: "other", require: false, relay: false });
  expect(await findings()).toEqual([]);
});
