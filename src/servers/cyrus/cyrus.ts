// Cyrus IMAP 3.2 and later: settings for each service in a file of ours that imapd.conf reads, SIGHUP to the master.
import { isAtLeast } from "../version.ts";
import { Failure } from "../../domain/failure.ts";
import { clean } from "../../domain/text.ts";
import { sendSignal } from "../../system/signal.ts";
import type { ServerDependencies } from "../dependencies.ts";
import { applyEdit, revertEdit, revertFile } from "../edits.ts";
import { lookAtFormer } from "../former.ts";
import { isOurs, refuseUnreadable } from "../readable.ts";
import type { Installation, Override, Server, ServedCertificate } from "../server.ts";
import { formerCertificates } from "./former.ts";
import { type Cyrus, findCyrus, settingsOf } from "./info.ts";
import { addressesOfService, cyrusListeners, settingFor } from "./listeners.ts";
import {
  type Present,
  type Served,
  ourSettings,
  isStillRead,
  planCyrus,
  snippetOf,
  wantedFiles,
  withoutOwn,
} from "./plan.ts";
import { servicesOf } from "./services.ts";

/** Two certificates side by side are older; 3.2 is the oldest that anybody still repairs. */
const supported = (version: string): boolean => isAtLeast(version, [3, 2]);

export const createCyrus = (dependencies: ServerDependencies): Server => {
  const { run, render } = dependencies;

  /** Asked anew each time: somebody may have changed what the master reads. */
  const look = async (): Promise<Cyrus> => {
    const found = await findCyrus(run);
    if (found) return found;
    throw new Failure("try-later", "Cyrus is not installed any more", { hints: ["run the command again"] });
  };
  const presentOf = async (cyrus: Cyrus): Promise<Present> => ({
    imapdConf: cyrus.imapdConf,
    settings: await settingsOf(run, cyrus, "conf-all"),
    ours: await ourSettings(cyrus.imapdConf),
  });
  const servedBy = async ({ cyrusConf }: Cyrus): Promise<readonly Served[]> =>
    Promise.all(
      (await servicesOf(cyrusConf)).map(async (service) => ({
        service,
        addresses: await addressesOfService(dependencies, service),
      })),
    );

  const detect = async (): Promise<readonly Installation[]> => {
    const found = await findCyrus(run);
    if (found === undefined) return [];
    const { version, imapdConf, user, group, pid } = found;
    if (!supported(version)) {
      throw new Failure("config", `Cyrus IMAP ${version} is installed; mailcert needs 3.2 or later`, {
        hints: ["nothing was changed; upgrade Cyrus, or leave it out: servers: postfix (--server postfix)"],
      });
    }
    return [
      {
        server: "cyrus",
        id: "cyrus",
        version,
        configDir: imapdConf.slice(0, imapdConf.lastIndexOf("/")) || "/",
        ...(group === undefined ? {} : { keyGroup: group, reader: { user, group } }),
        running: pid !== undefined,
      },
    ];
  };

  const readBack = async (certificate: ServedCertificate): Promise<readonly Override[]> => {
    const cyrus = await look();
    const present = await presentOf(cyrus);
    const wanted = wantedFiles(certificate);
    return withoutOwn(await servedBy(cyrus), present).flatMap(({ service }) => {
      const now = settingFor(present.settings, service, "tls_server_cert") ?? "";
      const key = settingFor(present.settings, service, "tls_server_key") ?? "";
      if (now === wanted.certificate && key === wanted.key) return [];
      const setting = `tls_server_cert: ${clean(now, 200)}`;
      return [{ scope: `the service ${service.name}`, path: cyrus.imapdConf, setting, edit: [] }];
    });
  };

  const check = async (): Promise<void> => {
    const cyrus = await look();
    const { ours } = await presentOf(cyrus);
    const { user, group } = cyrus;
    const files = [...new Set([...ours.values()].flatMap((value) => value.split(",")).filter(isOurs))];
    if (group !== undefined) await refuseUnreadable(run, { name: "Cyrus", user, group }, files);
  };

  return {
    detect,
    listeners: async () => {
      const cyrus = await look();
      const { settings, ours } = await presentOf(cyrus);
      return cyrusListeners(dependencies, await servicesOf(cyrus.cyrusConf), settings, ours, cyrus.imapdConf);
    },
    plan: async (_installation, certificate) => {
      const cyrus = await look();
      const changes = await planCyrus(render, await presentOf(cyrus), await servedBy(cyrus), certificate);
      return { changes, notes: [] };
    },
    apply: (_installation, change) => applyEdit(change),
    revert: async (_installation, change) => {
      if (change.kind !== "file") return revertEdit(change);
      if (change.before === undefined && (await isStillRead(change))) {
        throw new Failure("config", `${change.path} is still read by @include: taking it away would stop Cyrus`, {
          hints: ["take that line out of imapd.conf"],
        });
      }
      return revertFile(change);
    },
    former: async () => lookAtFormer(formerCertificates(await presentOf(await look()))),
    readBack: async (_installation, certificate) => readBack(certificate),
    check,
    reload: async () => {
      const { pid } = await look();
      // Processes that wait for clients end, and are started anew; those with a client stay until it leaves (cyrus-master(8)).
      if (pid !== undefined) sendSignal(pid, "SIGHUP");
    },
    snippet: (certificate, version) => {
      if (!/^\d+\.\d+/.test(version) || !supported(version)) {
        throw new Failure("usage", `the settings of Cyrus IMAP ${version.slice(0, 20)} are not known`, {
          hints: [
            "give --server-version 3.2 or later (`cyrus info version` tells which; elsewhere than on Debian: `cyr_info version`)",
          ],
        });
      }
      return snippetOf(render, certificate, version);
    },
  };
};
