// Courier: IMAP, POP3 and SMTP servers that read their certificate anew for each connection; restarted only where the setting itself changed; by name through links.
import { Failure } from "../../domain/failure.ts";
import { exists } from "../../system/exists.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { ServerDependencies } from "../dependencies.ts";
import { applyEdit, revertEdit, revertLine } from "../edits.ts";
import { complaint, runIfInstalled } from "../program.ts";
import { isOurs, refuseUnreadable } from "../readable.ts";
import { restart } from "../restart.ts";
import type { Installation, Server } from "../server.ts";
import { courierListeners } from "./listeners.ts";
import { isOurCertificate, linkBase, linkedFiles, makeLinks, namesFile } from "./names.ts";
import { isEdited, isGone, lineWithLink, planCourier, readBackCourier, snippetOf, tlsFiles } from "./plan.ts";
import { environmentOf, isOutdated, pidFileOf, pidIn, servicesOf } from "./services.ts";
import { valuesOf } from "./settings.ts";

/** Debian's folder, and those of Courier's own builds. */
const folders = ["/etc/courier", "/etc/courier-imap", "/usr/lib/courier-imap/etc", "/usr/lib/courier/etc"];

const findFolder = async (): Promise<string | undefined> => {
  for (const folder of folders) {
    for (const file of tlsFiles) if (await exists(`${folder}/${file}`)) return folder;
  }
  return undefined;
};

export const createCourier = (dependencies: ServerDependencies): Server => {
  const { run, render } = dependencies;

  /** Its IMAP server and its MTA say their version; a host with POP3 alone has neither. */
  const findVersion = async (): Promise<string | undefined> => {
    for (const program of ["imapd", "courier"]) {
      const asked = await runIfInstalled(run, program, ["--version"]);
      const version = /^Courier(?:-IMAP)? (\d+\.\d+(?:\.\d+)?)/m.exec(
        `${asked?.stdout ?? ""}\n${asked?.stderr ?? ""}`,
      )?.[1];
      if (version !== undefined) return version;
    }
    return (await runIfInstalled(run, "couriertls", [])) && "unknown";
  };

  /** Not started with a file of ours yet, so that this deployment will restart it. */
  const isToBeRestarted = async (folder: string): Promise<boolean> => {
    for (const { pid } of await servicesOf(folder)) {
      const cert = pid === undefined ? undefined : ((await environmentOf(pid)).get("TLS_CERTFILE") ?? "");
      if (cert !== undefined && !isOurCertificate(folder, cert)) return true;
    }
    return false;
  };

  const reload = async (configDir: string): Promise<void> => {
    for (const service of await servicesOf(configDir)) {
      // couriertls reads the certificate for each connection: only another path needs another process.
      if (!(await isOutdated(service))) continue;
      const { name, script } = service;
      const pid = (): Promise<number | undefined> => pidIn(pidFileOf(service));
      await restart(run, { name: `Courier's ${name}`, scripts: [script], pid, log: "/var/log/mail.log" });
    }
  };

  const detect = async (): Promise<readonly Installation[]> => {
    const version = await findVersion();
    const folder = version === undefined ? undefined : await findFolder();
    if (version === undefined || folder === undefined) return [];
    const services = await servicesOf(folder);
    const reader = await identityOf(folder);
    return [
      {
        server: "courier",
        id: "courier",
        version,
        configDir: folder,
        keyGroup: reader.group,
        reader,
        running: services.some(({ pid }) => pid !== undefined),
        ...((await isToBeRestarted(folder))
          ? { restarts: "it reads the path of its certificate only when it starts" }
          : {}),
      },
    ];
  };

  return {
    sni: true,
    detect,
    listeners: async ({ configDir }) => courierListeners(dependencies, configDir, await servicesOf(configDir)),
    plan: ({ configDir: folder }, certificate, bySni = []) => planCourier({ folder, certificate, bySni }),
    apply: async ({ configDir }, change) => {
      if (change.kind === "file" && change.path === namesFile(configDir)) {
        if (change.content === undefined) await reload(configDir);
        await makeLinks(configDir, change.content);
      }
      await applyEdit(change);
    },
    revert: async ({ configDir }, change) => {
      if (change.kind === "line") {
        if (await isEdited(change)) return "not-ours";
        return (await isGone(change)) ? "reverted" : revertLine(change);
      }
      // The lines went first: who was started with the link is started anew before it goes, or its clients would find nothing.
      if (change.kind === "file" && change.before === undefined) {
        await refuseNamedLink(configDir);
        await reload(configDir);
      }
      const outcome = await revertEdit(change);
      if (outcome === "reverted") await makeLinks(configDir, await readTextIfPresent(namesFile(configDir)));
      return outcome;
    },
    readBack: ({ configDir: folder }, certificate, bySni = []) => readBackCourier({ folder, certificate, bySni }),
    check: async ({ configDir }) => {
      const files = new Set<string>();
      for (const file of tlsFiles) {
        const path = `${configDir}/${file}`;
        if (!(await exists(path))) continue;
        // Shell text is what these files are: read, never run.
        const { status, stderr } = await run("sh", ["-n", path]);
        if (status !== 0) {
          throw new Failure("config", `Courier cannot read ${path}: ${complaint(stderr)}`, {
            hints: [`mend it; \`sh -n ${path}\` shows the same complaint`],
          });
        }
        const cert = (await valuesOf(configDir, [file])).get("TLS_CERTFILE") ?? "";
        if (isOurs(cert)) files.add(cert);
        if (cert === linkBase(configDir)) for (const linked of await linkedFiles(configDir)) files.add(linked);
      }
      await refuseUnreadable(run, { name: "Courier", ...(await identityOf(configDir)) }, [...files]);
    },
    reload: ({ configDir }) => reload(configDir),
    snippet: (certificate, version, bySni = []) => {
      if (!/^(\d+\.\d+|unknown$)/.test(version)) {
        throw new Failure("usage", `the settings of Courier ${version.slice(0, 20)} are not known`, {
          hints: ["give --server-version 1.4, say (`imapd --version` tells which)"],
        });
      }
      return snippetOf(render, { folder: "/etc/courier", certificate, bySni }, version.slice(0, 30));
    },
  };
};

/** @throws Failure `config` where a line, as somebody changed it, still names what our list stands for. */
const refuseNamedLink = async (folder: string): Promise<void> => {
  const line = await lineWithLink(folder);
  if (line === undefined) return;
  throw new Failure("config", `${linkBase(folder)} is still named by ${line}: without it nobody there gets TLS`, {
    hints: ["put another certificate into that line, or take it out"],
  });
};

/** Whom the MTA's settings name; the IMAP and POP3 servers are built for the same. */
const identityOf = async (folder: string): Promise<{ readonly user: string; readonly group: string }> => {
  const values = await valuesOf(folder, ["esmtpd"]);
  return { user: values.get("MAILUSER") || "courier", group: values.get("MAILGROUP") || "courier" };
};
