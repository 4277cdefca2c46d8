// A World over a real store in a temporary folder, a real self-signed issuer, and one scripted mail server with its wire.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { Failure } from "../../src/domain/failure.ts";
import type { Observation } from "../../src/domain/observation.ts";
import { createPrivateCas } from "../../src/issuers/private-ca/cas.ts";
import { createSelfSigned } from "../../src/issuers/self-signed/index.ts";
import type { Change, Override, Server } from "../../src/servers/server.ts";
import { openStore } from "../../src/store/index.ts";
import type { Store } from "../../src/store/store.ts";
import { fileMark } from "../../src/system/file-mark.ts";
import { readKeyFile } from "../../src/system/key-file.ts";
import { readPlainFile } from "../../src/system/plain-file.ts";
import { readRequest } from "../../src/x509/read-request.ts";
import { generateKey } from "../../src/system/keys.ts";
import { createRunProgram } from "../../src/system/run.ts";
import type { World } from "../../src/usecases/world.ts";
import { usualCertificate } from "./settings.ts";
import { noDns } from "./dns.ts";

export interface FakeServer {
  /** PEM of what it serves now; undefined: no TLS handshake works. */
  served: string | undefined;
  /** Where its settings point: the fullchain path, once mailcert changed them. */
  setting: string | undefined;
  reloads: number;
  running: boolean;
  /** A reload that does nothing (a broken include elsewhere). */
  deaf: boolean;
  /** A reload after which no handshake works. */
  breaks: boolean;
  /** Its own configuration test fails with these words. */
  complaint: string | undefined;
  overrides: readonly Override[];
}

export interface FakeWorld {
  readonly world: World;
  readonly server: FakeServer;
  /** The present, to be moved by tests. */
  readonly clock: { now: Date };
  readonly steps: string[];
  /** Called before each write of the store; a test makes it throw to play a crash. */
  readonly hooks: { beforeWrite: (what: string) => void };
  readonly dispose: () => void;
  /** The same state folder under a fresh World: the next run. */
  readonly again: () => FakeWorld;
}

export const certificate = (over: Partial<CertificateConfig> = {}): CertificateConfig => ({
  name: "mail.example.org",
  names: ["mail.example.org"],
  keys: ["ecdsa"],
  issuer: { kind: "self-signed", days: 397 },
  servers: "auto",
  ...usualCertificate,
  ...over,
});

const noServer = (): FakeServer => ({
  served: undefined,
  setting: undefined,
  reloads: 0,
  running: true,
  deaf: false,
  breaks: false,
  complaint: undefined,
  overrides: [],
});

const adapter = (fake: FakeServer): Server => ({
  detect: async () => [{ server: "fake", id: "fake", version: "1.0", configDir: "/etc/fake", running: fake.running }],
  listeners: async () => [{ protocol: "imap", mode: "implicit", port: 993, address: "127.0.0.1", service: "imaps" }],
  plan: async (_installation, served) => {
    const path = Object.values(served.slots)[0]?.fullchain ?? "";
    const change: Change = { kind: "parameter", parameter: "certificate", before: fake.setting, after: path };
    return { changes: fake.setting === path ? [] : [change], notes: [] };
  },
  apply: async (_installation, change) => {
    if (change.kind === "parameter") fake.setting = change.after;
    if (change.kind === "line") fake.overrides = [];
  },
  revert: async (_installation, change) => {
    if (change.kind !== "parameter" || fake.setting !== change.after) return "not-ours";
    fake.setting = change.before;
    return "reverted";
  },
  readBack: async () => fake.overrides,
  check: async () => {
    if (fake.complaint !== undefined) throw new Failure("config", fake.complaint);
  },
  reload: async () => {
    fake.reloads += 1;
    if (fake.deaf) return;
    if (fake.breaks) fake.served = undefined;
    else if (fake.setting !== undefined && existsSync(fake.setting) && fake.overrides.length === 0)
      fake.served = readFileSync(fake.setting, "utf8");
  },
  snippet: () => "settings",
});

/** What the deployment machine never asks for. */
const unused = async (): Promise<never> => {
  throw new Error("not part of this fake");
};

const der = (pem: string): Buffer =>
  Buffer.from(/-----BEGIN CERTIFICATE-----([^-]+)-----END/.exec(pem)?.[1] ?? "", "base64");

