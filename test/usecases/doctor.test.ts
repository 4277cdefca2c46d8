// Doctor over the fake world: a host in good order, each look where something is not, and who may see what.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import type { DoctorFinding } from "../../src/domain/doctor/finding.ts";
import { findingWords } from "../../src/domain/finding-words.ts";
import { Failure } from "../../src/domain/failure.ts";
import { doctorDocument, doctorText } from "../../src/reports/doctor.ts";
import { type DoctorResult, doctor, knownToDoctor } from "../../src/usecases/doctor/doctor.ts";
import { looks } from "../../src/usecases/doctor/index.ts";
import type { DoctorTools } from "../../src/usecases/doctor/tools.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import { issue } from "../../src/usecases/issue.ts";
import type { World } from "../../src/usecases/world.ts";
import { makeRoot } from "../../src/x509/root.ts";
import { complaints } from "../docs/schemas.ts";
import { doctorTools } from "../fakes/doctor-tools.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const name = "mail.example.org";
const timer = {
  kind: "systemd",
  available: async () => true,
  state: async () => ({
    kind: "systemd" as const,
    files: [{ path: "/etc/systemd/system/mailcert.timer", state: "current" as const }],
    active: true,
    last: { at: "2026-11-20T11:30:00.000Z", status: 0, ok: true },
  }),
  install: async () => undefined,
  runOnce: async () => ({ status: 0, ok: true }),
  remove: async () => [],
} as const;

const scheduling: World["scheduling"] = async () => ({
  schedulers: {
    systemd: timer,
    cron: { ...timer, state: async () => ({ kind: "cron", files: [], active: false }) },
  },
  findOffence: async () => undefined,
  uid: 0,
  nodePath: "/usr/bin/node",
  programPath: "/opt/mailcert/bin/mailcert.js",
  hostName: "mail",
});

interface Case {
  readonly tools?: Partial<DoctorTools>;
  readonly world?: Partial<World>;
  readonly certificate?: Partial<CertificateConfig>;
}

let fake: FakeWorld | undefined;
afterEach(() => fake?.dispose());

/** A host where `mail.example.org` was issued and deployed, then looked at. */
const looked = async (
  { tools, world: over, certificate: settings }: Case,
  meanwhile?: (fake: FakeWorld) => void | Promise<void>,
): Promise<DoctorResult> => {
  const here = fakeWorld();
  fake = here;
  const one = certificate(settings);
  const world: World = {
    ...here.world,
    config: { ...here.world.config, read: async () => ({ certificates: [one] }) },
    doctor: async () => doctorTools(tools),
    scheduling,
    ...over,
  };
  await issue(world, one, { newKey: false });
  await deploy(world, one, { accept: async () => true, replace: false });
  await meanwhile?.(here);
  const result = await doctor(world, []);
  // Whatever is said is said in a document of the contract, by ids that are explained, and for people.
  expect(complaints(doctorDocument(result))).toEqual([]);
  for (const { check } of findingsOf(result)) expect(findingWords.map(({ id }) => id)).toContain(check);
  for (const { message, command } of findingsOf(result))
    if (command !== undefined) expect(doctorText(result), message).toContain(`\n        run: ${command}\n`);
  return result;
};

const findingsOf = ({ looks: all }: DoctorResult): readonly DoctorFinding[] => all.flatMap(({ findings }) => findings);
const worse = (result: DoctorResult): readonly DoctorFinding[] =>
  findingsOf(result).filter(({ severity }) => severity !== "info");
const first = (result: DoctorResult, check: string): DoctorFinding | undefined =>
  findingsOf(result).find((one) => one.check === check);

/** Of nobody's. */
const anotherCertificate = async ({ world }: FakeWorld): Promise<string> =>
  makeRoot({
    privateKey: await world.generateKey("ecdsa"),
    subject: () => ({ commonName: "another", organization: "test" }),
    notBefore: new Date("2026-11-01T00:00:00Z"),
    notAfter: new Date("2027-11-01T00:00:00Z"),
    constraints: undefined,
    random: (size) => Buffer.alloc(size, 7),
  });

