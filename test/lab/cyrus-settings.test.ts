// Cyrus under one certificate: settings of people's own, TLS that was off, keys that cannot be read; then from setup to removal, with a session that goes on.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Installation } from "../../src/servers/server.ts";
import { type CyrusLab, cyrusFiles, openCyrusLab } from "./cyrus-host.ts";
import { certificate, folder, leafOf, served } from "./server-judge.ts";

let lab: CyrusLab;
let installation: Installation;
const listener = (port: number) => ({ protocol: "imap", mode: port === 993 ? "implicit" : "starttls", port }) as const;
const must = (line: string): Promise<string> => lab.host.must(line);

beforeAll(async () => {
  lab = await openCyrusLab();
});
afterAll(() => lab?.host.stop());

const look = async (): Promise<void> => {
  const [found] = await lab.cyrus.detect();
  if (!found) throw new Error("not detected");
  installation = found;
};
const apply = async () => {
  const { changes } = await lab.cyrus.plan(installation, certificate);
  for (const change of changes) await lab.cyrus.apply(installation, change);
  await lab.cyrus.check(installation);
  await lab.cyrus.reload(installation);
  return changes;
};

describe("a Cyrus that somebody has configured", () => {
  beforeEach(async () => {
    await lab.reset();
    await look();
  });

  test("a certificate for all services gives way and stays where it is; one for a service alone is left to it", async () => {
    await must(
      "printf 'tls_server_cert: /etc/ssl/certs/ssl-cert-snakeoil.pem\\ntls_server_key: /etc/ssl/private/x.key\\nimap_tls_server_cert: /etc/ssl/mine.pem' >> /etc/imapd.conf",
    );
    const before = await must(cyrusFiles);
    const changes = await apply();
    expect(await lab.cyrus.readBack(installation, certificate)).toEqual([]);
    expect(await lab.cyrus.plan(installation, certificate)).toEqual({ changes: [], notes: [] });
    await expect
      .poll(() => served(lab.host, listener(993), "rsa"), { timeout: 10_000 })
      .toBe(await leafOf(lab.host, `${folder}/live/rsa`));
    const own = (await lab.cyrus.listeners(installation)).filter(({ ownCertificate }) => ownCertificate !== undefined);
    expect(own).toMatchObject([
      { service: "imap", ownCertificate: "imap_tls_server_cert: /etc/ssl/mine.pem in /etc/imapd.conf" },
    ]);
    for (const change of changes.toReversed()) expect(await lab.cyrus.revert(installation, change)).toBe("reverted");
    expect(await must(cyrusFiles)).toBe(before);
  });

  test("STARTTLS that is off stays off beside imaps, and is switched on where there is no TLS for a protocol at all", async () => {
    await must("sed -i '/^allowstarttls/d' /etc/imapd.conf");
    await apply();
    const off = async () =>
      (await lab.cyrus.listeners(installation)).filter(({ unobservable }) => unobservable).map(({ port }) => port);
    expect(await off()).toEqual([143, 4190]);
    await must("sed -i '/^  imaps/d' /etc/cyrus.conf");
    expect((await lab.cyrus.plan(installation, certificate)).changes).toHaveLength(1);
    await apply();
    expect(await off()).toEqual([4190]);
    expect((await lab.cyrus.plan(installation, certificate)).changes).toEqual([]);
    await expect
      .poll(() => served(lab.host, listener(143), "ecdsa"), { timeout: 10_000 })
      .toBe(await leafOf(lab.host, `${folder}/live/ecdsa`));
  });

  test("a key that Cyrus's user cannot read is found before any reload; a file that is read is not taken away", async () => {
    const changes = await apply();
    await must(`chmod 600 ${folder}/live/rsa/privkey.pem`);
    const message = `Cyrus reads keys as cyrus, which cannot read ${folder}/live/rsa/privkey.pem`;
    await expect(lab.cyrus.check(installation)).rejects.toMatchObject({ kind: "config", message });
    await must(`chmod 640 ${folder}/live/rsa/privkey.pem`);
    const [file] = changes;
    if (!file) throw new Error("nothing was planned");
    await expect(lab.cyrus.revert(installation, file)).rejects.toMatchObject({
      message: expect.stringContaining("still read") as string,
    });
  });
});

test("from setup over a renewal to removal: proven on every port, a session goes on, and the very same bytes at the end", async () => {
  await lab.reset();
  await must(`rm -rf /var/lib/mailcert; sed -i 's/auxprop/alwaystrue/' /etc/imapd.conf`);
  await must("kill -HUP $(cat /var/lib/cyrus/master.pid)");
  const before = await must(cyrusFiles);
  const setup = await lab.host.mailcert(["setup", "mail.example.org", "--schedule", "none"]);
  expect({ status: setup.status, stderr: setup.stderr }).toEqual({ status: 0, stderr: "" });
  expect(setup.stdout).toContain("served and proven at every entry point");
  const client = lab.host.spawn(["openssl", "s_client", "-quiet", "-connect", "127.0.0.1:993"]);
  let heard = "";
  client.stdout.on("data", (part: Buffer) => (heard += part.toString()));
  client.stdin.write("a LOGIN alice x\r\n");
  await expect.poll(() => heard, { timeout: 10_000 }).toContain("a OK");
  const old = await served(lab.host, listener(143), "ecdsa");
  const renewed = await lab.host.mailcert(["renew", "--force", "--new-key"]);
  expect({ status: renewed.status, stderr: renewed.stderr }).toEqual({ status: 0, stderr: "" });
  const leaf = await leafOf(lab.host, "/var/lib/mailcert/certificates/mail.example.org/live/ecdsa");
  expect(leaf).not.toBe(old);
  await expect.poll(() => served(lab.host, listener(143), "ecdsa"), { timeout: 10_000 }).toBe(leaf);
  client.stdin.write("b NOOP\r\n");
  await expect.poll(() => heard, { timeout: 10_000 }).toContain("b OK");
  client.kill();
  const removed = await lab.host.mailcert(["deploy", "--remove"]);
  expect({ status: removed.status, stderr: removed.stderr }).toEqual({ status: 0, stderr: "" });
  expect(await must(cyrusFiles)).toBe(before);
});
