// The Debian packages of this checkout, made once for a test file, and a host that has nothing of mailcert yet.
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { execFile } from "node:child_process";
import { type MailHost, type MailHostOptions, startMailHost } from "../lab/mail-host.ts";

export const checkout = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

/** The Node that the single executable carries, kept beside the lab. */
const runtime = async (): Promise<string> => {
  const { stdout } = await run("bash", [join(checkout, "test/newer-node.sh")], { timeout: 300_000 });
  return join(stdout.trim(), "node");
};

export interface Packages {
  readonly dir: string;
  remove(): Promise<void>;
}

/** Makes packages from the checkout in `from`; `more` are options of `npm run package`. Not compressed: that takes longer than all the rest. */
export const makePackages = async (
  dir: string,
  more: readonly string[],
  { from = checkout, env = {} }: { readonly from?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<void> => {
  const args = ["bin/package/index.js", "--out", dir, "--compression", "none", "--node", await runtime(), ...more];
  await run(process.execPath, args, { cwd: from, env: { ...process.env, ...env }, timeout: 280_000 });
};

/** This version of both packages, and a later one of `mailcert`. */
export const builtPackages = async (): Promise<Packages> => {
  const dir = await mkdtemp(join(tmpdir(), "mailcert-packages-"));
  await makePackages(dir, ["--release", "1.0.0"]);
  await makePackages(dir, ["--release", "1.1.0", "--only", "mailcert"]);
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
};

/** A host as its administrator knows it: no checkout, and no Node but Debian's; with `node: false` none at all. */
export const freshHost = async (
  { dir }: Packages,
  options: MailHostOptions & { readonly node: boolean },
): Promise<MailHost> => {
  const host = await startMailHost(options);
  await host.must("rm -rf /opt/mailcert /usr/local/bin/mailcert");
  if (options.suite === "bookworm") await host.must("umount /usr/local/bin/node && rm /usr/local/bin/node");
  if (!options.node) await host.must("rm -f /usr/bin/node /usr/bin/nodejs");
  await cp(dir, `/proc/${host.pid}/root/srv/packages`, { recursive: true });
  return host;
};

const apt = "DEBIAN_FRONTEND=noninteractive apt-get --yes -o Dpkg::Use-Pty=0";

/** As an administrator does it; says what dpkg and the maintainer scripts said. */
export const install = (host: MailHost, file: string): Promise<string> =>
  host.must(`cd /srv/packages && ${apt} install ./${file} 2>&1`, { timeoutMs: 110_000 });
export const remove = (host: MailHost, name: string): Promise<string> =>
  host.must(`${apt} remove ${name} 2>&1`, { timeoutMs: 110_000 });
export const purge = (host: MailHost, name: string): Promise<string> =>
  host.must(`${apt} purge ${name} 2>&1`, { timeoutMs: 110_000 });

/** What runs and logs by itself, and dpkg's and debconf's own books. */
const restless =
  "/proc /sys /dev /run /tmp /srv/packages /var/log /var/lib/dpkg /var/lib/apt /var/cache/apt /var/cache/debconf /var/spool/postfix /var/lib/postfix /var/lib/dovecot /var/lib/systemd /var/tmp /root";

/** Everything on the host's disk: kind, mode, owner, size, path, where a link leads. */
export const wholeDisk = async (host: MailHost): Promise<readonly string[]> => {
  const prune = restless
    .split(" ")
    .map((path) => `-path ${path}`)
    .join(" -o ");
  const script = `find / \\( ${prune} \\) -prune -o -type d -printf '%y %m %u:%g %p\\n' -o -printf '%y %m %u:%g %s %p %l\\n' | sort -k4; find /var/lib/systemd -name '*mailcert*'`;
  return (await host.must(script)).split("\n");
};
