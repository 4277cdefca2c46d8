// Dovecot 2.3 and 2.4: one include file with the certificate settings, checked by doveconf, read back, reloaded by doveadm.
import { join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { readTextIfPresent } from "../../system/files.ts";
import { clean } from "../../domain/text.ts";
import type { ServerDependencies } from "../dependencies.ts";
import { applyEdit, modeOf, revertEdit } from "../edits.ts";
import { lookAtFormer } from "../former.ts";
import { complaint, output, runIfInstalled } from "../program.ts";
import type { Installation, PlacedCertificate, Server, ServedCertificate, ServerPlan } from "../server.ts";
import { servingProcesses } from "../processes.ts";
import { isRunning, runningPid } from "../running.ts";
import { foreignBlocks, namesToServe, standsInTheWay } from "./blocks.ts";
import { clientLoginIn, clientNotes, userdbNotes } from "./clients.ts";
import { doveconf } from "./doveconf.ts";
import { ourFile, readConfiguration } from "./files.ts";
import { formerCertificates } from "./former.ts";
import { generationOf, knownGeneration } from "./generation.ts";
import { hardenDovecot } from "./harden.ts";
import { dovecotListeners, enabledProtocols } from "./listeners.ts";
import { type DovecotPlaces, dovecotPlaces, offeredBy } from "./places.ts";
import { inWordsOf } from "./policy-file.ts";
import { readBackDovecot } from "./read-back.ts";
import { tlsOffOverrides } from "./tls-off.ts";
import { createDovecotUpgrade } from "./upgrade.ts";
import { includeText, snippetText } from "./text.ts";

/** They hold the TLS of a session for as long as it lasts, and the certificate of when they started. */
const loginPrograms = ["imap-login", "pop3-login", "submission-login", "managesieve-login", "lmtp"];

const mainFileOf = (installation: Installation): string => join(installation.configDir, "dovecot.conf");

/** An earlier mailcert wrote `ssl = yes` where somebody had said no: as long as it has an effect, that host goes on with it. */
const turnsTlsOn = (effective: string | undefined, present: string | undefined): boolean =>
  effective !== "no" && /^ssl\s*=\s*yes$/m.test(present ?? "");

/** What a complaint of doveconf asks for. */
const hintsFor = (message: string): readonly string[] => {
  const place = /(\/\S+) line (\d+)/.exec(message);
  const missing = /Can't open file (\S+?):|open\((\S+?)\) failed/.exec(message);
  const file = missing?.[1] ?? missing?.[2];
  if (file !== undefined && place) {
    return [
      `put ${file} back, or comment out line ${place[2]} of ${place[1]}: Dovecot opens every file that its settings name, even where mailcert's setting wins over it, and does not start without it`,
    ];
  }
  if (/\/(?:99-)?mailcert\.(?:policy\.)?conf$/.test(place?.[1] ?? "")) {
    return [
      `${place?.[1] ?? ""} is mailcert's own: \`mailcert deploy --repair\` writes it in the words of the Dovecot that is installed`,
    ];
  }
  return [
    place
      ? `mend line ${place[2]} of ${place[1]}; \`doveconf -n\` shows the same complaint`
      : "`doveconf -n` shows the same complaint",
  ];
};

/** undefined: Dovecot's own certificate stays for everybody who asks for no known name. */
const everybodys = (certificate: ServedCertificate): ServedCertificate | undefined =>
  Object.keys(certificate.slots).length > 0 ? certificate : undefined;

export const createDovecot = (dependencies: ServerDependencies): Server => {
  const { run, render } = dependencies;

  const baseFolder = async (): Promise<string> => {
    const { stdout } = await run("doveconf", ["base_dir"]);
    return /^base_dir = (\/.*)$/m.exec(stdout)?.[1] ?? "/run/dovecot";
  };

  const detect = async (): Promise<readonly Installation[]> => {
    const asked = await runIfInstalled(run, "dovecot", ["--version"]);
    if (asked === undefined) return [];
    const version = /^(\d+\.\d+(?:\.\d+)*)/.exec(asked.stdout.trim())?.[1] ?? "of an unknown version";
    knownGeneration(version);
    // The first line names the main file, also for a Dovecot outside /etc: `# 2.3.19.1 (9b53102964): /etc/dovecot/dovecot.conf`.
    const shown = await run("doveconf", ["-n"]);
    const mainFile = /^# \d[^\n]*: (\/\S+)$/m.exec(shown.stdout)?.[1] ?? "/etc/dovecot/dovecot.conf";
    const configDir = mainFile.slice(0, mainFile.lastIndexOf("/"));
    const running = await isRunning(join(await baseFolder(), "master.pid"), "dovecot");
    return [{ server: "dovecot", id: "dovecot", version, configDir, running }];
  };

  const configurationOf = (installation: Installation) =>
    readConfiguration(mainFileOf(installation), knownGeneration(installation.version));

  /** On 2.3 a block by name that somebody else wrote, and one by address, leave a client that both are for without a connection: theirs stands. */
  const placesOf = async (
    placed: readonly PlacedCertificate[],
    foreign: ReturnType<typeof foreignBlocks>,
    installation: Installation,
  ): Promise<DovecotPlaces> => {
    const offered =
      placed.length > 0 ? offeredBy(await dovecotListeners(dependencies, mainFileOf(installation))) : undefined;
    const places = dovecotPlaces(placed, offered);
    const { version } = knownGeneration(installation.version);
    return version === "2.3" && foreign.size > 0 ? { ...places, whole: new Map(), partial: new Map() } : places;
  };

  const plan = async (
    installation: Installation,
    certificate: ServedCertificate,
    bySni: readonly ServedCertificate[] = [],
    placed: readonly PlacedCertificate[] = [],
  ): Promise<ServerPlan> => {
    const generation = knownGeneration(installation.version);
    const configuration = await configurationOf(installation);
    const path = ourFile(installation.configDir, configuration);
    const before = await readTextIfPresent(path);
    const root = await doveconf(run, ["ssl"]);
    const ssl = turnsTlsOn(root.settings.get("ssl"), before);
    const foreign = foreignBlocks(configuration, path);
    const main = everybodys(certificate);
    const blocks = namesToServe(main, bySni).filter(
      ({ host }) => standsInTheWay(foreign, generation, host) === undefined,
    );
    const places = await placesOf(placed, foreign, installation);
    const addresses = dependencies.localAddresses?.() ?? [];
    const asked = await dependencies.clientLogin?.();
    const had = clientLoginIn(before ?? "");
    // Whether people still need a certificate must not depend on a configuration that can be read.
    const clients = asked === "unreadable" ? had : asked;
    const text = { main, blocks, byName: bySni, ssl, placed, places, addresses, clients };
    const content = includeText(render, text, generation);
    // At 0600 local delivery breaks: dovecot-lda reads the configuration as the recipient.
    const mode = 0o644;
    const off = await tlsOffOverrides(
      run,
      mainFileOf(installation),
      enabledProtocols(await doveconf(run, ["protocols"])),
    );
    const lasting = clients === undefined ? [] : userdbNotes(clients, await doveconf(run, ["-n"]));
    if (before === content && (await modeOf(path)) === mode) return { changes: [], off, notes: lasting };
    const notes = [...clientNotes(had, clients, generation), ...lasting];
    return { changes: [{ kind: "file", path, content, mode, before, shared: true }], off, notes };
  };

  return {
    sni: true,
    ownDefault: true,
    byPlace: {
      together: ({ protocol }, address) => `${protocol} ${address}`,
      apart: () => ({
        why: "Dovecot has one certificate for both of its ports for sending mail, 465 and 587",
        mend: "name submission and submissions in services:, or neither of them",
      }),
      namesLeave: ({ version }) => knownGeneration(version).version === "2.3",
    },
    detect,
    plan,
    processes: async () =>
      servingProcesses(await runningPid(join(await baseFolder(), "master.pid"), "dovecot"), loginPrograms, false),
    harden: (installation, profile) => hardenDovecot(dependencies, installation, profile),
    upgrade: createDovecotUpgrade(run),
    listeners: (installation) => dovecotListeners(dependencies, mainFileOf(installation)),
    apply: (_installation, change) => applyEdit(change),
    revert: async (installation, change) => {
      const reworded = inWordsOf(change, installation.version);
      const outcome = await revertEdit(reworded);
      // No run has come to reword it yet.
      return outcome === "not-ours" && reworded.kind === "file" ? revertEdit(change) : outcome;
    },
    readBack: async (installation, certificate, bySni = [], placed = []) =>
      readBackDovecot({
        run,
        mainFile: mainFileOf(installation),
        configDir: installation.configDir,
        generation: knownGeneration(installation.version),
        configuration: await configurationOf(installation),
        main: everybodys(certificate),
        bySni,
        placed,
        offered:
          placed.length > 0 ? offeredBy(await dovecotListeners(dependencies, mainFileOf(installation))) : undefined,
        protocols: enabledProtocols(await doveconf(run, ["protocols"])),
      }),
    former: async (installation, changes) => {
      const configuration = await configurationOf(installation);
      const { configDir, version } = installation;
      const told = changes.map((change) => inWordsOf(change, version));
      return lookAtFormer(
        formerCertificates(configuration, knownGeneration(version), ourFile(configDir, configuration), told),
      );
    },
    naming: async (installation, folder) =>
      (await configurationOf(installation)).places
        .filter(({ value }) => value.includes(folder))
        .map(({ path, line, text, value }) => ({
          value,
          setting: `line ${line} of ${path} says "${clean(text.trim(), 200)}"`,
          mend: `name another file there, or take the line out; then: doveadm reload`,
        })),
    check: async () => {
      // -x also opens every file that is named; its standard output holds private keys and is dropped here, unread.
      const { status, stderr } = await run("doveconf", ["-x"]);
      if (status === 0) return;
      const message = complaint(stderr);
      throw new Failure("config", `Dovecot refuses its configuration: ${message}`, { hints: hintsFor(message) });
    },
    reload: async (installation) => {
      if (!installation.running) return;
      await output(run, "doveadm", ["reload"], "unavailable");
    },
    snippet: (certificate, version, bySni = [], placed = []) => {
      const generation = generationOf(version);
      if (generation === undefined) {
        throw new Failure("usage", `the settings of Dovecot ${version.slice(0, 20)} are not known`, {
          hints: ["give --server-version 2.3 or --server-version 2.4 (`dovecot --version` tells which)"],
        });
      }
      const main = everybodys(certificate);
      const blocks = namesToServe(main, bySni);
      const places = dovecotPlaces(placed, undefined);
      // 2.3 wants the names by address then, and whoever pastes this knows the addresses.
      const addresses = dependencies.localAddresses?.() ?? [];
      return snippetText(render, { main, blocks, byName: bySni, ssl: false, placed, places, addresses }, generation);
    },
  };
};
