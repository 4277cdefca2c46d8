// The real World: every adapter, each heavy room loaded when it is first used. A part of main.ts, apart so that help costs nothing.
import { randomBytes, randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { dirname, resolve } from "node:path";
import type { ChallengeWorld, ConfiguredUpdater } from "./challenges/challenge.ts";
import type { Turns } from "./compose-updater.ts";
import type { Globals } from "./cli/command.ts";
import type { Host } from "./cli/host.ts";
import { ownPath } from "./domain/own-path.ts";
import { createConfigAccess } from "./config/access.ts";
import type { CaLimits } from "./domain/budget.ts";
import type { IssuerKind } from "./domain/certificate-config.ts";
import { issuers } from "./issuers/index.ts";
import type { Issuer } from "./issuers/issuer.ts";
import { openStore } from "./store/index.ts";
import { readConfigFiles } from "./system/config-files.ts";
import { ensureFolder, writeFileAtomic } from "./system/files.ts";
import { type RunProgram, createRunProgram } from "./system/run.ts";
import type { World } from "./usecases/world.ts";

/** Also cli/program.ts's default; a missing default file is no mistake. MAILCERT_CONFIG names another default. */
const defaultConfig = "/etc/mailcert/mailcert.yaml";

const memo = <Value>(make: () => Promise<Value>): (() => Promise<Value>) => {
  let made: Promise<Value> | undefined;
  return () => (made ??= make());
};

/** Loopback first; link-local addresses need a zone and are nobody's mail host. */
const localAddresses = (): readonly string[] => {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const usable = all.filter(({ address }) => !/^fe80:/i.test(address));
  return usable.toSorted((left, right) => Number(right.internal) - Number(left.internal)).map(({ address }) => address);
};

export const createWorld = async (
  host: Host,
  globals: Globals,
  step: (what: string) => void,
  mayMakeConfig: boolean,
  begun?: string,
): Promise<World> => {
  const run = createRunProgram(host.env);
  const stateDir = ownPath(host, globals.state);
  const systemRoots = memo(async () => (await import("./probe/anchors.ts")).readSystemRoots());
  const templates = memo(async () => (await import("./system/templates.ts")).createTemplates(host.readTemplate));
  const configPath = ownPath(host, globals.config ?? host.env["MAILCERT_CONFIG"] ?? defaultConfig);
  // The lock is another program's work: what reads the configuration is loaded meanwhile.
  const runMeanwhile: RunProgram = (program, args, options) => {
    const result = run(program, args, options);
    if (existsSync(configPath)) void import("./config/parse.ts");
    return result;
  };
  const store = openStore({ dir: stateDir, run: runMeanwhile, pid: host.pid, now: host.now, version: host.version });

  const dns = memo(async () => {
    const { createDns, readResolvConf } = await import("./dns/index.ts");
    return createDns({
      // Tests, and hosts whose resolv.conf leads elsewhere than mail servers look, name another file.
      ...(await readResolvConf(host.env["MAILCERT_RESOLV_CONF"])),
      roots: systemRoots,
      randomId: () => randomInt(65_536),
      ticks: host.elapsed,
      ownLookUp: async (name, timeoutMs) => {
        const found = await (await import("./probe/index.ts")).resolveHost(name, timeoutMs);
        return "message" in found ? [] : found;
      },
    });
  });

  const turns: Turns = new Map();
  const updater = async (name: string, beside = configPath): Promise<ConfiguredUpdater> =>
    (await import("./compose-updater.ts")).openUpdater(name, { folder: dirname(beside), turns, run, host });
  const challengeWorld = memo(async (): Promise<ChallengeWorld> => ({
    random: (size) => randomBytes(size),
    authoritative: async () => (await dns()).authoritative,
    updater: (name) => updater(name),
    journal: (await import("./challenges/journal.ts")).createChallengeJournal(stateDir),
  }));

  /** Trials against a test CA keep Let's Encrypt's limits, too. */
  const limits = async (): Promise<(directory: string) => CaLimits | undefined> => {
    const { limitsOf, limitsOfAll } = await import("./domain/ca-limits.ts");
    return host.env["MAILCERT_LIMITS"] === "all" ? limitsOfAll : limitsOf;
  };

  const ofRun = {
    run: begun ?? `${host.now().toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}-${host.pid}`,
    command: `mailcert ${host.argv.join(" ")}`,
  };
  const makeIssuer = async (kind: IssuerKind): Promise<Issuer> => {
    const random = (size: number): Uint8Array => randomBytes(size);
    switch (kind) {
      case "private-ca": {
        const [{ createPrivateCa }, { generateKey }] = await Promise.all([
          issuers["private-ca"].load(),
          import("./system/keys.ts"),
        ]);
        return createPrivateCa({
          stateDir,
          random,
          generateKey,
          relying: async (ca) => (await import("./usecases/ca/relying.ts")).relyingOn({ store }, ca),
        });
      }
      case "self-signed":
        return (await issuers["self-signed"].load()).createSelfSigned({ random });
      case "acme": {
        const [{ createAcmeIssuer }, { challenges }] = await Promise.all([
          issuers.acme.load(),
          import("./challenges/index.ts"),
        ]);
        return createAcmeIssuer({
          stateDir,
          challenges,
          challengeWorld: await challengeWorld(),
          now: host.now,
          elapsed: host.elapsed,
          sleep: host.sleep,
          userAgent: `mailcert/${host.version}`,
          limitsOf: await limits(),
          registered: ({ url, directory }) =>
            store.record({
              at: host.now().toISOString(),
              ...ofRun,
              what: `registered the account ${url} at ${directory}`,
            }),
        });
      }
    }
  };

  // One of each for the whole run: the ACME issuer keeps its connections to a CA.
  const made = new Map<IssuerKind, Promise<Issuer>>();
  const issuer = (kind: IssuerKind): Promise<Issuer> => {
    const one = made.get(kind) ?? makeIssuer(kind);
    made.set(kind, one);
    return one;
  };

  const config = createConfigAccess({
    path: configPath,
    named: globals.config !== undefined && !mayMakeConfig,
    readFiles: readConfigFiles,
    writeFile: async (path, text) => {
      await ensureFolder(resolve(path, ".."), 0o755);
      await writeFileAtomic(path, text, { mode: 0o644, keepMode: true, follow: true });
    },
  });

  return {
    now: host.now,
    elapsed: host.elapsed,
    random: () => randomInt(2 ** 32) / 2 ** 32,
    sleep: host.sleep,
    signal: host.signal,
    ...ofRun,
    step,
    store,
    config,
    issuer,
    generateKey: async (algorithm) => (await import("./system/keys.ts")).generateKey(algorithm),
    servers: memo(async () => {
      const { openServers } = await import("./compose-servers.ts");
      return openServers({ run, render: await templates(), localAddresses, config, store });
    }),
    probe: memo(async () => (await import("./probe/index.ts")).createProbe({ now: host.now })),
    dns,
    verifying: memo(async () => {
      const profiler = memo(async () =>
        (await import("./probe/profiler.ts")).createProfiler({ random: (size) => randomBytes(size) }),
      );
      const [
        { askMailInClear, createInjector, readCertificateFile, resolveHost },
        { canInject, protocols },
        { writeReport },
      ] = await Promise.all([
        import("./probe/index.ts"),
        import("./protocols/index.ts"),
        import("./system/report-file.ts"),
      ]);
      return {
        resolve: resolveHost,
        protocols,
        readCertificates: readCertificateFile,
        further: { canInject, inject: createInjector(), mailInClear: askMailInClear },
        profile: async (entry, known, options) => (await profiler())(entry, known, options),
        writeReport,
        openResults: async (path) => (await import("./system/result-file.ts")).openResultFile(path, run),
        readList: async (path) => {
          const { readPlainFile } = await import("./system/plain-file.ts");
          const { content } = await readPlainFile(path, { mostBytes: 1 << 25, what: "a list of targets" });
          return content.toString("utf8");
        },
        renderHtml: async (file, view) => (await templates())(file, view as Readonly<Record<string, unknown>>, "html"),
      };
    }),
    doctor: memo(async () =>
      (await import("./system/doctor/index.ts")).createDoctorTools({ run, stateDir, uid: host.uid }),
    ),
    preflight: memo(async () => ({
      ...(await import("./system/host-facts.ts")),
      updater,
      tryWebroot: async (webroot, hosts, signal) =>
        (await import("./challenges/webroot-trial.ts")).tryWebroot({
          webroot,
          hosts,
          signal,
          random: (size) => randomBytes(size),
          timeoutMs: 5_000,
          userAgent: `mailcert/${host.version}`,
        }),
    })),
    systemRoots,
    readRequest: async (path) => {
      const { readPlainFile } = await import("./system/plain-file.ts");
      const { content } = await readPlainFile(path, { mostBytes: 1 << 18, what: "a certificate signing request" });
      return (await import("./x509/read-request.ts")).readRequest(content, path);
    },
    readKeyFile: async (path) => (await import("./system/key-file.ts")).readKeyFile(path),
    fileMark: async (path) => (await import("./system/file-mark.ts")).fileMark(path),
    switchedOff: async (service) => (await import("./system/switched-off.ts")).switchedOff(run, service),
    keyAt: async (folders) => (await import("./store/pem-folder.ts")).keyAt(folders),
    refuseUnsafeFolder: async (folder) =>
      (await import("./system/safe-folder.ts")).refuseUnsafeFolder(folder, host.uid),
    writePem: async (folder, slot, root) =>
      (await import("./store/pem-folder.ts")).writePem(folder, slot, root, host.uid),
    bundles: memo(async () => {
      const [{ bundles }, { bundleRender, createBundleFolder }, render] = await Promise.all([
        import("./bundles/index.ts"),
        import("./system/bundle-folder.ts"),
        templates(),
      ]);
      const random = (count: number): Uint8Array => randomBytes(count);
      return {
        formats: bundles,
        render: bundleRender(render),
        folder: createBundleFolder(host.uid, run),
        publicRoots: async () => (await import("./probe/anchors.ts")).publicRoots,
        readCertificates: async (path) => (await import("./probe/anchors.ts")).readCertificateFile(path),
        registrable: async (name) => (await import("./issuers/registrable-domain.ts")).registrableDomain(name),
        random,
        readSigningFile: async (path) => (await import("./system/signing-file.ts")).readSigningFile(path),
        signProfile: async (what) => (await import("./bundles/sign-profile.ts")).signProfile(what),
      };
    }),
    localAddresses,
    confine: async () => {
      const { applyConfinement, planConfinement } = await import("./system/confinement.ts");
      return applyConfinement(run, await planConfinement(run, stateDir));
    },
    importing: memo(async () => {
      const [{ createImporting }, { adoptAccount, adoptionOf }, { openSpending }, limitsOf] = await Promise.all([
        import("./importers/find.ts"),
        import("./issuers/acme/adopt-account.ts"),
        import("./issuers/acme/budget-store.ts"),
        limits(),
      ]);
      const { uid, cwd, now } = host;
      return {
        ...createImporting({ uid, home: host.env["HOME"] ?? "/root", cwd, run, now }),
        adoption: (account) => adoptionOf(stateDir, account),
        adopt: (account) => adoptAccount(stateDir, account, now()),
        noteIssued: (directory, names, issued) =>
          openSpending(stateDir, directory, limitsOf(directory), now).noteForeign(names, issued),
      };
    }),
    accounts: memo(async () => {
      const { createAccounts } = await import("./issuers/acme/accounts.ts");
      return createAccounts({ stateDir, now: host.now, elapsed: host.elapsed, userAgent: `mailcert/${host.version}` });
    }),
    privateCas: memo(async () => {
      const [{ createPrivateCas }, { generateKey }] = await Promise.all([
        import("./issuers/private-ca/cas.ts"),
        import("./system/keys.ts"),
      ]);
      return createPrivateCas({ stateDir, random: (size) => randomBytes(size), generateKey, uid: host.uid });
    }),
    identities: memo(async () => (await import("./compose-identities.ts")).openIdentities(host.uid)),
    readPassphrase: async (path) => (await import("./system/secret-file.ts")).readPassphrase(path),
    timeZone: () => new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC",
    hooks: memo(async () => (await import("./compose-notify.ts")).openHooks(run)),
    notifying: memo(async () => (await import("./compose-notify.ts")).openNotifying(stateDir, run, host)),
    completing: async () => (await import("./compose-completion.ts")).openCompletion(configPath, await templates()),
    scheduling: memo(async () =>
      (await import("./compose-schedule.ts")).openScheduling(run, await templates(), host, stateDir),
    ),
    hostNames: async () => (await import("./system/host-names.ts")).hostNames(run),
  };
};
