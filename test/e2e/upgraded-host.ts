// What the tests of an upgraded Dovecot share: a deployed host as Debian's own scripts want it.
import { expect } from "vitest";
import type { MailHost } from "../lab/mail-host.ts";
import { liveLeaf, name } from "./deployed-host.ts";

export const include = "/etc/dovecot/conf.d/99-mailcert.conf";

export const policy = "/etc/dovecot/conf.d/99-mailcert.policy.conf";

/** A TLS policy with a setting that 2.3 and 2.4 call by different names: it is there where somebody had set it otherwise. */
export const hardenOpenHost = async (host: MailHost): Promise<void> => {
  const open = host.suite === "trixie" ? "auth_allow_cleartext = yes" : "disable_plaintext_auth = no";
  await host.must(`echo '${open}' >/etc/dovecot/conf.d/10-auth.conf.new &&
    cat /etc/dovecot/conf.d/10-auth.conf >>/etc/dovecot/conf.d/10-auth.conf.new &&
    mv /etc/dovecot/conf.d/10-auth.conf.new /etc/dovecot/conf.d/10-auth.conf && doveadm reload`);
  const { status, stdout, stderr } = await host.mailcert(["deploy", "--harden", "--yes"], { timeoutMs: 120_000 });
  expect(status, stdout + stderr).toBe(0);
  expect(await host.read(policy)).toMatch(/^(?:disable_plaintext_auth = yes|auth_allow_cleartext = no)$/m);
};

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