export const fakeWorld = (dir = mkdtempSync(join(tmpdir(), "mailcert-world-")), server = noServer()): FakeWorld => {
  const clock = { now: new Date("2026-11-20T12:00:00Z") };
  let elapsed = 0;
  const steps: string[] = [];
  const hooks = { beforeWrite: (_what: string): void => undefined };
  const real = openStore({ dir, run: createRunProgram(process.env), pid: process.pid, now: () => clock.now });
  const store: Store = {
    ...real,
    write: async (state) => {
      hooks.beforeWrite(`state ${state.stage ?? "none"}`);
      await real.write(state);
    },
    addKey: async (...args) => {
      hooks.beforeWrite("key");
      return real.addKey(...args);
    },
    stage: async (...args) => {
      hooks.beforeWrite("generation");
      return real.stage(...args);
    },
    switchLive: async (...args) => {
      hooks.beforeWrite("live");
      await real.switchLive(...args);
    },
    record: async (event) => {
      hooks.beforeWrite("event");
      await real.record(event);
    },
  };
  const issuer = createSelfSigned({ random: (size) => randomBytes(size) });
  const world: World = {
    now: () => clock.now,
    elapsed: () => elapsed,
    random: () => 0.5,
    // Time passes only when somebody waits.
    sleep: async (ms) => {
      clock.now = new Date(clock.now.getTime() + ms);
      elapsed += ms;
    },
    signal: new AbortController().signal,
    run: "run-1",
    command: "mailcert test",
    step: (what) => void steps.push(what),
    store,
    config: {
      path: join(dir, "mailcert.yaml"),
      read: async () => undefined,
      edited: async () => ({ path: join(dir, "mailcert.yaml"), before: undefined, after: "text" }),
      write: async () => undefined,
      warnings: async () => [],
      check: async () => ({ files: [], warnings: [], certificates: [], problems: [] }),
      readable: async () => ({ certificates: [] }),
      placeOf: async () => ({ file: join(dir, "mailcert.yaml"), line: 1, column: 1 }),
      at: () => world.config,
    },
    issuer: async () => issuer,
    generateKey,
    readKeyFile,
    readRequest: async (path) =>
      readRequest((await readPlainFile(path, { mostBytes: 1 << 18, what: "a request" })).content, path),
    servers: async () => ({ fake: adapter(server) }),
    probe: async () => async (entry) => {
      const observation: Observation = {
        entry,
        address: entry.address,
        local: true,
        chain: server.served === undefined ? [] : [der(server.served)],
        startedAt: clock.now,
        durationMs: 1,
        ...(server.served === undefined
          ? { error: { stage: "handshake", reason: "tls", message: "no shared cipher" } }
          : {
              tls: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", verifyError: "DEPTH_ZERO_SELF_SIGNED_CERT" },
            }),
      };
      return observation;
    },
    dns: async () => noDns,
    doctor: unused,
    preflight: async () => ({
      writeTrouble: async () => undefined,
      accessTrouble: async () => undefined,
      freeBytes: async () => 1 << 30,
      listenTrouble: async () => undefined,
      tryWebroot: async (_webroot, hosts) =>
        hosts.flatMap(({ name, addresses }) =>
          addresses.map((address) => ({ name, address, answer: "shown" as const })),
        ),
      updater: async () => ({}),
    }),
    systemRoots: async () => [],
    fileMark,
    switchedOff: async () => undefined,
    keyAt: async () => undefined,
    refuseUnsafeFolder: async () => undefined,
    writePem: async () => [],
    localAddresses: () => ["127.0.0.1"],
    confine: async () => [],
    verifying: unused,
    bundles: unused,
    importing: async () => ({
      read: unused,
      present: async () => [],
      schedules: async () => [],
      withoutLineage: unused,
      adoption: unused,
      adopt: unused,
      noteIssued: unused,
    }),
    accounts: async () => ({
      list: async () => [],
      ask: unused,
      terms: unused,
      register: unused,
      update: unused,
      rollOver: unused,
      deactivate: unused,
    }),
    privateCas: async () =>
      createPrivateCas({
        stateDir: dir,
        random: (size) => randomBytes(size),
        generateKey,
        uid: process.getuid?.() ?? 0,
      }),
    identities: unused,
    readPassphrase: unused,
    timeZone: () => "Europe/Berlin",
    hooks: unused,
    notifying: unused,
    completing: unused,
    scheduling: unused,
    hostNames: async () => ({ own: "fake" }),
  };
  return {
    world,
    server,
    clock,
    steps,
    hooks,
    dispose: () => rmSync(dir, { recursive: true, force: true }),
    again: () => {
      const next = fakeWorld(dir, server);
      next.clock.now = clock.now;
      return next;
    },
  };
};
