// A copy keeps the access list that somebody gave it, whatever list that is, through renewals; where it is wrong nobody gets more than was meant.
import { expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { folder, name } from "./deployed-host.ts";

/** setfacl is not installed: the list as the kernel keeps it (linux/posix_acl_xattr.h), with alice as its one named user. */
const acl = `import os, pwd, struct, sys
tag, path = "system.posix_acl_access", sys.argv[2]
if sys.argv[1] == "set":
    alice = pwd.getpwnam("alice").pw_uid
    rows = [(1, 6, -1), (2, 4, alice), (4, 0, -1), (16, int(sys.argv[3]), -1), (32, 0, -1)]
    os.setxattr(path, tag, struct.pack("<I", 2) + b"".join(struct.pack("<HHI", t, p, i & 0xffffffff) for t, p, i in rows))
data = os.getxattr(path, tag) if tag in os.listxattr(path) else b""
print([struct.unpack_from("<HHI", data, at)[:2] for at in range(4, len(data), 8)])
`;
const list = (host: MailHost, ...words: readonly string[]): Promise<string> =>
  host.must(["python3", "-c", acl, ...words]);
const canRead = async (host: MailHost): Promise<boolean> =>
  (await host.exec(["cat", "/srv/tls/key.pem"], { user: "alice" })).status === 0;

it("a list stays, and with it who reads the key; a deployment that finds it changes nothing", async () => {
  const host = await startMailHost({ suite: "trixie" });
  try {
    await host.must("mkdir /srv/tls");
    await host.write(
      "/etc/mailcert/mailcert.yaml",
      `certificates:\n  ${name}:\n    issuer: private-ca\n    servers: none\n    files:\n      app:\n        privkey: /srv/tls/key.pem\n        fullchain: /srv/tls/cert.pem\n`,
    );
    for (const verb of ["issue", "deploy"]) expect((await host.mailcert([verb])).status).toBe(0);
    expect(await canRead(host)).toBe(false);
    const rows = "[(1, 6), (2, 4), (4, 0), (16, 4), (32, 0)]\n";
    expect(await list(host, "set", "/srv/tls/key.pem", "4")).toBe(rows);
    expect(await canRead(host)).toBe(true);
    // The mask shows as the group's bits: that is no mode that somebody changed.
    expect(await host.must("stat -c %a /srv/tls/key.pem")).toBe("640\n");
    expect((await host.mailcert(["deploy", "--dry-run"])).stdout).not.toContain("copy to");
    const before = await host.must("stat -c %i /srv/tls/key.pem");
    const renewed = await host.mailcert(["renew", "--force", "--new-key"]);
    expect(renewed.status, renewed.stdout + renewed.stderr).toBe(0);
    expect(await host.must("stat -c %i /srv/tls/key.pem")).not.toBe(before);
    expect(await host.must("cat /srv/tls/key.pem")).toBe(await host.must(`cat ${folder}/live/ecdsa/privkey.pem`));
    expect(await list(host, "get", "/srv/tls/key.pem")).toBe(rows);
    expect(await canRead(host)).toBe(true);
    // Opened to everybody by mistake: the list stays, the mistake does not.
    await host.must("chmod o+r /srv/tls/key.pem");
    expect((await host.mailcert(["deploy"])).status).toBe(0);
    expect(await list(host, "get", "/srv/tls/key.pem")).toBe(rows);
    expect(await list(host, "get", "/srv/tls/cert.pem")).toBe("[]\n");
    expect(await host.must("ls /srv/tls")).toBe("cert.pem\nkey.pem\n");
  } finally {
    await host.stop();
  }
}, 90_000);
