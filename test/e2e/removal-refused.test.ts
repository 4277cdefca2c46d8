// deploy --remove on a host whose Postfix does not reload at that moment: nothing is said to be out before it is, and the next removal does the rest.
import { expect, it } from "vitest";
import { startMailHost } from "../lab/mail-host.ts";
import { certificates, leafOf, served } from "../lab/server-judge.ts";

const smtp = { protocol: "smtp", mode: "starttls", port: 25 } as const;
const [main, two, mx] = ["mail.example.org", "two.example.net", "mx.example.org"] as const;

it("a certificate by service and one by name", async () => {
  const host = await startMailHost({ suite: "trixie" });
  try {
    await host.write(
      "/etc/mailcert/mailcert.yaml",
      `certificates:\n  ${main}: { issuer: self-signed, servers: postfix }\n  ${two}: { issuer: self-signed, servers: postfix }\n  ${mx}: { issuer: self-signed, servers: postfix, services: smtp }\n`,
    );
    await host.startPostfix();
    const serves = async (name: string, whose: string): Promise<void> => {
      const leaf = await leafOf(host, `${certificates}/${whose}/live/ecdsa`);
      await expect.poll(() => served(host, smtp, "ecdsa", name), { timeout: 20_000, message: name }).toBe(leaf);
    };
    const first = await host.mailcert(["renew"]);
    expect(first.status, first.stdout + first.stderr).toBe(0);
    await serves("", mx);

    await host.must(
      `mv /usr/sbin/postfix /usr/sbin/postfix.real && printf '#!/bin/sh\\ncase " $* " in *" reload "*) echo "not now" >&2; exit 1;; esac\\nexec /usr/sbin/postfix.real "$@"\\n' > /usr/sbin/postfix && chmod 755 /usr/sbin/postfix`,
    );
    const refused = await host.mailcert(["deploy", "--remove", mx, two]);
    expect(refused.status, refused.stdout + refused.stderr).toBe(1);
    expect(refused.stdout).toContain("postfix was not reloaded");
    expect(refused.stdout.split("removed -o smtpd_tls_chain_files")).toHaveLength(2);
    await serves("", mx);
    const told = await host.mailcert(["status", mx]);
    expect(told.status, told.stdout).toBe(1);
    expect(told.stdout).toContain(`postfix has not read yet that ${mx} was taken out of its settings`);

    await host.must("mv /usr/sbin/postfix.real /usr/sbin/postfix");
    const again = await host.mailcert(["deploy", "--remove", mx, two]);
    expect(again.status, again.stdout + again.stderr).toBe(0);
    expect(again.stdout).toContain("postfix reloaded");
    for (const name of ["", two]) await serves(name, main);
    expect((await host.mailcert(["status", mx])).stdout).not.toContain("has not read yet");
    const log = (await host.read("/var/lib/mailcert/events.jsonl")).split("\n").filter((line) => line !== "");
    const reverts = log.filter((line) => /"reverts":true/.test(line) && /smtpd_tls_chain_files/.test(line));
    expect(reverts.filter((line) => line.includes(`"certificate":"${mx}"`)).length).toBe(1);

    const all = await host.mailcert(["deploy", "--remove"]);
    expect(all.status, all.stdout + all.stderr).toBe(0);
    expect(await host.must("ls /etc/postfix | grep mailcert || true; postconf -n | grep mailcert || true")).toBe("");
  } finally {
    await host.stop();
  }
}, 300_000);
