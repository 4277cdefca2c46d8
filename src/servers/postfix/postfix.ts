// Postfix 3.4 and later, each instance of postmulti: chain files in main.cf, services with their own certificate kept, reload by instance.
import { isAtLeast } from "../version.ts";
import { realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import type { Hook } from "../../domain/hook.ts";
import { escapes } from "../../system/templates.ts";
import { exists } from "../../system/exists.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { ServerDependencies } from "../dependencies.ts";
import { applyEdit, revertUnlessRead } from "../edits.ts";
import { lookAtFormer } from "../former.ts";
import { complaint, output, runIfInstalled } from "../program.ts";
import { hostNames } from "../host-names.ts";
import { servingProcesses } from "../processes.ts";
import { isRunning, runningPid } from "../running.ts";
import type { Installation, PlacedCertificate, Server, ServedCertificate } from "../server.ts";
import { applyPostfix, revertPostfix } from "./apply.ts";
import { formerCertificates } from "./former.ts";
import { entrancesOf, hardenPostfix } from "./harden.ts";
import { postfixListeners } from "./listeners.ts";
import { withoutHungTables } from "./hung-tables.ts";
import { refreshMaps } from "./indexed.ts";
import { chainValue } from "./own-certificate.ts";
import { chainParameter } from "./parameters.ts";
import type { RelayWish } from "./relay.ts";
import { byPlace, placesToPaste, servicesOf } from "./places.ts";
import { type PostfixWish, planPostfix } from "./plan.ts";
import { createPostconf, parseParameters } from "./postconf.ts";
import { settingsNaming } from "./naming.ts";
import { readBackPostfix } from "./read-back.ts";
import { handRows, programOfRows, rowsOf, takeRowsBack } from "./rows.ts";
import { mapEntries, mapFile, namesOurs, sniParameter } from "./sni.ts";
import { type SeenTables, brokenTables, refuseUnanswered, tablesAnswer } from "./sni-overrides.ts";

const primaryId = "postfix";

/** smtpd_tls_chain_files came with 3.4. */
const supported = (version: string): boolean => isAtLeast(version, [3, 4]);

/** `postmulti -l`: name, group, enabled, folder. The primary instance has no name unless it was given one. */
const parseInstances = (text: string): readonly { readonly id: string; readonly configDir: string }[] =>
  text.split("\n").flatMap((line, index) => {
    const [name, , , configDir] = line.trim().split(/\s+/);
    if (name === undefined || !configDir?.startsWith("/")) return [];
    return [{ id: name === "-" || index === 0 ? primaryId : name, configDir }];
  });

/** Where main.cf and master.cf really lie, where that is not the instance's own folder: they are edited there. */
const linkedFolders = async (configDir: string): Promise<readonly string[]> => {
  const paths = ["main.cf", "master.cf"].map((file) => join(configDir, file));
  const found = await Promise.all(paths.map((path) => realpath(path).catch(() => undefined)));
  const home = await realpath(configDir).catch(() => configDir);
  return found.flatMap((path) => (path === undefined || dirname(path) === home ? [] : [dirname(path)]));
};

export const createPostfix = (dependencies: ServerDependencies): Server => {
  const run = withoutHungTables(dependencies.run);
  const { render } = dependencies;
  const seenTables: SeenTables = new Map();
  const sniRows = async (configDir: string): Promise<Hook | undefined> => {
    const said = await dependencies.sniRows?.();
    return said === "unreadable" ? programOfRows(configDir) : said;
  };

  const sniMaps = async (configDir: string): Promise<string> =>
    (await createPostconf(run, configDir).effective([sniParameter])).get(sniParameter) ?? "";

  /** The database has what our map has; with nobody left to serve, nothing. */
  const refreshRows = async (configDir: string, isServed: boolean): Promise<readonly string[]> => {
    const program = await sniRows(configDir);
    if (program) {
      const rows = isServed ? await rowsOf(configDir) : [];
      const done = await handRows(run, configDir, program, rows);
      const keys = rows.map((row) => row.split("\t")[0] ?? "");
      await refuseUnanswered(run, configDir, await sniMaps(configDir), keys, program.run[0] ?? "");
      return done;
    }
    const unreadable = (await dependencies.sniRows?.()) === "unreadable";
    const why = unreadable
      ? "the configuration cannot be read"
      : "postfix_sni_rows is not in the configuration any more";
    return takeRowsBack(run, configDir, why);
  };

  /** Without its file a table does not open, and no client that says a name gets a handshake. */
  const readerOfMap = async (configDir: string): Promise<string | undefined> => {
    const postconf = createPostconf(run, configDir);
    const everybodys = (await postconf.effective([sniParameter])).get(sniParameter);
    if (namesOurs(everybodys, configDir)) return `${sniParameter} in ${join(configDir, "main.cf")}`;
    for (const [service, own] of await postconf.overrides(true))
      if (namesOurs(own.get(sniParameter), configDir))
        return `-o ${sniParameter} of the service ${service} in ${join(configDir, "master.cf")}`;
    return undefined;
  };

  const wish = async (
    { configDir }: Pick<Installation, "configDir">,
    certificate: ServedCertificate,
    bySni: readonly ServedCertificate[] = [],
  ): Promise<PostfixWish> => {
    const program = (await sniRows(configDir))?.run[0];
    return {
      configDir,
      main: Object.keys(certificate.slots).length > 0 ? certificate : undefined,
      bySni,
      ...(program === undefined
        ? {}
        : { rows: { program, answer: (value, keys) => tablesAnswer(run, configDir, value, keys) } }),
    };
  };

  const relayWish = async (
    { configDir, id }: Installation,
    masterCf: string,
  ): Promise<{ readonly relay?: RelayWish }> => {
    const asked = await dependencies.clientRelay?.();
    // Who relays must not depend on a configuration that can be read.
    if (asked === "unreadable") return {};
    const inForce = (await dependencies.inForce?.(id)) ?? [];
    const made = (await dependencies.made?.(id)) ?? [];
    const entrances = asked ? await entrancesOf(dependencies, configDir) : [];
    const kind = "texthash:";
    const tableOf = (path: string): string => `${kind}${escapes.postfix(path)}`;
    const { clientMaps } = dependencies;
    const maps = clientMaps === undefined ? undefined : tableOf(clientMaps);
    const isGone = async (one: string): Promise<boolean> =>
      maps !== undefined && one.startsWith(maps) && !(await exists(one.slice(kind.length)));
    const table = asked && tableOf(asked.map);
    return {
      relay: { table, isGone, entrances: entrances.filter(({ forPeople }) => forPeople), masterCf, inForce, made },
    };
  };

  const detect = async (): Promise<readonly Installation[]> => {
    const asked = await runIfInstalled(run, "postconf", ["-d", "mail_version"]);
    if (asked === undefined) return [];
    const version = parseParameters(asked.stdout).get("mail_version") ?? "";
    if (!supported(version)) {
      throw new Failure(
        "config",
        `Postfix ${version || "of an unknown version"} is installed; mailcert needs 3.4 or later (smtpd_tls_chain_files)`,
        {
          hints: ["nothing was changed; upgrade Postfix, or leave it out: servers: dovecot (--server dovecot)"],
        },
      );
    }
    const listed = await runIfInstalled(run, "postmulti", ["-l"]);
    const instances = parseInstances(listed?.stdout ?? "");
    const only = { id: primaryId, configDir: (await output(run, "postconf", ["-h", "config_directory"])).trim() };
    return Promise.all(
      (instances.length > 0 ? instances : [only]).map(async ({ id, configDir }) => {
        const shown = await run("postconf", ["-c", configDir, "-x", "queue_directory", "data_directory"]);
        const parameters = parseParameters(shown.status === 0 ? shown.stdout : "");
        const queue = parameters.get("queue_directory");
        const running = queue !== undefined && (await isRunning(join(queue, "pid/master.pid"), "master"));
        // `postfix check` and `postfix reload` make missing folders in the queue and put misplaced messages right.
        const folders = [queue, parameters.get("data_directory"), ...(await linkedFolders(configDir))];
        const writes = folders.filter((folder) => folder?.startsWith("/")) as readonly string[];
        return { server: "postfix", id, version, configDir, writes, running };
      }),
    );
  };

  const wishAt = async (
    installation: Installation,
    certificate: ServedCertificate,
    bySni: readonly ServedCertificate[] | undefined,
    placed: readonly PlacedCertificate[],
  ): Promise<PostfixWish> => {
    const usual = await wish(installation, certificate, bySni);
    if (placed.length === 0) return usual;
    const listeners = await postfixListeners(dependencies, installation.configDir);
    const set = ((await dependencies.made?.(installation.id)) ?? []).flatMap((change) =>
      change.kind === "service-parameter" && change.parameter === chainParameter && change.after ? [change.after] : [],
    );
    return { ...usual, placed, set, services: servicesOf(placed, listeners, dependencies.localAddresses?.() ?? []) };
  };

  return {
    sni: true,
    ownDefault: true,
    byPlace,
    detect,
    listeners: ({ configDir }) => postfixListeners(dependencies, configDir),
    processes: async ({ configDir }) => {
      const shown = await run("postconf", ["-c", configDir, "-x", "queue_directory"]);
      const queue = parseParameters(shown.stdout).get("queue_directory") ?? "/var/spool/postfix";
      return servingProcesses(await runningPid(join(queue, "pid/master.pid"), "master"), ["smtpd", "tlsproxy"], true);
    },
    harden: (installation, profile, ours) => hardenPostfix(dependencies, installation, profile, ours),
    plan: async (installation, certificate, bySni, placed = []) => {
      const { configDir, id } = installation;
      const path = join(configDir, "master.cf");
      const text = (await readTextIfPresent(path).catch(() => undefined)) ?? "";
      const masterCf = id === primaryId ? { path, text } : undefined;
      const wished = await wishAt(installation, certificate, bySni, placed);
      const relay = await relayWish(installation, text);
      const planned = await planPostfix(createPostconf(run, configDir), { ...wished, ...relay }, masterCf);
      const names = [certificate, ...(bySni ?? [])].flatMap((one) => one.names);
      const key = names.find((name) => !name.startsWith("*.")) ?? "mail.example.org";
      const broken = await brokenTables(run, configDir, await sniMaps(configDir), key, seenTables);
      return { ...planned, notes: [...broken, ...planned.notes] };
    },
    apply: async ({ configDir }, change) => {
      if (change.kind === "parameter" || change.kind === "service-parameter")
        return applyPostfix(run, configDir, change);
      return applyEdit(change);
    },
    revert: async ({ configDir }, change) => {
      if (change.kind === "parameter" || change.kind === "service-parameter")
        return revertPostfix(run, configDir, change);
      const reader = (path: string) =>
        path === mapFile(configDir) ? readerOfMap(configDir) : Promise.resolve(undefined);
      return revertUnlessRead(change, "Postfix", reader, {
        harm: "no client that says a name (SNI) would get TLS",
        mend: "take it out there",
      });
    },
    former: async ({ configDir }, changes) =>
      lookAtFormer(await formerCertificates(createPostconf(run, configDir), configDir, changes)),
    naming: ({ configDir }, folder) => settingsNaming(createPostconf(run, configDir), configDir, folder),
    refresh: async ({ configDir }, certificates) => {
      const handed = await refreshRows(configDir, certificates.length > 0);
      return [...(await refreshMaps(run, configDir, certificates)), ...handed];
    },
    readBack: async (installation, certificate, bySni, placed = []) =>
      readBackPostfix(run, await wishAt(installation, certificate, bySni, placed)),
    check: async ({ configDir }) => {
      // -c: this instance only, also where postmulti wraps the command (postfix(1)).
      const { status, stderr } = await run("postfix", ["-c", configDir, "check"]);
      if (status === 0) return;
      throw new Failure("config", `Postfix refuses its configuration in ${configDir}: ${complaint(stderr)}`, {
        hints: [`mend it; \`postfix -c ${configDir} check\` shows the same complaint`],
      });
    },
    reload: async ({ configDir, running }) => {
      if (!running) return;
      await output(run, "postfix", ["-c", configDir, "reload"], "unavailable");
    },
    snippet: (certificate, version, bySni = [], placed = []) => {
      if (!/^\d+\.\d+/.test(version) || !supported(version)) {
        throw new Failure("usage", `the settings of Postfix ${version.slice(0, 20)} are not known`, {
          hints: [
            "give --server-version 3.4 or later (`postconf -d mail_version` tells which); older ones lack smtpd_tls_chain_files",
          ],
        });
      }
      const everybody = Object.keys(certificate.slots).length > 0;
      const first = everybody ? certificate : (placed[0] ?? certificate);
      return render(
        "postfix.txt",
        {
          version,
          everybody,
          name: first.name,
          hosts: hostNames(first),
          chains: everybody ? chainValue(certificate).split(", ") : [],
          places: placesToPaste(placed),
          map: mapEntries(certificate, bySni).map(({ key, files }) => ({ key, files: files.split(", ") })),
        },
        "postfix",
      );
    },
  };
};
