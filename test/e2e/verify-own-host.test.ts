// On the mail host itself: a server without TLS, and one that does not run, are what bare verify, a look by name and the proof all tell of.
import { expect, test } from "vitest";
import { name, onHost } from "./deployed-host.ts";

interface Told {
  readonly entries: readonly {
    readonly port: number;
    readonly address: string;
    readonly ok: boolean;
    readonly findings: readonly { readonly check: string; readonly severity: string; readonly message: string }[];
  }[];
}

test("TLS switched off in Dovecot, Dovecot stopped", async () => {
  await onHost({ suite: "bookworm" }, async (host) => {
    const made = await host.mailcert(["setup", name, "--yes"]);
    expect(made.status, made.stderr).toBe(0);
    const faults = async (...args: string[]) => {
      const { status, stdout } = await host.mailcert(["verify", ...args, "--json"]);
      const { entries } = JSON.parse(stdout) as Told;
      const said = entries.flatMap(({ port, findings }) =>
        findings.filter(({ severity }) => severity === "fault").map(({ check }) => `${port} ${check}`),
      );
      return { status, addresses: new Set(entries.map(({ address }) => address)), faults: [...new Set(said)] };
    };
    await expect.poll(() => faults(), { timeout: 20_000, interval: 200 }).toMatchObject({ status: 0, faults: [] });
    const well = await faults();
    expect([...well.addresses]).toEqual(expect.arrayContaining(["127.0.0.1", "192.0.2.10"]));

    await host.must("echo 'ssl = no' > /etc/dovecot/conf.d/zz.conf && doveadm reload");
    const off = { status: 1, faults: [110, 143, 993, 995, 4190].map((port) => `${port} st-adv`) };
    // Processes of the old configuration take a last connection or two.
    await expect.poll(() => faults(), { timeout: 10_000, interval: 200 }).toMatchObject(off);
    const byName = await faults(name, "--address", "192.0.2.10");
    expect({ ...byName, faults: byName.faults.toSorted() }).toMatchObject({ status: 1, faults: off.faults.toSorted() });
    const proof = await host.mailcert(["deploy"]);
    expect(proof.status).toBe(1);
    expect(proof.stdout).toContain(
      "fault: TLS is switched off (Dovecot: ssl = no, /etc/dovecot/conf.d/zz.conf line 1)",
    );
    expect(proof.stdout).toMatch(/FAILING +993/);
    expect(proof.stdout).toMatch(/proven +25/);

    await host.must("rm /etc/dovecot/conf.d/zz.conf && dovecot stop; while pgrep -x dovecot; do sleep 0.05; done");
    const stopped = await host.mailcert(["verify", name, "--address", "192.0.2.10", "--format", "nagios"]);
    expect(stopped.status).toBe(2);
    expect(stopped.stdout).toMatch(/^MAILCERT CRITICAL - .*net-reach/);
  });
});
