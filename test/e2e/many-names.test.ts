// Several certificates on one Dovecot and Postfix: each name on each port, one reload for all, one renewed, one taken out, all taken out.
import { describe, expect, it } from "vitest";
import { type MailHost } from "../lab/mail-host.ts";
import { leafIn, onHost, run, serverSettings, settle, suites } from "./deployed-host.ts";
import { expectReloads } from "./log-counts.ts";

const first = "mail.example.org";
const certificates = "/var/lib/mailcert/certificates";

const configuration = `certificates:
  ${first}:
    issuer: self-signed
  two.example.net:
    issuer: self-signed
    names: [two.example.net, imap.two.example.net]
    key: [ecdsa, rsa]
  wild:
    issuer: self-signed
    names: ["*.example.net", ${first}]
`;

const leafOf = (host: MailHost, name: string, slot = "ecdsa"): Promise<string> =>
  leafIn(host, `${certificates}/${name}/live/${slot}/cert.pem`);

/** What openssl is served for a name on 25, 143 and 993; "" asks for none. */
const servedFor = async (host: MailHost, name: string, slot = "ecdsa"): Promise<readonly string[]> => {
  const asked = name === "" ? "-noservername" : `-servername ${name}`;
  const algorithms = slot === "ecdsa" ? "ECDSA+SHA256" : "RSA-PSS+SHA256:RSA+SHA256";
  const script = `for how in "25 -starttls smtp" "143 -starttls imap" 993; do
    timeout 20 openssl s_client -connect 127.0.0.1:$how ${asked} -tls1_2 -sigalgs ${algorithms} </dev/null 2>/dev/null |
      openssl x509 -noout -fingerprint -sha256 2>/dev/null | sed 's/.*=//; s/://g' | tr A-F a-f
  done`;
  return [
    ...new Set(
      (await host.must(script))
        .trim()
        .split("\\n")
        .flatMap((line) => line.split("\n")),
    ),
  ];
};

const names = ["", first, "nobody.example.com", "two.example.net", "imap.two.example.net", "other.example.net"];
const owner = (name: string): string =>
  name.endsWith("two.example.net") ? "two.example.net" : name === "other.example.net" ? "wild" : first;

const expectEach = async (host: MailHost): Promise<void> => {
  for (const name of names) {
    const wanted = await leafOf(host, owner(name));
    await expect.poll(() => servedFor(host, name), { timeout: 10_000, message: name }).toEqual([wanted]);
  }
};

describe.each(suites)("three certificates on %s", (suite) => {
  it("are each served by name, renewed alone, and taken out to the very same bytes", { timeout: 300_000 }, async () => {
    await onHost({ suite }, async (host) => {
      await settle(host);
      const before = await serverSettings(host);
      await host.write("/etc/mailcert/mailcert.yaml", configuration);
      const all = await run(host, ["renew"]);
      expect(all.status, all.stdout + all.stderr).toBe(0);
      await expectReloads(host, 1, 1);
      await expectEach(host);
      expect(await servedFor(host, "two.example.net", "rsa")).toEqual([await leafOf(host, "two.example.net", "rsa")]);
      expect(await host.must("stat -c '%a %U' /etc/postfix/mailcert-sni")).toBe("600 root\n");
      expect((await host.exec("doveconf -n >/dev/null; postconf -n >/dev/null")).stderr).toBe("");

      const old = await leafOf(host, "two.example.net");
      const kept = await leafOf(host, "wild");
      const renewed = await run(host, ["renew", "--force", "two.example.net"]);
      expect(renewed.status, renewed.stdout + renewed.stderr).toBe(0);
      expect(renewed.deployed.servers.map(({ id, changes, reloaded }) => [id, changes, reloaded])).toEqual([
        ["dovecot", [], true],
        ["postfix", [], true],
      ]);
      await expectReloads(host, 2, 2);
      expect(await leafOf(host, "two.example.net")).not.toBe(old);
      expect(await leafOf(host, "wild")).toBe(kept);
      await expectEach(host);
      expect((await run(host, ["deploy"])).status).toBe(0);
      await expectReloads(host, 2, 2);

      const one = await host.mailcert(["deploy", "--remove", "two.example.net"]);
      expect(one.status, one.stdout + one.stderr).toBe(0);
      await expectReloads(host, 3, 3);
      // The wildcard stands for one of its names now, nobody for the other.
      await expect.poll(() => servedFor(host, "two.example.net"), { timeout: 10_000 }).toEqual([kept]);
      await expect
        .poll(() => host.must("cat /etc/postfix/mailcert-sni"), { timeout: 1_000 })
        .not.toContain("two.example.net");
      const rest = await host.mailcert(["deploy", "--remove"]);
      expect(rest.status, rest.stdout + rest.stderr).toBe(0);
      await settle(host);
      expect(await serverSettings(host)).toBe(before);
      await expectReloads(host, 4, 4);
    });
  });
});
