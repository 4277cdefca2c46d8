// Owner, group, mode and access list of every file that an adapter rewrites, with real setfacl: kept over edits, rewriting, and the way back.
import { readFile } from "node:fs/promises";
import { afterEach, expect, test } from "vitest";
import type { Change, Server } from "../../src/servers/server.ts";
import { openCourierLab } from "./courier-host.ts";
import { openCyrusLab } from "./cyrus-host.ts";
import { openEximLab } from "./exim-host.ts";
import { type MailHost, startMailHost } from "./mail-host.ts";
import { openSmtpdLab } from "./opensmtpd-host.ts";
import { labParts } from "./parts.ts";
import { afterYes, installHaproxy, openProxyLab } from "./proxies-host.ts";
import { installDriver, remoteServer } from "./remote-server.ts";
import { certificate, makeCertificate } from "./server-judge.ts";

type Adapter = Omit<Server, "snippet">;
interface Opened {
  readonly host: MailHost;
  readonly server: Adapter;
}

const plainHost = async (name: "dovecot" | "postfix"): Promise<Opened> => {
  const host = await startMailHost({ suite: "trixie" });
  await installDriver(host);
  await makeCertificate(host);
  return { host, server: remoteServer(host, name) };
};

let host: MailHost | undefined;
afterEach(async () => {
  await host?.stop();
  host = undefined;
});

/** `files`: those of the admin that are edited; `ours`: a file of ours. */
const cases: readonly {
  readonly name: string;
  readonly open: () => Promise<Opened>;
  readonly files: readonly string[];
  readonly ours?: string;
}[] = [
  { name: "dovecot", open: () => plainHost("dovecot"), files: [], ours: "/etc/dovecot/conf.d/99-mailcert.conf" },
  {
    name: "postfix",
    open: async () => {
      const opened = await plainHost("postfix");
      await opened.host.must(
        "postconf -M 2525/inet='2525 inet n - y - - smtpd -o smtpd_tls_cert_file=/etc/ssl/certs/ssl-cert-snakeoil.pem -o smtpd_tls_key_file=/etc/ssl/private/ssl-cert-snakeoil.key' && touch -d '1 hour ago' /etc/postfix/*.cf",
      );
      return opened;
    },
    files: ["/etc/postfix/main.cf", "/etc/postfix/master.cf"],
  },
  {
    name: "exim",
    open: async () => {
      const lab = await openEximLab("127.0.0.1");
      await lab.host.must("echo 'MESSAGE_SIZE_LIMIT = 10M' > /etc/exim4/exim4.conf.localmacros");
      return { host: lab.host, server: lab.exim };
    },
    files: ["/etc/exim4/exim4.conf.localmacros"],
    ours: "/etc/exim4/mailcert.macros",
  },
  {
    name: "cyrus",
    open: async () => {
      const { host: here, cyrus } = await openCyrusLab();
      return { host: here, server: cyrus };
    },
    files: ["/etc/imapd.conf"],
    ours: "/etc/imapd-mailcert.conf",
  },
  {
    name: "opensmtpd",
    open: async () => {
      const { host: here, smtpd } = await openSmtpdLab();
      return { host: here, server: smtpd };
    },
    files: ["/etc/smtpd.conf"],
    ours: "/etc/smtpd-mailcert.conf",
  },
  {
    name: "courier",
    open: async () => {
      const { host: here, courier } = await openCourierLab();
      return { host: here, server: courier };
    },
    files: ["/etc/courier/imapd-ssl", "/etc/courier/esmtpd"],
  },
  {
    name: "haproxy",
    open: async () => {
      const lab = await openProxyLab("haproxy");
      await installHaproxy(lab.host);
      await lab.host.must("cat >> /etc/haproxy/haproxy.cfg", {
        input: "listen mail\n bind :993 ssl crt /etc/ssl/before/rsa/combined.pem\n server s 127.0.0.1:143\n",
      });
      return { host: lab.host, server: afterYes(lab.server) };
    },
    files: ["/etc/haproxy/haproxy.cfg"],
    ours: "/etc/haproxy/mailcert.crt-list",
  },
];

