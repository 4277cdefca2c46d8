// setup --harden: one plan, one yes, certificate and policy; and a policy whose run is killed before the reload is finished by the next renew.
import { expect, test } from "vitest";
import { complaints } from "../docs/schemas.ts";
import { name, onHost, serverSettings, settle, snapshot, wrap } from "./deployed-host.ts";
import { type Policy, expectVersions, oldFlags, outcomes, setUp, version, withSubmission } from "./hardened-host.ts";

const args = ["setup", name, "--schedule", "none", "--harden"];

test("the whole bootstrap with the policy, after one yes", async () => {
  await onHost({ suite: "trixie" }, async (host) => {
    await withSubmission(host);
    await settle(host);
    const shipped = await serverSettings(host);
    const planned = await host.mailcert([...args, "--dry-run"]);
    expect(planned.stdout).toMatch(
      /plan \(nothing was changed\)[\s\S]*write \/etc\/dovecot[\s\S]*TLS policy: intermediate[\s\S]*ssl: yes -> required/,
    );
    const refused = await host.mailcert(args);
    expect(refused).toMatchObject({ status: 64, stderr: expect.stringContaining("--yes") as string });
    expect(await serverSettings(host)).toBe(shipped);
    expect(await snapshot(host, "/etc/mailcert", "/var/lib/mailcert")).toBe("");
    const done = await host.mailcert([...args, "--yes", "--json"], { timeoutMs: 100_000 });
    const document = JSON.parse(done.stdout) as { readonly policy: Policy };
    expect(complaints(document)).toEqual([]);
    expect({ status: done.status, outcomes: outcomes(document.policy) }).toEqual({
      status: 0,
      outcomes: ["dovecot set", "postfix set"],
    });
    await expectVersions(host, [587, oldFlags, ""], [587, "", "TLSv1.3"]);
    // As safe to run again as setup without it.
    const again = await host.mailcert(args);
    expect({ status: again.status, stderr: again.stderr }).toEqual({ status: 0, stderr: "" });
    expect(again.stdout).toMatch(/dovecot 2\.4\S*, linked with OpenSSL \S+: nothing to do/);
  });
}, 300_000);

test("a run that is killed before its reload: the next renew tests, reloads, proves and tells", async () => {
  await onHost({ suite: "bookworm" }, async (host) => {
    await setUp(host);
    const path = await wrap(host, "doveadm", 'kill -9 "$PPID"');
    const killed = await host.mailcert(["deploy", "--harden", "--yes"], { env: { PATH: path }, timeoutMs: 100_000 });
    expect(killed.status).not.toBe(0);
    expect(await host.must("doveconf -h ssl_curve_list")).toBe("X25519:prime256v1:secp384r1\n");
    expect(await version(host, 993, "-groups X448")).toBe("TLSv1.3");
    const next = await host.mailcert(["renew"]);
    expect(next.stdout).toContain(
      "dovecot: the TLS policy intermediate that a run which was cut short was about is in effect, and proven",
    );
    await expectVersions(host, [993, "-groups X448", ""], [993, "", "TLSv1.3"]);
    expect((await host.mailcert(["renew"])).stdout).not.toContain("cut short");
  });
}, 300_000);
