// stunnel in front of mail servers: each configuration file is a daemon of its own; its services at mail's ports get the certificate, and names their own.
import { isAtLeast } from "../version.ts";
import { mkdir, rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { isIP } from "node:net";
import { Failure } from "../../domain/failure.ts";
import { fileFailure } from "../../system/files.ts";
import { addressesOf, portOf } from "../addresses.ts";
import type { ServerDependencies } from "../dependencies.ts";
import { applyEdit, applyFile, revertEdit, revertUnlessRead } from "../edits.ts";
import { recalled } from "../recalled.ts";
import type { Installation, Listener, Server } from "../server.ts";
import { checkStunnel } from "./check.ts";
import { type Daemon, findDaemons, findProgram, includedBy, keyGroupOf, reloadDaemon } from "./daemons.ts";
import { namesSnippet } from "./by-name.ts";
import { certificateText } from "./pairs.ts";
import { type Placed, planStunnel, readBackStunnel } from "./plan.ts";
import { acceptOf, spokenAt, tlsServices } from "./services.ts";

/** `include` and OpenSSL's commands are older; older ones than 5.50 were not looked at. */
const supported = (version: string): boolean => isAtLeast(version, [5, 50]);

/** A folder of ours holds one file. */
const isOurs = (path: string): boolean => /\/mailcert-[^/]*\.d\/(certificate|services)\.conf$/.test(path);

export const createStunnel = (dependencies: ServerDependencies): Server => {
  const { run, render, ipv6 } = dependencies;

  const portIn = (accept: string | undefined): Promise<number | undefined> | undefined => {
    const port = accept === undefined ? undefined : acceptOf(accept)?.port;
    return port === undefined ? undefined : portOf(run, port);
  };
  const placed = ({ configuration }: Daemon): Promise<readonly Placed[]> =>
    Promise.all(
      tlsServices(configuration).map(async (service) => {
        const port = await portIn(service.accept);
        const ports = port === undefined ? [] : [port];
        const mail = ports.filter((one) => spokenAt(service, one));
        return { service, mail, other: ports.filter((one) => !mail.includes(one)) };
      }),
    );
  const ofMail = async (): Promise<readonly { readonly daemon: Daemon; readonly all: readonly Placed[] }[]> => {
    const found = await Promise.all(
      (await findDaemons(run)).map(async (daemon) => ({ daemon, all: await placed(daemon) })),
    );
    return found.filter(({ all }) => all.some(({ mail }) => mail.length > 0));
  };
  /** Asked anew each time: somebody may have changed the configuration. */
  const look = async ({ id }: Installation) => {
    const one = (await ofMail()).find(({ daemon }) => daemon.id === id);
    if (one) return one;
    throw new Failure("try-later", `${id} serves no mail any more`, { hints: ["run the command again"] });
  };

  const listenersOf = async (all: readonly Placed[]): Promise<readonly Listener[]> => {
    const hasIpv6 = await ipv6();
    const found: Listener[] = [];
    for (const { service, mail } of all) {
      const host = acceptOf(service.accept ?? "")?.host ?? "";
      for (const port of mail) {
        const spoken = spokenAt(service, port);
        // The kernel gives a socket of `::` both families.
        const addresses = host === "::" ? ["::", "0.0.0.0"] : await addressesOf(run, host);
        for (const address of addresses)
          if (spoken && (isIP(address) !== 6 || hasIpv6))
            found.push({ ...spoken, port, address, service: service.name });
      }
    }
    return found;
  };

  return {
    sni: true,
    asksFirst: true,
    ownDefault: true,
    detect: async () => {
      const found = await findProgram(run);
      const daemons = found ? await ofMail() : [];
      if (!found || daemons.length === 0) return [];
      if (!supported(found.version)) {
        throw new Failure("config", `stunnel ${found.version} is installed; mailcert needs 5.50 or later`, {
          hints: ["nothing was changed; upgrade stunnel, or leave it out: servers: dovecot (--server dovecot)"],
        });
      }
      return Promise.all(
        daemons.map(async ({ daemon }) => {
          const keyGroup = await keyGroupOf(run, daemon);
          return {
            server: "stunnel",
            id: daemon.id,
            version: found.version,
            configDir: dirname(daemon.configuration.file),
            ...(keyGroup === undefined ? {} : { keyGroup }),
            running: daemon.pid !== undefined,
            ...(daemon.doubt === undefined ? {} : { doubt: daemon.doubt }),
          };
        }),
      );
    },
    listeners: async (installation) => listenersOf((await look(installation)).all),
    plan: async (installation, main, bySni = []) => planStunnel({ ...(await look(installation)), main, bySni, render }),
    apply: async (_installation, change) => {
      if (change.kind !== "file") return applyEdit(change);
      const folder = dirname(change.path);
      if (isOurs(change.path))
        await mkdir(folder, { mode: 0o755 }).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== "EEXIST") throw fileFailure(error, "make", folder);
        });
      return applyFile(change);
    },
    revert: async (_installation, change) => {
      if (change.kind !== "file") return revertEdit(change);
      const outcome = await revertUnlessRead(change, "stunnel", (path) => includedBy(run, path));
      // Empty only when the file went; what somebody else put there stays.
      if (outcome === "reverted" && isOurs(change.path)) await rmdir(dirname(change.path)).catch(() => undefined);
      return outcome;
    },
    readBack: async (installation, main, bySni = []) =>
      readBackStunnel({ ...(await look(installation)), main, bySni, render }),
    check: async (installation) => {
      const [found, { daemon }] = await Promise.all([findProgram(run), look(installation)]);
      await checkStunnel(run, found?.program ?? "stunnel", daemon.configuration.file);
    },
    reload: async (installation) => reloadDaemon(run, (await look(installation)).daemon),
    recall: (id, change) => recalled("stunnel", id, change),
    snippet: (certificate, version, bySni = []) => {
      if (!/^\d+\.\d+/.test(version) || !supported(version)) {
        throw new Failure("usage", `the settings of stunnel ${version.slice(0, 20)} are not known`, {
          hints: ["give --server-version 5.50 or later (`stunnel -version` tells which)"],
        });
      }
      return certificateText(render, certificate, { snippet: { version } }) + namesSnippet(render, certificate, bySni);
    },
  };
};
