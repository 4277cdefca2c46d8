// The Debian packages on hosts that have nothing of mailcert: installed, upgraded, exchanged, removed and purged around certificates that are served.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MailHost } from "../lab/mail-host.ts";
import { type Packages, builtPackages, freshHost, install, purge, remove, wholeDisk } from "./built-packages.ts";
import { all, expectServed, liveLeaf, name, usualPorts } from "./deployed-host.ts";

let packages: Packages;
beforeAll(async () => {
  packages = await builtPackages();
});
afterAll(() => packages.remove());

const proven = async (host: MailHost): Promise<void> => {
  const { status, stdout, stderr } = await host.exec(["mailcert", "setup", name], { timeoutMs: 110_000 });
  expect(status, stdout + stderr).toBe(0);
  expect(stdout).toContain("served and proven at every entry point");
  expect(stdout).toContain("systemd timer mailcert.timer: installed, every hour");
  await expectServed(host, all(usualPorts, await liveLeaf(host)));
};

/** `enabled active`, as systemd says it. */
const timer = async (host: MailHost): Promise<string> => {
  const { stdout } = await host.exec("systemctl is-enabled mailcert.timer; systemctl is-active mailcert.timer");
  return stdout.trim().replaceAll("\n", " ");
};

/** The unit as the timer starts it, and what it runs. */
const runsByItself = async (host: MailHost): Promise<void> => {
  expect(await host.must("grep ^ExecStart= /etc/systemd/system/mailcert.service")).toMatch(
    /^ExecStart=\/usr\/bin\/mailcert renew --config \/etc\/mailcert\/mailcert\.yaml /,
  );
  await host.must("systemctl start mailcert.service", { timeoutMs: 110_000 });
  expect(await timer(host)).toBe("enabled active");
};

const version = async (host: MailHost): Promise<string> => (await host.must("mailcert --version")).trim();

describe("mailcert on trixie, with Debian's Node, and in its place the one that carries its own", () => {
  let host: MailHost;
  let before: readonly string[] = [];
  let leaf = "";
  const servedStill = (): Promise<void> => expectServed(host, all(usualPorts, leaf));

  beforeAll(async () => {
    host = await freshHost(packages, { suite: "trixie", systemd: true, node: true });
    await Promise.all([host.startDovecot(), host.startPostfix()]);
    before = await wholeDisk(host);
  });
  afterAll(() => host.stop());

  const steps: readonly (readonly [string, () => Promise<void>])[] = [
    [
      "installed, setup does the main job, and the timer runs the installed command",
      async () => {
        await install(host, "mailcert_1.0.0_all.deb");
        expect(await version(host)).toBe("1.0.0");
        expect(await host.must("dpkg --verify mailcert; stat -c %F /etc/mailcert/conf.d")).toBe("directory\n");
        // What Node compiled is kept for its next start.
        expect(Number(await host.must("ls /usr/lib/mailcert/dist/chunks/*.cache | wc -l"))).toBeGreaterThan(20);
        await proven(host);
        leaf = await liveLeaf(host);
        await runsByItself(host);
      },
    ],
    [
      "upgraded while it serves: state and timer stay, the next renewal is the new version's",
      async () => {
        await install(host, "mailcert_1.1.0_all.deb");
        expect([await version(host), await timer(host)]).toEqual(["1.1.0", "enabled active"]);
        await servedStill();
        const renewed = await host.exec("mailcert renew --force", { timeoutMs: 110_000 });
        expect(renewed.status, renewed.stdout + renewed.stderr).toBe(0);
        leaf = await liveLeaf(host);
        await servedStill();
        expect((await host.exec("mailcert schedule install")).stdout).toContain("in place, every hour");
      },
    ],
    [
      "another Node: what was compiled for the old one is made anew",
      async () => {
        const [file = ""] = (await host.must("ls /usr/lib/mailcert/dist/chunks/*.cache")).split("\n");
        await host.must(
          `rm ${file} && dpkg-trigger --by-package=nodejs /usr/bin/node && dpkg --triggers-only mailcert`,
        );
        expect((await host.exec(`test -s ${file}`)).status).toBe(0);
      },
    ],
    [
      "removed: everything is served as before, and no timer is left that would start nothing",
      async () => {
        const said = await remove(host, "mailcert");
        expect(said).toContain("certificates in /var/lib/mailcert stay as they are and are not renewed any more");
        expect(await timer(host)).toBe("disabled inactive");
        expect((await host.exec("ls -d /usr/bin/mailcert /usr/lib/mailcert")).stdout).toBe("");
        await servedStill();
      },
    ],
    [
      "installed again, the timer goes on by itself; not where an administrator switched it off",
      async () => {
        await install(host, "mailcert_1.1.0_all.deb");
        await runsByItself(host);
        await host.must("systemctl --quiet disable --now mailcert.timer");
        // A host without systemd has a line for cron instead, which reads no name with a dot in it.
        const line = "# Written by mailcert\n17 * * * * root /usr/bin/mailcert renew --quiet\n";
        await host.write("/etc/cron.d/mailcert", line);
        await remove(host, "mailcert");
        expect(await host.must("ls /etc/cron.d | grep mailcert")).toBe("mailcert.parked\n");
        await install(host, "mailcert_1.1.0_all.deb");
        expect(await host.read("/etc/cron.d/mailcert")).toBe(line);
        expect(
          await host.must(
            "ls /etc/cron.d | grep mailcert && rm /etc/cron.d/mailcert && rmdir --ignore-fail-on-non-empty /etc/cron.d",
          ),
        ).toBe("mailcert\n");
        expect(await timer(host)).toBe("disabled inactive");
        await host.must("systemctl --quiet enable --now mailcert.timer");
      },
    ],
    [
      "exchanged for mailcert-standalone: the same timer runs the same path, and purging the old package takes nothing of it",
      async () => {
        await install(host, "mailcert-standalone_1.0.0_amd64.deb");
        expect(await version(host)).toBe("1.0.0");
        await runsByItself(host);
        await purge(host, "mailcert");
        expect(await timer(host)).toBe("enabled active");
        await servedStill();
        expect((await host.exec("mailcert schedule install")).stdout).toContain("in place, every hour");
      },
    ],
    [
      "purged while servers still name the keys: schedule gone, keys and settings kept, and it says which file names them",
      async () => {
        await host.must(
          "echo mailcert-standalone mailcert-standalone/remove-state boolean true | debconf-set-selections",
        );
        const said = await purge(host, "mailcert-standalone");
        expect(said).toMatch(/are kept: these files still name what is in there:\n {2}\/etc\/dovecot\/\S+\n/);
        expect(said).toContain("  /etc/postfix/main.cf\n");
        expect(said).toContain("run: mailcert deploy --remove");
        expect((await host.exec("ls -d /etc/systemd/system/mailcert*")).stdout).toBe("");
        await servedStill();
      },
    ],
    [
      "nobody was asked: what no server names any more is kept, too; asked for, nothing is left behind",
      async () => {
        await install(host, "mailcert_1.1.0_all.deb");
        await host.must("mailcert deploy --remove --yes", { timeoutMs: 110_000 });
        expect(await purge(host, "mailcert")).toContain("by hand: rm -r /etc/mailcert /var/lib/mailcert");
        expect(await host.must("ls /etc/mailcert/mailcert.yaml")).toContain("mailcert.yaml");
        await install(host, "mailcert_1.1.0_all.deb");
        await host.must("echo mailcert mailcert/remove-state boolean true | debconf-set-selections");
        await purge(host, "mailcert");
        const after = await wholeDisk(host);
        expect({
          left: after.filter((line) => !before.includes(line)),
          gone: before.filter((line) => !after.includes(line)),
        }).toEqual({ left: [], gone: [] });
      },
    ],
  ];
  it.each(steps)("%s", { timeout: 300_000 }, (_title, step) => step());
});

