// Disks that are full to the byte or read-only, folders that may not be written, and servers that do not take what they are told, under the
// eyes of the sweeps: docs/reliability.md.
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { Suite } from "../lab/parts.ts";
import { suites } from "./deployed-host.ts";
import { type SweptHost, name, startSweptHost } from "./sweep/host.ts";
import { setup } from "./sweep/scenarios.ts";
import { well } from "./sweep/trial.ts";
import { expectAllLive, expectServedThroughout, expectWhole } from "./sweep/watched.ts";

const full = process.env["MAILCERT_FULL"] === "1";
const hours = 3_600_000;

/** A host on which mailcert serves; its state folder is a file system of its own. */
const startServedHost = async (suite: Suite): Promise<SweptHost> => {
  const swept = await startSweptHost(suite);
  await swept.host.must("mkdir /var/lib/mailcert && mount -t tmpfs -o size=4m,mode=755 state /var/lib/mailcert");
  await well(swept, "at first", ...setup);
  return swept;
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

const dovecotPorts = [110, 143, 993, 995, 4190];

interface Reload extends Expected {
  readonly what: string;
  /** What `doveadm reload` does in place of its work. */
  readonly script: string;
  /** Always tried on this suite; on the others by `npm run test:full`. */
  readonly on?: Suite;
}

const reloads: readonly Reload[] = [
  {
    what: "refuses to reload",
    script: "echo no >&2; exit 75",
    status: [1],
    says: /dovecot was not reloaded: doveadm ended with status 75: no/,
  },
  {
    what: "dies of its reload",
    script: "kill -9 $(cat /run/dovecot/master.pid)",
    status: [1],
    says: /was taken back[^\n]*nothing listens there/,
    takenBack: true,
    down: dovecotPorts,
  },
  {
    what: "has a reload that is killed",
    script: "kill -9 $$",
    status: [1],
    says: /dovecot was not reloaded: doveadm was ended by SIGKILL/,
    on: "bookworm",
  },
  {
    // 30 s of patience go by.
    what: "keeps the old leaf",
    script: "exit 0",
    status: [1],
    says: /dovecot still does not serve the new certificate/,
    on: "trixie",
  },
];

describe.each(suites)("%s", (suite) => {
  let served: SweptHost | undefined;
  /** After a test that failed, another one. */
  const ready = async (): Promise<SweptHost> => (served ??= await startServedHost(suite));
  afterEach(async ({ task }) => {
    if (task.result?.state === "pass") return;
    await served?.host.stop();
    served = undefined;
  });
  afterAll(() => served?.host.stop());

  it("a state folder that is full to the byte, at each page that a renewal takes", { timeout: hours }, async () => {
    const swept = await ready();
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

  it("a read-only state folder", { timeout: hours }, async () => {
    const swept = await ready();
    await swept.host.must("mount -o remount,ro /var/lib/mailcert");
    await renewUnder(swept, "read-only", { status: [73], says: /the file system is read-only/ });
    await swept.host.must("mount -o remount,rw /var/lib/mailcert");
    await expectConverged(swept, "read-only", "--force");
  });

  it.each(reloads.filter(({ on }) => full || on === undefined || on === suite))(
    "a server that $what",
    { timeout: hours },
    async ({ what, script, ...expected }) => {
      const swept = await ready();
      const doveadm = `#!/bin/sh\n[ "$1" = reload ] || exec /usr/bin/doveadm "$@"\n${script}\n`;
      await swept.host.write("/opt/wrapped/doveadm", doveadm, "755");
      await renewUnder(swept, what, expected);
      await swept.host.must("rm /opt/wrapped/doveadm");
      if (expected.down) {
        await swept.host.must("rm -f /run/dovecot/master.pid; while pgrep -x dovecot; do sleep 0.1; done");
        await swept.host.startDovecot();
      }
      await expectConverged(swept, what, name);
    },
  );
});
