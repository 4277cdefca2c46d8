// Dovecot's LMTP over its unix socket, as Debian installs it: what local delivery sees, before and after setup.
import { afterEach, describe, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";

const socket = "lmtp+unix:///run/dovecot/lmtp";
const hosts: MailHost[] = [];

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

interface Entry {
  readonly url: string;
  readonly address: string;
  readonly port: number;
  readonly tls?: { readonly version: string };
  readonly leaf?: { readonly sha256: string };
  readonly findings: readonly { readonly check: string; readonly severity: string; readonly message: string }[];
}

describe.each(["bookworm", "trixie"] as const)("on %s", (suite) => {
  it("is looked at without a port, and serves the live leaf after setup", async () => {
    const host = await startMailHost({ suite });
    hosts.push(host);
    await host.startDovecot();
    const verify = async (args: readonly string[], user?: string) => {
      const { status, stdout, stderr } = await host.mailcert(["verify", ...args, "--json"], user ? { user } : {});
      const { entries } = JSON.parse(stdout) as { entries: readonly [Entry] };
      return { status, entry: entries[0], stderr };
    };

    const before = await verify([socket]);
    expect(before).toMatchObject({
      status: 0,
      entry: { url: socket, address: "/run/dovecot/lmtp", port: 0, tls: { version: "TLSv1.3" } },
    });
    // Debian's own self-signed certificate; nothing else is said of a socket that works.
    expect(before.entry.findings.map(({ check, severity }) => `${severity} ${check}`)).toEqual(["info cert-trust"]);
    const snakeoil = await host.must(
      "openssl x509 -in $(readlink -f /etc/dovecot/private/dovecot.pem) -outform DER | sha256sum",
    );
    expect(before.entry.leaf?.sha256).toBe(snakeoil.split(" ")[0]);
    // Everybody on the host may look where everybody may deliver.
    expect(await verify([socket], "alice")).toMatchObject({ status: 0, entry: { leaf: before.entry.leaf } });

    await host.must("mailcert setup mail.example.org --schedule none --server dovecot");
    const after = await verify([socket, "--sni", "mail.example.org", "--expect", "live"]);
    expect(after, after.stderr).toMatchObject({ status: 0, entry: { findings: [] } });
    expect(after.entry.leaf?.sha256).not.toBe(before.entry.leaf?.sha256);

    await host.must("chmod 0600 /run/dovecot/lmtp");
    const shut = await verify([socket], "alice");
    expect(shut).toMatchObject({ status: 1, entry: { findings: [{ check: "net-reach", severity: "fault" }] } });
    expect(shut.entry.findings[0]?.message).toContain("permission denied");
  });
});
