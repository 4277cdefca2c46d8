// HAProxy in front of mail servers: bind lines that end TLS at mail's ports, with a crt-list of ours. Web frontends are never touched.
import { isAtLeast } from "../version.ts";
import { Failure } from "../../domain/failure.ts";
import type { ServerDependencies } from "../dependencies.ts";
import { applyEdit, revertUnlessRead } from "../edits.ts";
import { groupOf } from "../key-group.ts";
import { recalled } from "../recalled.ts";
import type { ServedCertificate, Server } from "../server.ts";
import { type Bind, bindsOf } from "./binds.ts";
import { listText, ownList } from "./crt-list.ts";
import { haproxyListeners, isServed } from "./listeners.ts";
import { type Wanted, planHaproxy, readBackHaproxy } from "./plan.ts";
import { folderOf, readHaproxy } from "./configuration-files.ts";
import type { Haproxy } from "./believed.ts";
import { findHaproxy, namedBy } from "./program.ts";
import { reloadHaproxy, restartReason, testHaproxy } from "./reload.ts";

/** Lists of certificates, and both kinds of key for one name, are older; older ones than 2.4 were not looked at. */
const supported = (version: string): boolean => isAtLeast(version, [2, 4]);

interface Here {
  readonly haproxy: Haproxy;
  readonly binds: readonly Bind[];
  readonly base: string | undefined;
}

export const createHaproxy = (dependencies: ServerDependencies): Server => {
  const { run, render } = dependencies;

  const here = async (): Promise<Here | undefined> => {
    const haproxy = await findHaproxy(run);
    if (!haproxy) return undefined;
    const sections = await readHaproxy(haproxy);
    const base = sections
      .filter(({ kind }) => kind === "global")
      .flatMap(({ lines }) => lines)
      .findLast(({ words }) => words[0]?.text === "crt-base")?.words[1]?.text;
    return { haproxy, binds: bindsOf(sections), base };
  };
  /** Asked anew each time: somebody may have changed the configuration. */
  const look = async (): Promise<Here> => {
    const now = await here();
    if (!now) throw new Failure("try-later", "HAProxy is not installed any more", { hints: ["run the command again"] });
    return now;
  };
  const wanted = (
    { base }: Here,
    configDir: string,
    certificate: ServedCertificate,
    bySni: readonly ServedCertificate[] = [],
  ): Wanted => ({ certificate, bySni, configDir, base, render });

  return {
    sni: true,
    asksFirst: true,
    detect: async () => {
      const now = await here();
      // One that ends no TLS of mail's has no certificate to be given.
      if (!now || !now.binds.some(isServed)) return [];
      const { version, pid, unprivileged, doubt } = now.haproxy;
      if (!supported(version)) {
        throw new Failure("config", `HAProxy ${version} is installed; mailcert needs 2.4 or later`, {
          hints: ["nothing was changed; upgrade HAProxy, or leave it out: servers: dovecot (--server dovecot)"],
        });
      }
      const configDir = await folderOf(now.haproxy);
      const restarts = await restartReason(run, now.haproxy);
      const keyGroup = unprivileged && pid !== undefined ? await groupOf(run, pid) : undefined;
      return [
        {
          server: "haproxy",
          id: "haproxy",
          version,
          configDir,
          ...(keyGroup === undefined ? {} : { keyGroup }),
          running: pid !== undefined,
          ...(doubt === undefined ? {} : { doubt }),
          ...(restarts === undefined ? {} : { restarts }),
        },
      ];
    },
    listeners: async () => {
      const { haproxy, binds } = await look();
      await testHaproxy(run, haproxy);
      return haproxyListeners(dependencies, binds);
    },
    plan: async ({ configDir }, certificate, bySni) => {
      const now = await look();
      return planHaproxy(now.binds, wanted(now, configDir, certificate, bySni));
    },
    apply: (_installation, change) => applyEdit(change),
    revert: (_installation, change) => revertUnlessRead(change, "HAProxy", (path) => namedBy(run, path)),
    readBack: async ({ configDir }, certificate, bySni) => {
      const now = await look();
      return readBackHaproxy(now.binds, wanted(now, configDir, certificate, bySni));
    },
    check: async () => testHaproxy(run, (await look()).haproxy),
    reload: async () => reloadHaproxy(run, (await look()).haproxy),
    recall: (id, change) => recalled("haproxy", id, change),
    snippet: (certificate, version, bySni = []) => {
      if (!/^\d+\.\d+/.test(version) || !supported(version)) {
        throw new Failure("usage", `the settings of HAProxy ${version.slice(0, 20)} are not known`, {
          hints: ["give --server-version 2.4 or later (`haproxy -v` tells which)"],
        });
      }
      return listText(render, certificate, bySni, { version, path: ownList("/etc/haproxy") });
    },
  };
};