/** What edits files is one for all of them: a change needs some of them each time, and all once in a while. */
const often = ["dovecot", "postfix", "opensmtpd"];
const chosen = process.env["MAILCERT_FULL"] === "1" ? cases : cases.filter(({ name }) => often.includes(name));

test.each(chosen)("$name: what its files were given stays with them", async ({ open, files, ours }) => {
  const opened = await open();
  const { server } = opened;
  const here = (host = opened.host);
  const { tables } = await labParts();
  for (const program of ["setfacl", "getfacl"])
    await here.write(`/usr/local/bin/${program}`, await readFile(`${tables}/usr/bin/${program}`), "755");
  const give = (paths: readonly string[]): Promise<string> =>
    here.must(
      `chgrp adm ${paths.join(" ")} && chmod g-w,o-w ${paths.join(" ")} && setfacl -m u:alice:rw,g:mail:r ${paths.join(" ")}`,
    );
  const access = (paths: readonly string[]): Promise<string> => here.must(`getfacl -p ${paths.join(" ")}`);

  const [installation] = await server.detect();
  if (!installation) throw new Error("not detected");
  const made: Change[] = [];
  const settle = async (wanted: typeof certificate): Promise<number> => {
    const { changes } = await server.plan(installation, wanted);
    for (const change of changes) {
      await server.apply(installation, change);
      made.push(change);
    }
    return changes.length;
  };
  if (files.length > 0) await give(files);
  const before = files.length > 0 ? await access(files) : "";
  const bytes = files.length > 0 ? await here.must(`sha256sum ${files.join(" ")}`) : "";
  expect(await settle(certificate)).toBeGreaterThan(0);
  if (files.length > 0) expect(await here.must(`sha256sum ${files.join(" ")}`)).not.toBe(bytes);
  if (files.length > 0) expect(await access(files)).toBe(before);
  const all = [...files, ...(ours === undefined ? [] : [ours])];
  if (ours !== undefined) await give([ours]);
  const given = await access(all);
  expect(given).toContain("user:alice:rw-");
  // What the list's mask shows as the group's bits is no mode that somebody changed.
  expect(await settle(certificate)).toBe(0);
  const { ecdsa } = certificate.slots;
  expect(await settle({ ...certificate, slots: ecdsa ? { ecdsa } : {} })).toBeGreaterThan(0);
  expect(await access(all)).toBe(given);
  for (const change of made.toReversed()) expect(await server.revert(installation, change)).toBe("reverted");
  if (files.length > 0)
    expect([await access(files), await here.must(`sha256sum ${files.join(" ")}`)]).toEqual([before, bytes]);
});

test("keys: an access list, or a group, that somebody gave a live key stays through a renewal with a new key", async () => {
  host = await startMailHost({ suite: "trixie", tables: true });
  const folder = "/var/lib/mailcert/certificates/mail.example.org/live";
  await host.write(
    "/etc/mailcert/mailcert.yaml",
    "certificates:\n  mail.example.org:\n    issuer: private-ca\n    key: [ecdsa, rsa]\n    servers: none\n",
  );
  const issue = await host.mailcert(["issue"]);
  expect(issue.status, issue.stderr).toBe(0);
  await host.mailcert(["deploy"]);
  await host.must(
    `setfacl -m u:alice:r ${folder}/ecdsa/privkey.pem && chgrp adm ${folder}/rsa/privkey.pem && chmod 640 ${folder}/rsa/privkey.pem`,
  );
  const access = async (): Promise<string> => (await host?.must(`cd ${folder} && getfacl ecdsa/*.pem rsa/*.pem`)) ?? "";
  const before = await access();
  const old = await host.must(`readlink ${folder}`);
  const renewed = await host.mailcert(["renew", "--force", "--new-key"]);
  expect(renewed.status, renewed.stdout + renewed.stderr).toBe(0);
  expect(await host.must(`readlink ${folder}`)).not.toBe(old);
  expect(await access()).toBe(before);
  expect((await host.exec(["cat", `${folder}/ecdsa/privkey.pem`], { user: "alice" })).status).toBe(0);
  expect((await host.exec(["cat", `${folder}/rsa/privkey.pem`], { user: "alice" })).status).not.toBe(0);
});