describe("mailcert-standalone on bookworm, without any Node", () => {
  const title = "setup does the main job, the timer runs it confined; removed and purged, nothing is left behind";
  it(title, { timeout: 400_000 }, async () => {
    const host = await freshHost(packages, { suite: "bookworm", systemd: true, node: false });
    try {
      await Promise.all([host.startDovecot(), host.startPostfix()]);
      const before = await wholeDisk(host);
      expect((await host.exec("node --version")).status).not.toBe(0);
      await install(host, "mailcert-standalone_1.0.0_amd64.deb");
      expect(await host.must("dpkg-query --show --showformat='${Provides}' mailcert-standalone")).toBe(
        "mailcert (= 1.0.0)",
      );
      // Nobody's settings for other programs reach a program that root runs.
      expect((await host.must("mailcert --version", { env: { NODE_OPTIONS: "--require /none" } })).trim()).toBe(
        "1.0.0",
      );
      await proven(host);
      await runsByItself(host);
      const bundle = await host.exec("mailcert bundle --out /root/bundle --url https://mail.example.org/");
      expect(bundle.status, bundle.stdout + bundle.stderr).toBe(0);
      const missing = await host.exec("mailcert verify --file /nowhere");
      expect(missing).toMatchObject({ status: 65, stderr: expect.stringContaining("/nowhere") as string });
      // The bare file is the same program, and a schedule runs it where it lies.
      await host.must("cmp /srv/packages/mailcert-1.0.0-linux-x64 /usr/bin/mailcert");
      await host.must("install -m 755 /srv/packages/mailcert-1.0.0-linux-x64 /usr/local/bin/mailcert");
      await host.must("/usr/local/bin/mailcert schedule install", { timeoutMs: 110_000 });
      expect(await host.must("grep ^ExecStart= /etc/systemd/system/mailcert.service")).toContain(
        "ExecStart=/usr/local/bin/mailcert renew ",
      );
      await host.must("/usr/bin/mailcert schedule install && rm /usr/local/bin/mailcert", { timeoutMs: 110_000 });
      await host.must("mailcert deploy --remove --yes && rm -r /root/bundle", { timeoutMs: 110_000 });
      await host.must(
        "echo mailcert-standalone mailcert-standalone/remove-state boolean true | debconf-set-selections",
      );
      await purge(host, "mailcert-standalone");
      const after = await wholeDisk(host);
      expect({
        left: after.filter((line) => !before.includes(line)),
        gone: before.filter((line) => !after.includes(line)),
      }).toEqual({ left: [], gone: [] });
    } finally {
      await host.stop();
    }
  });
});
