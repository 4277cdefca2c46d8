// What the tests of an upgraded Dovecot share: a deployed host as Debian's own scripts want it.
import { expect } from "vitest";
import type { MailHost } from "../lab/mail-host.ts";
import { liveLeaf, name } from "./deployed-host.ts";

export const include = "/etc/dovecot/conf.d/99-mailcert.conf";

/** As a real host has them: Debian's scripts start nothing where there is no init, or no runlevel. */
export const withInit = (host: MailHost): Promise<string> =>
  host.must(
    "ln -s /bin/true /sbin/init && printf '#!/bin/sh\\necho N 2\\n' >/sbin/runlevel && chmod 755 /sbin/runlevel",
  );

export const setUp = async (host: MailHost): Promise<string> => {
  const { status, stdout, stderr } = await host.mailcert(["setup", name, "--schedule", "none"], { timeoutMs: 120_000 });
  expect(status, stdout + stderr).toBe(0);
  return liveLeaf(host);
};
