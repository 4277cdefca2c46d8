// Lets confined mail servers read the certificates: a file label where SELinux enforces, a line in the shared abstractions where AppArmor confines.
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Failure } from "../domain/failure.ts";
import { clean } from "../domain/text.ts";
import { ensureFolder, readTextIfPresent, writeFileAtomic } from "./files.ts";
import type { RunProgram } from "./run.ts";

/** Where the kernel and the policies are looked for; tests hand in other folders. */
export interface ConfinementPaths {
  readonly selinuxEnforce: string;
  readonly apparmorProfiles: string;
  readonly apparmorFolder: string;
}

export const systemConfinementPaths: ConfinementPaths = {
  selinuxEnforce: "/sys/fs/selinux/enforce",
  apparmorProfiles: "/sys/kernel/security/apparmor/profiles",
  apparmorFolder: "/etc/apparmor.d",
};

export interface ConfinementPlan {
  readonly files: readonly { readonly path: string; readonly content: string }[];
  /** Run in order, after the files; each is safe to repeat. */
  readonly commands: readonly { readonly program: string; readonly args: readonly string[]; readonly why: string }[];
}

const servers = /dovecot|postfix|exim|nginx|haproxy|stunnel|smtpd|courier|cyrus/i;

/** File contexts are regular expressions over paths, AppArmor rules are globs: a folder with their signs in it is refused. */
const plainPath = (path: string): string => {
  if (/^\/[\w./@+~=,:-]+$/.test(path)) return path;
  throw new Failure("config", `the state folder ${clean(path, 200)} cannot be named in a SELinux or AppArmor rule`, {
    hints: ["choose a --state folder of letters, digits and . _ - / only"],
  });
};

const selinuxCommands = async (run: RunProgram, certificates: string): Promise<ConfinementPlan["commands"]> => {
  // A dot in the folder's name means any character in a file context.
  const pattern = `${certificates.replaceAll(".", "\\.")}(/.*)?`;
  const known = await run("semanage", ["fcontext", "-l", "-C"]).catch((error: unknown) => {
    if (!(error instanceof Failure) || error.facts?.["code"] !== "ENOENT") throw error;
    throw new Failure(
      "unavailable",
      "SELinux enforces here, and semanage is not installed: the mail servers could not read the certificates",
      {
        hints: [
          "install policycoreutils-python-utils (Debian: policycoreutils and semanage-utils) and run mailcert again",
        ],
      },
    );
  });
  const labelled = known.stdout.split("\n").some((line) => line.startsWith(`${pattern} `) && line.includes(":cert_t:"));
  const add = {
    program: "semanage",
    args: ["fcontext", "-a", "-t", "cert_t", pattern],
    why: "label the certificates cert_t",
  };
  const restore = { program: "restorecon", args: ["-R", certificates], why: "put the label on the files" };
  return labelled ? [restore] : [add, restore];
};

const dropIns = (certificates: string): readonly { readonly folder: string; readonly content: string }[] => {
  const rule = (files: string): string => `# Written by mailcert.\n${certificates}/*/generations/*/*/${files}.pem r,\n`;
  // AppArmor looks at the path behind the symbolic link `live`.
  return [
    { folder: "ssl_certs.d", content: rule("{cert,chain,fullchain}") },
    { folder: "ssl_keys.d", content: rule("{privkey,combined}") },
  ];
};

const apparmorPlan = async (paths: ConfinementPaths, certificates: string): Promise<ConfinementPlan> => {
  const loaded = (await readTextIfPresent(paths.apparmorProfiles).catch(() => undefined)) ?? "";
  // `dovecot (enforce)`: complaining profiles hold nobody back.
  if (!loaded.split("\n").some((line) => servers.test(line) && line.includes("(enforce)")))
    return { files: [], commands: [] };
  const files: { path: string; content: string }[] = [];
  for (const { folder, content } of dropIns(certificates)) {
    const path = join(paths.apparmorFolder, "abstractions", folder, "mailcert");
    if ((await readTextIfPresent(path)) !== content) files.push({ path, content });
  }
  if (files.length === 0) return { files, commands: [] };
  const profiles = (await readdir(paths.apparmorFolder).catch(() => []))
    .filter((name) => servers.test(name))
    .toSorted();
  const commands = profiles.map((name) => ({
    program: "apparmor_parser",
    args: ["-r", "-T", "-W", join(paths.apparmorFolder, name)],
    why: `load the AppArmor profile ${name} again`,
  }));
  return { files, commands };
};

/** What has to be done so that confined servers may read `<stateDir>/certificates`; empty where nothing confines them. */
export const planConfinement = async (
  run: RunProgram,
  stateDir: string,
  paths: ConfinementPaths = systemConfinementPaths,
): Promise<ConfinementPlan> => {
  const certificates = join(stateDir, "certificates");
  const enforcing = (await readTextIfPresent(paths.selinuxEnforce).catch(() => undefined))?.trim() === "1";
  const commands = enforcing ? await selinuxCommands(run, plainPath(certificates)) : [];
  const confined = (await readTextIfPresent(paths.apparmorProfiles).catch(() => undefined)) !== undefined;
  const apparmor = confined ? await apparmorPlan(paths, plainPath(certificates)) : { files: [], commands: [] };
  return { files: apparmor.files, commands: [...commands, ...apparmor.commands] };
};

/** Does it; returns what was done, one sentence each. @throws Failure `unavailable` with the program's words where one fails. */
export const applyConfinement = async (run: RunProgram, plan: ConfinementPlan): Promise<readonly string[]> => {
  const done: string[] = [];
  for (const { path, content } of plan.files) {
    await ensureFolder(dirname(path), 0o755);
    await writeFileAtomic(path, content, { mode: 0o644 });
    done.push(`wrote ${path}`);
  }
  for (const { program, args, why } of plan.commands) {
    const { status, stderr } = await run(program, args, { timeoutMs: 120_000 });
    if (status !== 0) {
      throw new Failure(
        "unavailable",
        `could not ${why}: ${program} ended with status ${status}: ${clean(stderr, 300)}`,
        {
          hints: [
            `run it by hand to see more: ${program} ${args.map((word) => (/[^\w./-]/.test(word) ? `'${word}'` : word)).join(" ")}`,
          ],
        },
      );
    }
    done.push(why);
  }
  return done;
};
