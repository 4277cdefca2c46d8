// Copies for a program that mailcert does not configure (a Dovecot that reads a pair of its own): put there, renewed, proven, and taken back.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { folder, leaves, name } from "./deployed-host.ts";

let host: MailHost;
const config = (files: string): string =>
  `certificates:\n  ${name}:\n    issuer: private-ca\n    key: [ecdsa, rsa]\n    servers: none\n${files}`;
const files = (reload: string): string => `    files:
      app:
        fullchain: /srv/tls/cert.pem
        privkey: /srv/tls/key.pem
        slot: rsa
        group: ssl-cert
        reload: ${reload}
        entries: ["imaps://127.0.0.1:993"]
`;
const configure = (text: string): Promise<void> => host.write("/etc/mailcert/mailcert.yaml", config(text));
const listing = (): Promise<string> =>
  host.must("cd /srv/tls && stat -c '%n %a %U:%G' * .[!.]* 2>/dev/null; cat cert.pem key.pem | sha256sum");
const live = async (): Promise<string> => {
  const line = `openssl x509 -in ${folder}/live/rsa/cert.pem -noout -fingerprint -sha256`;
  return (await host.must(line)).split("=")[1]?.trim().replaceAll(":", "").toLowerCase() ?? "";
};
const served = async (): Promise<string> => ((await leaves(host, [993]))[993] ?? "").replaceAll(":", "").toLowerCase();
let before: string;
let old: string;

beforeAll(async () => {
  host = await startMailHost({ suite: "trixie" });
  await host.must(`mkdir /srv/tls && cp /etc/ssl/certs/ssl-cert-snakeoil.pem /srv/tls/cert.pem && cp /etc/ssl/private/ssl-cert-snakeoil.key /srv/tls/key.pem && chmod 600 /srv/tls/key.pem
cat > /etc/dovecot/conf.d/90-own.conf <<'END'
ssl_server_cert_file = /srv/tls/cert.pem
ssl_server_key_file = /srv/tls/key.pem
END`);
  await host.startDovecot();
  before = await listing();
  old = await served();
  await configure(files("[doveadm, reload]"));
});
afterAll(() => host?.stop());

it("shows what it would copy, copies, runs the program and proves it", async () => {
  expect((await host.mailcert(["issue"])).status).toBe(0);
  const planned = await host.mailcert(["deploy", "--dry-run"]);
  expect(planned.stdout).toContain("copy to /srv/tls/key.pem, /srv/tls/cert.pem");
  expect(planned.stdout).toContain("/srv/tls/key.pem.before-mailcert");
  expect(await listing()).toBe(before);
  const deployed = await host.mailcert(["deploy"]);
  expect({ status: deployed.status, stderr: deployed.stderr }).toEqual({ status: 0, stderr: "" });
  expect(await served()).toBe(await live());
  const lines = (await listing()).split("\n");
  expect(lines.slice(0, 4)).toEqual([
    "cert.pem 644 root:ssl-cert",
    "cert.pem.before-mailcert 644 root:root",
    "key.pem 640 root:ssl-cert",
    "key.pem.before-mailcert 600 root:root",
  ]);
  expect(await host.read("/var/lib/mailcert/events.jsonl")).not.toContain("PRIVATE KEY");
});

it("a renewal with a new key reaches the copies; with nothing due no run touches them; a missing copy comes back", async () => {
  const renewed = await host.mailcert(["renew", "--force", "--new-key"]);
  expect({ status: renewed.status, stderr: renewed.stderr }).toEqual({ status: 0, stderr: "" });
  expect(await served()).toBe(await live());
  const copied = await listing();
  expect((await host.mailcert(["renew"])).status).toBe(0);
  expect(await listing()).toBe(copied);
  await host.must("rm /srv/tls/cert.pem");
  expect((await host.mailcert(["deploy"])).status).toBe(0);
  expect(await listing()).toBe(copied);
});

it("a program that fails is a fault of that run, and a folder that is not there is named", async () => {
  await configure(files("[sh, -c, 'echo no such container >&2; exit 3']"));
  const failed = await host.mailcert(["renew", "--force"]);
  expect(failed.status).toBe(1);
  expect(failed.stdout + failed.stderr).toContain("ended with status 3: no such container");
  await configure(files("[doveadm, reload]").replace("/srv/tls/cert.pem", "/srv/gone/cert.pem"));
  const gone = await host.mailcert(["deploy"]);
  expect(gone.status).toBe(1);
  expect(gone.stdout + gone.stderr).toContain("files: app: there is no folder /srv/gone");
  await configure(files("[doveadm, reload]"));
  expect((await host.mailcert(["deploy"])).status).toBe(0);
  expect(await served()).toBe(await live());
});

it("another path in the configuration: the next run copies there, and puts back what stood at the old one; a link of somebody's is not followed", async () => {
  await configure(files("[doveadm, reload]").replace("/srv/tls/key.pem", "/srv/tls/sub/key.pem"));
  await host.must("mkdir /srv/tls/sub && chown daemon: /srv/tls/sub");
  const moved = await host.mailcert(["renew"]);
  expect({ status: moved.status, stderr: moved.stderr }).toEqual({ status: 0, stderr: "" });
  expect(moved.stdout).toContain("put back the former /srv/tls/key.pem");
  expect(await host.must("cd /srv/tls && cat key.pem | sha256sum; ls sub")).toBe(
    `${await host.must("sha256sum < /etc/ssl/private/ssl-cert-snakeoil.key")}key.pem\n`,
  );
  expect((await host.mailcert(["renew"])).stdout).toContain("nothing to do");
  // Its owner makes the way lead elsewhere.
  await host.must(
    "cd /srv && chown daemon: tls && mv tls/sub tls/gone && ln -s /etc/profile.d tls/sub && chown -h daemon: tls/sub",
  );
  const led = await host.mailcert(["renew", "--force"]);
  expect(led.status).toBe(1);
  expect(led.stdout + led.stderr).toContain("a link that somebody else can change: /srv/tls/sub");
  expect((await host.mailcert(["deploy", "--remove"])).status).toBe(1);
  expect(await host.must("ls /etc/profile.d")).not.toContain("pem");
  await host.must("cd /srv/tls && rm sub && mv gone sub");
  expect((await host.mailcert(["deploy", "--remove"])).status).toBe(0);
  await host.must("cd /srv && rmdir tls/sub && chown root: tls");
  expect(await listing()).toBe(before);
  await configure(files("[doveadm, reload]"));
  expect((await host.mailcert(["deploy"])).status).toBe(0);
  expect(await served()).toBe(await live());
});

it("taken out of the configuration, or by deploy --remove: what stood there is back, and served", async () => {
  const removed = await host.mailcert(["deploy", "--remove"]);
  expect({ status: removed.status, stderr: removed.stderr }).toEqual({ status: 0, stderr: "" });
  expect(removed.stdout).toContain("put back the former /srv/tls/key.pem, /srv/tls/cert.pem");
  expect(await listing()).toBe(before);
  await expect.poll(served, { timeout: 20_000 }).toBe(old);
  expect((await host.mailcert(["snippet", "files"])).stdout).toContain("privkey: /etc/app/tls/privkey.pem");
  expect((await host.mailcert(["deploy"])).status).toBe(0);
  expect(await served()).toBe(await live());
  await configure("");
  expect((await host.mailcert(["deploy"])).status).toBe(0);
  expect(await listing()).toBe(before);
  await expect.poll(served, { timeout: 20_000 }).toBe(old);
});