describe("doctor", () => {
  it("a host in good order has no finding, and every look says so", async () => {
    const result = await looked({});
    expect(worse(result)).toEqual([]);
    expect(result).toMatchObject({ ok: true, root: true });
    expect(result.looks.map(({ id }) => id)).toEqual(looks.map(({ id }) => id));
    expect(doctorText(result)).toMatch(/^nothing stands in the way\n/);
    const silent = result.looks.filter(
      ({ well, findings, unseen }) => well.length + findings.length + unseen.length === 0,
    );
    // No CA is asked for a certificate that signs itself, and no Dovecot is here.
    expect(silent.map(({ id }) => id)).toEqual(["ca", "private-ca", "dovecot-upgrade"]);
  });

  it("what only root can look at is told, and the rest is looked at", async () => {
    const result = await looked({ tools: { uid: 1000 } });
    expect(result).toMatchObject({ ok: true, root: false });
    expect(result.looks.flatMap(({ unseen }) => unseen)).toContain("mail servers: only root can look at it");
    expect(doctorText(result)).toContain("not looked at (run it as root to see all):");
  });

  it("a look that cannot be done does not keep the others from being done", async () => {
    const result = await looked({
      tools: {
        clock: async () => {
          throw new Failure("unavailable", "timedatectl did not end within 5 s");
        },
      },
    });
    expect(result.looks.find(({ id }) => id === "clock")?.unseen).toEqual([
      "clock: timedatectl did not end within 5 s",
    ]);
    expect(result.looks.find(({ id }) => id === "disk")?.well).toHaveLength(1);
  });

  it("knows the names of the configuration and of the state folder", async () => {
    await looked({});
    expect(fake && (await knownToDoctor(fake.world))).toEqual([name]);
  });

  it("a configuration that is gone is none that was never made: what was deployed is not renewed any more", async () => {
    const here = fakeWorld();
    fake = here;
    const one = certificate();
    await issue(here.world, one, { newKey: false });
    await deploy(here.world, one, { accept: async () => true, replace: false });
    const world: World = { ...here.world, doctor: async () => doctorTools(), scheduling };
    const result = await doctor(world, []);
    expect(result.ok).toBe(false);
    expect(first(result, "doctor-configuration")).toMatchObject({
      severity: "fault",
      message: expect.stringMatching(
        /^there is no \S+mailcert\.yaml, and mail\.example\.org was deployed: nothing is renewed$/,
      ) as string,
    });
  });

  it("one that cannot be read is told once, with each line; what needs it is not looked at", async () => {
    const result = await looked({}, undefined);
    expect(result.ok).toBe(true);
    const world: World = {
      ...(fake as FakeWorld).world,
      doctor: async () => doctorTools(),
      scheduling,
    };
    const problems = [
      { file: "/m.yaml", line: 4, column: 1, message: "not valid YAML", hint: "indent" },
      { file: "/m.yaml", line: 5, column: 3, message: "unknown key" },
    ];
    const read = async () => {
      throw new Failure("config", "the configuration has 2 problems", { facts: { problems } });
    };
    const broken = await doctor({ ...world, config: { ...world.config, read } }, []);
    expect(findingsOf(broken).filter(({ severity }) => severity === "fault")).toEqual([
      { check: "doctor-configuration", severity: "fault", message: "/m.yaml:4:1: not valid YAML", hint: "indent" },
      { check: "doctor-configuration", severity: "fault", message: "/m.yaml:5:3: unknown key" },
    ]);
    expect(broken.looks.flatMap(({ unseen }) => unseen)).toEqual(
      expect.arrayContaining(["state: what is to be done next stands in the configuration"]),
    );
  });

  it("a state that only root may read is not looked at, and is no damage", async () => {
    await looked({});
    const { world } = fake as FakeWorld;
    const list = (): never => {
      throw new Failure("no-permission", "cannot read /state/certificates: permission denied");
    };
    const tools = async () => doctorTools({ uid: 65534 });
    const result = await doctor({ ...world, doctor: tools, scheduling, store: { ...world.store, list } }, []);
    expect(findingsOf(result).filter(({ severity }) => severity === "fault")).toEqual([]);
    expect(result.looks.flatMap(({ unseen }) => unseen)).toContain(
      "state: cannot read /state/certificates: permission denied (needs root)",
    );
  });

  type Row = readonly [
    title: string,
    how: Case,
    judge: (found: DoctorResult) => void,
    meanwhile?: (fake: FakeWorld) => void | Promise<void>,
  ];
  const cases: readonly Row[] = [
    [
      "rights",
      { tools: { offences: async (path) => [{ path, who: "everybody", mend: `chmod go-w ${path}` }] } },
      (found) => expect(first(found, "doctor-folder")?.command).toMatch(/^chmod go-w \//),
    ],
    [
      "a key that others can read",
      {
        tools: {
          secretsOfState: async () => [{ path: "/k.pem", uid: 0, gid: 0, mode: 0o644, writtenMs: 0 }],
        },
      },
      (found) => expect(first(found, "doctor-key")?.command).toBe("chmod 600 /k.pem"),
    ],
    [
      "a token that others can read",
      { tools: { secretsOfConfig: async () => [{ path: "/s.yaml", uid: 5, gid: 0, mode: 0o600, writtenMs: 0 }] } },
      (found) => expect(first(found, "doctor-secret")?.command).toBe("chown root /s.yaml"),
    ],
    [
      "an access list",
      {
        tools: {
          secretsOfState: async () => [{ path: "/k.pem", uid: 0, gid: 0, mode: 0o640, writtenMs: 0 }],
          accessLists: async () => new Map([["/k.pem", ["user:app"]]]),
        },
      },
      (found) => {
        expect(first(found, "doctor-acl")?.severity).toBe("info");
        expect(first(found, "doctor-key")).toBeUndefined();
      },
    ],
    [
      "reading",
      { tools: { openAs: async (_reader, paths) => paths.map(() => ({ kind: "closed" })) } },
      (found) => expect(first(found, "doctor-readable")?.message).toMatch(/^fake reads as root, which cannot open /),
    ],
    [
      "confinement",
      { tools: { confinement: async () => ({ enforcing: false, mislabelled: [], dropIns: ["/etc/apparmor.d/x"] }) } },
      (found) => expect(first(found, "doctor-confined")?.command).toBe("mailcert deploy"),
    ],
    [
      "a server whose configuration is broken",
      {},
      (found) => {
        expect(first(found, "doctor-server")?.message).toBe("fake: line 3 is no setting");
        // What cannot be read is not compared.
        expect(first(found, "doctor-settings")).toBeUndefined();
      },
      ({ server }) => void (server.complaint = "line 3 is no setting"),
    ],
    [
      "a server that does not run",
      {},
      (found) =>
        expect(first(found, "doctor-stopped")).toMatchObject({
          severity: "fault",
          message: expect.stringMatching(
            /^fake is installed and does not run: it served \S+ at .* UTC, and no client gets through to it now$/,
          ) as string,
          command: "systemctl start fake",
        }),
      ({ server }) => void (server.running = false),
    ],
    [
      "settings that somebody changed",
      {},
      (found) => expect(first(found, "doctor-settings")?.command).toBe(`mailcert deploy ${name}`),
      ({ server }) => void (server.setting = "/etc/ssl/other.pem"),
    ],
    [
      "a setting that wins",
      {},
      (found) => {
        expect(first(found, "doctor-override")?.message).toContain("/etc/fake/local line 3 sets");
        expect(first(found, "doctor-override")?.command).toBe(`mailcert deploy --yes ${name}`);
      },
      ({ server }) => {
        const edit = [
          { kind: "line", path: "/etc/fake/local", line: 3, before: "cert = x", after: "# cert = x" },
        ] as const;
        server.overrides = [{ scope: "everything", path: "/etc/fake/local", line: 3, setting: "cert = x", edit }];
      },
    ],
    [
      "a port that nobody has",
      { tools: { portHolders: async () => [] } },
      (found) => expect(first(found, "doctor-port")?.command).toBe("systemctl restart fake"),
    ],
    [
      "a disk that is mounted read-only",
      {
        tools: { disk: async () => ({ inodes: 1e6, freeInodes: 9e5, mountPoint: "/var", readOnly: true }) },
        world: {
          preflight: async () => ({
            writeTrouble: async () => undefined,
            accessTrouble: async () => "the file system is read-only",
            freeBytes: async () => 1 << 30,
            listenTrouble: async () => undefined,
            tryWebroot: async () => [],
            updater: async () => ({}),
          }),
        },
      },
      (found) => expect(first(found, "preflight-write")?.command).toBe("mount -o remount,rw /var"),
    ],
    [
      "a clock that goes wrong",
      {},
      (found) => expect(first(found, "doctor-clock")?.severity).toBe("fault"),
      ({ clock }) => void (clock.now = new Date("2026-11-19T12:00:00Z")),
    ],
    [
      "a schedule whose program is gone",
      { tools: { missingPrograms: async () => ["/opt/old/node"] } },
      (found) => expect(first(found, "doctor-schedule")?.command).toBe("mailcert schedule install"),
    ],
    [
      "a port that shows another certificate",
      {},
      (found) =>
        expect(first(found, "doctor-served")).toMatchObject({
          severity: "fault",
          message: expect.stringMatching(/^fake still does not serve the new certificate: imaps:/) as string,
          command: `mailcert deploy ${name}`,
        }),
      async (here) => void (here.server.served = await anotherCertificate(here)),
    ],
    [
      "a port that gives no handshake: its server's log has the reason, no command mends it",
      {},
      (found) => {
        expect(first(found, "doctor-served")?.message).toMatch(/^fake: imaps:\S+ .* gives no TLS handshake: /);
        expect(first(found, "doctor-served")?.hint).toMatch(/^look at fake's log /);
        expect(first(found, "doctor-served")?.command).toBeUndefined();
      },
      ({ server }) => void (server.served = undefined),
    ],
    [
      "one that does not run is not asked, and told once",
      {},
      (found) => expect(worse(found).map(({ check }) => check)).toEqual(["doctor-stopped"]),
      ({ server }) => void Object.assign(server, { running: false, served: undefined }),
    ],
    [
      "a run that has held the lock for hours",
      {
        tools: {
          lockHolder: async () => ({
            pid: 77,
            path: "/state/lock",
            command: "renew --quiet",
            since: "2026-11-20T08:00:00.000Z",
          }),
        },
      },
      (found) => {
        expect(first(found, "doctor-lock")).toMatchObject({
          severity: "fault",
          message:
            "process 77 (renew --quiet), since 2026-11-20 08:00 UTC, has the state to itself: no other run gets to work",
        });
        expect(first(found, "doctor-lock")?.command).toBeUndefined();
      },
    ],
    [
      "a run of another container that has held the lock for hours: no number that is another process's here",
      {
        tools: {
          lockHolder: async () => ({ path: "/state/lock", command: "renew", since: "2026-11-20T08:00:00.000Z" }),
        },
      },
      (found) => {
        const { message, hint } = first(found, "doctor-lock") ?? {};
        expect(message).toMatch(
          /^a run that cannot be seen from here \(renew\), since 2026-11-20 08:00 UTC, has the state/,
        );
        expect(hint).toMatch(/another container that shares this folder: restart that one; `lsof \/state\/lock`/);
        expect(hint).not.toContain("kill");
      },
    ],
    [
      "a run that is at work is nothing to tell of",
      {
        tools: {
          lockHolder: async () => ({
            pid: 77,
            path: "/state/lock",
            command: "renew",
            since: "2026-11-20T11:59:00.000Z",
          }),
        },
      },
      (found) => {
        expect(worse(found)).toEqual([]);
        expect(first(found, "doctor-lock")).toMatchObject({
          severity: "info",
          message: expect.stringMatching(
            /^process 77 \(renew\), since 2026-11-20 11:59 UTC, is at work: what it has not/,
          ) as string,
        });
      },
    ],
    [
      "what a run at work has not come to yet is no fault, and no command would get past it",
      {
        tools: {
          lockHolder: async () => ({
            pid: 77,
            path: "/state/lock",
            command: "renew",
            since: "2026-11-20T11:59:00.000Z",
          }),
        },
      },
      (found) => {
        expect(first(found, "doctor-stuck")).toBeUndefined();
        expect(first(found, "doctor-settings")?.command).toBeUndefined();
        expect(first(found, "doctor-settings")?.hint).toBe(
          `where it is still so once that run has ended: mailcert deploy ${name}`,
        );
      },
      async ({ world, server }) => {
        server.setting = "/etc/ssl/other.pem";
        const state = world.store.read(name);
        if (state) await world.store.write({ ...state, stage: "staged" });
      },
    ],
    [
      "a stage that no run is at is told",
      {},
      (found) => expect(first(found, "doctor-stuck")?.command).toBe(`mailcert deploy ${name}`),
      async ({ world }) => {
        const state = world.store.read(name);
        if (state) await world.store.write({ ...state, stage: "staged" });
      },
    ],
    [
      "damage",
      {},
      (found) => expect(first(found, "doctor-damaged")?.command).toBe(`mailcert renew --force ${name}`),
      ({ world }) => {
        const folder = join(world.store.dir, "certificates", name, "live/ecdsa");
        rmSync(join(folder, "cert.pem"));
      },
    ],
    [
      "a state that cannot be read",
      {},
      (found) => expect(first(found, "doctor-damaged")?.message).toContain("state.json is damaged"),
      ({ world }) => {
        mkdirSync(join(world.store.dir, "certificates", "other"));
        writeFileSync(join(world.store.dir, "certificates", "other", "state.json"), "{");
      },
    ],
    [
      "a certificate that ends",
      {},
      (found) => expect(first(found, "renew-ending")?.command).toBe(`mailcert renew ${name}`),
      ({ clock }) => void (clock.now = new Date("2027-12-10T12:00:00Z")),
    ],
  ];

  it.each(cases.map(([title, how, judge, meanwhile]) => ({ title, how, judge, meanwhile })))(
    "$title",
    async ({ how, judge, meanwhile }) => judge(await looked(how, meanwhile)),
  );

  it("a configuration that cannot be read is a finding, and no end", async () => {
    const broken = new Failure("config", "mailcert.yaml:3:1: unknown key", { hints: ["mailcert config check"] });
    const here = fakeWorld();
    fake = here;
    const config = { ...here.world.config, read: () => Promise.reject(broken) };
    const result = await doctor({ ...here.world, config, doctor: async () => doctorTools() }, []);
    expect(result.ok).toBe(false);
    expect(first(result, "doctor-configuration")).toMatchObject({
      message: broken.message,
      hint: "mailcert config check",
    });
  });

  it("names that leave room for one only: two certificates for one server, files that are not read", async () => {
    const here = fakeWorld();
    fake = here;
    const both = [certificate(), certificate({ name: "b.example.org", names: ["b.example.org"] })];
    const config = {
      ...here.world.config,
      read: async () => ({ certificates: both }),
      readable: async () => ({ certificates: both }),
      check: async () => ({
        files: [],
        certificates: [],
        problems: [],
        warnings: ["/etc/x.yml is not read, for it does not end in .yaml: mv /etc/x.yml /etc/x.yaml"],
      }),
    };
    const world = { ...here.world, config, scheduling, doctor: async () => doctorTools() };
    const { looks: all } = await doctor(world, []);
    const found = all.find(({ id }) => id === "configuration")?.findings ?? [];
    expect(found[1]?.command).toBe("mv /etc/x.yml /etc/x.yaml");
    expect(found[0]?.message).toContain("are both for fake, which takes one certificate");
  });
});
