// nginx as a mail proxy: the servers of mail {}, and those of stream {} at mail's ports. http {} is never touched.
import { isAtLeast } from "../version.ts";
import { dirname } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { sendSignal } from "../../system/signal.ts";
import type { ServerDependencies } from "../dependencies.ts";
import { applyEdit, revertUnlessRead } from "../edits.ts";
import { recalled } from "../recalled.ts";
import type { Server } from "../server.ts";
import { type Nginx, findNginx, includedBy, readNginx, testNginx } from "./configuration.ts";
import { isServed, nginxListeners, portsOf } from "./listeners.ts";
import { certificateText, planNginx, readBackNginx } from "./plan.ts";
import { type NginxServers, serversOf } from "./servers.ts";

/** Several certificates side by side are older (1.11); older ones than these were not looked at. */
const supported = (version: string): boolean => isAtLeast(version, [1, 14]);

export const createNginx = (dependencies: ServerDependencies): Server => {
  const { run, render } = dependencies;

  const here = async (): Promise<{ readonly nginx: Nginx; readonly found: NginxServers } | undefined> => {
    const nginx = await findNginx(run);
    return nginx && { nginx, found: serversOf(await readNginx(run, nginx)) };
  };
  /** Asked anew each time: somebody may have changed the configuration. @throws Failure `config` where nginx refuses it. */
  const look = async (): Promise<NonNullable<Awaited<ReturnType<typeof here>>>> => {
    const now = await here();
    if (!now) throw new Failure("try-later", "nginx is not installed any more", { hints: ["run the command again"] });
    return now;
  };

  return {
    asksFirst: true,
    detect: async () => {
      const now = await here();
      // A web server is none of ours.
      if (!now || !portsOf(now.found.servers).some(isServed)) return [];
      const { version, mainFile, pid } = now.nginx;
      if (!supported(version)) {
        throw new Failure("config", `nginx ${version} is installed; mailcert needs 1.14 or later`, {
          hints: ["nothing was changed; upgrade nginx, or leave it out: servers: dovecot (--server dovecot)"],
        });
      }
      return [
        {
          server: "nginx",
          id: "nginx",
          version,
          configDir: dirname(mainFile),
          // Its own test opens its logs and makes its folders.
          writes: ["/var/log/nginx", "/var/lib/nginx", "/run"],
          running: pid !== undefined,
        },
      ];
    },
    listeners: async () => {
      const { nginx, found } = await look();
      await testNginx(run, nginx);
      return nginxListeners(dependencies, found.servers);
    },
    plan: async ({ configDir }, certificate) => planNginx((await look()).found, configDir, certificate, render),
    apply: (_installation, change) => applyEdit(change),
    revert: (_installation, change) => revertUnlessRead(change, "nginx", (path) => includedBy(run, path)),
    readBack: async ({ configDir }, certificate) => readBackNginx((await look()).found, configDir, certificate, render),
    check: async () => testNginx(run, (await look()).nginx),
    reload: async () => {
      const { pid } = (await look()).nginx;
      // What `nginx -s reload` does: workers with open sessions stay until these end.
      if (pid !== undefined) sendSignal(pid, "SIGHUP");
    },
    recall: (id, change) => recalled("nginx", id, change),
    snippet: (certificate, version) => {
      if (!/^\d+\.\d+/.test(version) || !supported(version)) {
        throw new Failure("usage", `the settings of nginx ${version.slice(0, 20)} are not known`, {
          hints: ["give --server-version 1.14 or later (`nginx -v` tells which)"],
        });
      }
      return certificateText(render, certificate, { version });
    },
  };
};
