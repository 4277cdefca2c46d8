// Servers in containers (mount namespaces of their own): which folder they mount, and the layouts of docker-mailserver and mailcow with real servers behind.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { all, expectServed, folder, leafIn, listening, liveLeaf, name } from "./deployed-host.ts";

let host: MailHost;
beforeEach(async () => {
  host = await startMailHost({ suite: "trixie" });
}, 120_000);
afterEach(() => host?.stop());

const configure = (more: string): Promise<void> =>
  host.write(
    "/etc/mailcert/mailcert.yaml",
    `certificates:\n  ${name}:\n    issuer: private-ca\n    servers: none\n${more}`,
  );

/** A mount namespace with `from` read-only at `to`; runs a command in it. */
const startContainer = async (which: string, from: string, to: string) => {
  const script = `mkdir -p ${to} && mount --bind ${from} ${to} && mount -o remount,bind,ro ${to} && echo $$ >/run/${which}.pid && exec sleep infinity`;
  host.spawn(["unshare", "--mount", "--propagation", "private", "sh", "-c", script]);
  await host.must(`for i in $(seq 600); do [ ! -s /run/${which}.pid ] || exit 0; sleep 0.05; done; exit 1`);
  /** --root: the namespace's own root is this machine's. */
  const inside = (command: string) =>
    ["nsenter", `--target=$(cat /run/${which}.pid)`, "--mount", "--root", "--wd", "sh", "-c", `'${command}'`].join(" ");
  return {
    inside,
    must: (command: string) => host.must(inside(command), { timeoutMs: 60_000 }),
    exec: (command: string) => host.exec(inside(command)),
  };
};

const ran = async (...args: readonly string[]): Promise<string> => {
  const { status, stdout, stderr } = await host.mailcert(args, { timeoutMs: 120_000 });
  expect(status, stdout + stderr).toBe(0);
  return stdout;
};

describe("what a container mounts", () => {
  it("certificates/NAME follows every switch, and its server serves the new one after a reload; live alone stays the old generation for ever", async () => {
    await configure("");
    await ran("issue");
    await ran("deploy");
    const old = await liveLeaf(host);
    const whole = await startContainer("whole", folder, "/srv/tls");
    const alone = await startContainer("alone", `${folder}/live`, "/srv/tls");
    const own =
      "ssl_server_cert_file = /srv/tls/live/ecdsa/fullchain.pem\nssl_server_key_file = /srv/tls/live/ecdsa/privkey.pem\n";
    await host.write("/etc/dovecot/conf.d/90-own.conf", own);
    await whole.must("/etc/init.d/dovecot start");
    await listening(host, 993);
    await expectServed(host, all([993], old));

    await ran("renew", "--force", "--new-key");
    const leaf = await liveLeaf(host);
    expect(leaf).not.toBe(old);
    const read = async (container: typeof whole, path: string): Promise<string> => {
      await host.write("/tmp/leaf.pem", await container.must(`cat ${path}`));
      return leafIn(host, "/tmp/leaf.pem");
    };
    expect(await read(whole, "/srv/tls/live/ecdsa/cert.pem")).toBe(leaf);
    expect(await read(alone, "/srv/tls/ecdsa/cert.pem")).toBe(old);
    await whole.must("doveadm reload");
    await expectServed(host, all([993], leaf));
    expect((await whole.exec("touch /srv/tls/mine")).stderr).toContain("Read-only file system");
  }, 300_000);
});

/** As the images set it up: where the folder is mounted, what the servers are told, what makes them read it again. */
const images = {
  mailcow: {
    outside: "/opt/mailcow-dockerized",
    made: "/opt/mailcow-dockerized/data/assets/ssl",
    inside: "/etc/ssl/mail",
    certificate: "/etc/ssl/mail/cert.pem",
    key: "/etc/ssl/mail/key.pem",
    reload: "        reload: [/usr/local/bin/restart-mailcow]\n",
    watches: "",
  },
  // SSL_TYPE=manual: its start script copies both to /etc/dms/tls, and so does its change detector, which then restarts the servers.
  "docker-mailserver": {
    outside: "/srv/dms/tls",
    made: "/srv/dms/tls",
    inside: "/tmp/dms/custom-certs",
    certificate: "/etc/dms/tls/cert",
    key: "/etc/dms/tls/key",
    reload: "",
    watches:
      'mkdir -p /etc/dms/tls; cd /tmp/dms/custom-certs; sum=; while sleep 0.5; do now=$(cat private.key public.crt | sha256sum); [ "$now" = "$sum" ] && continue; ' +
      "sum=$now; install -m 600 private.key /etc/dms/tls/key; install -m 644 public.crt /etc/dms/tls/cert; touch /run/copied; doveadm reload; postfix reload; done",
  },
} as const;

describe.each(Object.entries(images))("the preset %s", (preset, image) => {
  it("puts the pair where the image looks; a Dovecot and a Postfix in the container serve it, and the next one with a new key", async () => {
    await host.must(["mkdir", "-p", image.made]);
    const entries = '["imaps://127.0.0.1:993", "smtp://127.0.0.1:25"]';
    await configure(
      `    files:\n      mail:\n        preset: ${preset}\n        folder: ${image.outside}\n${image.reload}        entries: ${entries}\n`,
    );
    await host.write("/usr/local/bin/restart-mailcow", "#!/bin/sh\ntrue\n", "755");
    await ran("issue");
    // Nothing serves it yet: the copies are made all the same.
    await host.mailcert(["deploy"], { timeoutMs: 120_000 });
    const container = await startContainer("mail", image.made, image.inside);
    if (image.watches !== "") {
      await host.write("/usr/local/bin/check-for-changes", `#!/bin/sh\n${image.watches}\n`, "755");
      host.spawn(container.inside("/usr/local/bin/check-for-changes"));
      await host.must("for i in $(seq 600); do [ ! -e /run/copied ] || exit 0; sleep 0.05; done; exit 1");
    }
    await host.write(
      "/etc/dovecot/conf.d/90-own.conf",
      `ssl_server_cert_file = ${image.certificate}\nssl_server_key_file = ${image.key}\n`,
    );
    await host.must(
      `postconf -X smtpd_tls_cert_file smtpd_tls_key_file && postconf -e "smtpd_tls_chain_files = ${image.key}, ${image.certificate}"`,
    );
    await container.must("/etc/init.d/dovecot start && /etc/init.d/postfix start");
    await listening(host, 25, 993);
    await host.write(
      "/usr/local/bin/restart-mailcow",
      `#!/bin/sh\n${container.inside("doveadm reload && postfix reload")}\n`,
      "755",
    );
    expect(await ran("deploy")).toContain("served and proven at every entry point");
    await expectServed(host, all([25, 993], await liveLeaf(host)));

    const old = await liveLeaf(host);
    expect(await ran("renew", "--force", "--new-key")).toContain("served and proven at every entry point");
    const leaf = await liveLeaf(host);
    expect(leaf).not.toBe(old);
    await expectServed(host, all([25, 993], leaf));
  }, 300_000);
});
