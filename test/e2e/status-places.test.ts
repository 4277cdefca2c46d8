// What status says on a real host: of a certificate that took an entry point, of who is the default, of places that changed, and of a Dovecot that was stopped.
import { expect, it } from "vitest";
import { onHost, run, settle } from "./deployed-host.ts";

const [main, two, customer] = ["mail.example.org", "two.example.net", "customer.example.com"] as const;
const configuration = (services: string): string => `certificates:
  ${main}: { issuer: self-signed, servers: dovecot }
  ${two}: { issuer: self-signed, servers: dovecot }
  ${customer}: { issuer: self-signed, services: ${services}, servers: dovecot }
`;

it("status tells what is", { timeout: 300_000 }, async () => {
  await onHost({ suite: "trixie", start: ["dovecot"] }, async (host) => {
    await settle(host);
    const write = (text: string): Promise<void> => host.write("/etc/mailcert/mailcert.yaml", text);
    const status = async (): Promise<string> => (await host.mailcert(["status"])).stdout;
    const taken = configuration("pop3").replace(new RegExp(`  ${customer}.*\n`), "");
    await write(taken);
    await run(host, ["renew"]);
    const first = await status();
    expect(first).toMatch(/dovecot 110,143,993,995,\S+ \(default\)/);
    expect(first).toMatch(/dovecot 110,143,993,995,\S+ \(by name\)/);

    // Nobody offers it: an attempt that failed, with its reason.
    await write(configuration("submissions"));
    expect((await run(host, ["renew"])).status).toBe(1);
    expect(await status()).toMatch(
      /customer\.example\.com: next attempt .*: .*no server of this host .* offers submissions/,
    );

    await write(configuration("pop3"));
    await run(host, ["renew"]);
    const after = await status();
    expect(after).toMatch(/dovecot 143,993,\S+ \(default\)/);
    expect(after).toMatch(/dovecot 110,995 \(for everybody: pop3\): all \d+ proven \(\d{4}-.* UTC\)/);

    await write(configuration("imap"));
    expect(await status()).toContain(`${customer}: to be deployed: it is configured for imap, and served for pop3`);
    await run(host, ["renew"]);
    expect(await status()).toMatch(/dovecot 143,993 \(for everybody: imap\): all \d+ proven/);

    await host.must("/etc/init.d/dovecot stop");
    const stopped = await host.mailcert(["status"]);
    expect(stopped.status).toBe(1);
    expect(stopped.stdout).toContain(`fault: dovecot is not running: it served ${customer}, ${main}, ${two} at `);
    const deployed = await host.mailcert(["deploy"]);
    expect(deployed.status, deployed.stdout).toBe(1);
    expect(deployed.stdout).toContain(`fault: dovecot is not running: it served ${main} at `);
    // Each hour until it runs, or somebody says that it is meant.
    expect((await host.mailcert(["renew", "--quiet"])).status).toBe(1);
    await host.must("update-rc.d dovecot disable");
    const meant = await host.mailcert(["renew"]);
    expect(meant.status, meant.stdout).toBe(0);
    expect(meant.stdout).toContain("dovecot is not running: dovecot is disabled in every runlevel (update-rc.d)");
    expect((await host.mailcert(["status"])).stdout).toContain("warning: dovecot is not running: dovecot is disabled");
  });
});
