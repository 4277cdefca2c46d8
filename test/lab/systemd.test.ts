// The host whose PID 1 is systemd: it boots whole, Debian's units serve, and nothing of it is left on this machine.
import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { startMailHost } from "./mail-host.ts";

const isThere = (pid: number): Promise<boolean> =>
  readdir(`/proc/${pid}`).then(
    () => true,
    () => false,
  );

describe.each(["bookworm", "trixie"] as const)("%s", (suite) => {
  it("runs systemd as PID 1 with nothing failed, Dovecot and Postfix as its units, and ends with all of it", async () => {
    const host = await startMailHost({ suite, systemd: true });
    try {
      expect(await host.must("cat /proc/1/comm && systemctl is-system-running")).toBe("systemd\nrunning\n");
      await Promise.all([host.startDovecot(), host.startPostfix()]);
      const { stdout } = await host.exec("echo | openssl s_client -connect 192.0.2.10:993 2>/dev/null");
      expect(stdout).toContain("BEGIN CERTIFICATE");
      const units = await host.must("systemctl list-units --plain --no-legend --state=running 'dovecot*' 'postfix*'");
      expect(units).toMatch(/^dovecot\.service .*running/m);
      expect(units).toMatch(/^postfix(?:@-)?\.service .*running/m);
      await expect.poll(() => host.log(), { timeout: 10_000 }).toContain("daemon started -- version");
      // The kernel's settings and this machine's cgroups are out of reach.
      expect((await host.exec("echo 1 >/proc/sys/vm/drop_caches")).status).not.toBe(0);
      expect(await host.must("cat /sys/fs/cgroup/init.scope/cgroup.procs")).toContain("1\n");
      expect(await isThere(host.pid)).toBe(true);
    } finally {
      await host.stop();
    }
    expect(await isThere(host.pid)).toBe(false);
  });
});
