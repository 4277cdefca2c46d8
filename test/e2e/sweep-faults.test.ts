// Disks that are full to the byte or read-only, folders that may not be written, and servers that do not take what they are told, under the
// eyes of the sweeps: docs/reliability.md.
import { describe, expect, it } from "vitest";
import { suites } from "./deployed-host.ts";
import { type SweptHost, name, startSweptHost } from "./sweep/host.ts";
import { renewal } from "./sweep/scenarios.ts";
import { well } from "./sweep/trial.ts";
import { expectAllLive, expectServedThroughout, expectWhole } from "./sweep/watched.ts";

const full = process.env["MAILCERT_FULL"] === "1";
const hours = 3_600_000;

/** A host on which mailcert has served for a while; its state folder is a file system of its own, of so many pages of 4 KiB. */
const onServedHost = async (
  suite: (typeof suites)[number],
  pages: number,
  job: (swept: SweptHost) => Promise<void>,
): Promise<void> => {
  const swept = await startSweptHost(suite);
  try {
    await swept.host.must(
      `mkdir /var/lib/mailcert && mount -t tmpfs -o size=${pages * 4}k,mode=755 state /var/lib/mailcert`,
    );
    await renewal.prepare(swept);
    await job(swept);
  } finally {
    await swept.host.stop();
  }
};

const path = "/opt/wrapped:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

interface Expected {
  readonly status: readonly number[];
  readonly says: RegExp;
  /** A generation that was served for a moment and taken back. */
  readonly takenBack?: boolean;
  readonly down?: readonly number[];
}

/** Renews under a fault that ends so; whatever it is, what is served stays whole. Gives the status. */
const renewUnder = async (swept: SweptHost, where: string, expected: Expected): Promise<number> => {
  const { status, says, takenBack = false, down = [] } = expected;
  const { host, watcher } = swept;
  const kinds = ["ecdsa", "rsa"] as const;
  const before = await watcher.files();
  await watcher.begin(kinds);
  const ended = await host.mailcert(["renew", "--force"], { env: { PATH: path }, timeoutMs: 240_000 });
  const files = await watcher.files();
  const watched = await watcher.end();
  const said = ended.stdout + ended.stderr;
  expect(status, `${where}: ${said}`).toContain(ended.status);
  if (ended.status !== 0) expect(said, where).toMatch(says);
  expectWhole(files, where);
  const originals = takenBack ? files.kept : [];
  expectServedThroughout(watched, { behindLive: [before, files], originals }, (port) => down.includes(port), where);
  return ended.status ?? 70;
};

/** The next run puts everything right. */
const expectConverged = async (swept: SweptHost, where: string, ...args: readonly string[]): Promise<void> => {
  await well(swept, where, "renew", ...args);
  expect({ ...(await swept.watcher.files()), where }).toMatchObject({ temporary: [], stage: "verified" });
  await expectAllLive(swept, ["ecdsa", "rsa"], where);
};

describe.each(suites)("%s", (suite) => {
  it("a state folder that is full to the byte, at each page that a renewal takes", { timeout: hours }, async () => {
    await onServedHost(suite, 256, async (swept) => {
      const { host } = swept;
      const fill = (left: number): Promise<string> =>
        host.must(
          `cd /var/lib/mailcert && rm -f full && free=$(stat -f -c %a .) && dd if=/dev/zero of=full bs=4k count=$((free - ${left})) 2>/dev/null && stat -f -c %a .`,
        );
      const says = /no space left on the device/;
      let failed = 0;
      for (let left = 0, status = 1; status !== 0; left += full ? 1 : 7) {
        expect((await fill(left)).trim()).toBe(String(left));
        status = await renewUnder(swept, `${left} pages left`, { status: [0, 1, 73], says });
        if (status !== 0) failed += 1;
        await host.must("rm /var/lib/mailcert/full");
        await expectConverged(swept, `${left} pages left`, name);
      }
      // Each of the two slots' five files takes a page.
      expect(failed).toBeGreaterThanOrEqual(full ? 10 : 2);
    });
  });

  it("a read-only state folder", { timeout: hours }, async () => {
    await onServedHost(suite, 256, async (swept) => {
      await swept.host.must("mount -o remount,ro /var/lib/mailcert");
      await renewUnder(swept, "read-only", { status: [73], says: /the file system is read-only/ });
      await swept.host.must("mount -o remount,rw /var/lib/mailcert");
      await expectConverged(swept, "read-only", "--force");
    });
  });

  const dovecotPorts = [110, 143, 993, 995, 4190];
  const reloads = [
    {
      what: "refuses to reload",
      script: "echo no >&2; exit 75",
      says: /dovecot was not reloaded: doveadm ended with status 75: no/,
    },
    {
      what: "whose reload is killed",
      script: "kill -9 $$",
      says: /dovecot was not reloaded: doveadm was ended by SIGKILL/,
    },
    // 30 s of patience go by.
    ...(full
      ? [{ what: "keeps the old leaf", script: "exit 0", says: /dovecot still does not serve the new certificate/ }]
      : []),
    {
      what: "dies of its reload",
      script: "kill -9 $(cat /run/dovecot/master.pid)",
      says: /was taken back[^\n]*nothing listens there/,
      takenBack: true,
      down: dovecotPorts,
    },
  ];
  it(
    "a server that refuses to reload, whose reload is killed, that keeps the old leaf, that dies of it",
    { timeout: hours },
    async () => {
      await onServedHost(suite, 1024, async (swept) => {
        for (const { what, script, ...expected } of reloads) {
          const doveadm = `#!/bin/sh\n[ "$1" = reload ] || exec /usr/bin/doveadm "$@"\n${script}\n`;
          await swept.host.write("/opt/wrapped/doveadm", doveadm, "755");
          await renewUnder(swept, what, { status: [1], ...expected });
          await swept.host.must("rm /opt/wrapped/doveadm");
          if (expected.down) {
            await swept.host.must("rm -f /run/dovecot/master.pid; while pgrep -x dovecot; do sleep 0.1; done");
            await swept.host.startDovecot();
          }
          await expectConverged(swept, what, name);
        }
      });
    },
  );
});
