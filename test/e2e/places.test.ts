// Certificates by address and by service on a host with two addresses: who gets which, one renewed, one moved, one refused, taken out to the byte.
import { describe, expect, it } from "vitest";
import { type MailHost } from "../lab/mail-host.ts";
import { leafIn, onHost, run, serverSettings, settle, suites } from "./deployed-host.ts";
import { expectReloads } from "./log-counts.ts";

const [usual, other] = ["192.0.2.10", "192.0.2.11"] as const;

const configuration = (mx: string): string => `certificates:
  mail.example.org: { issuer: self-signed }
  two.example.net: { issuer: self-signed }
  customer.example.com: { issuer: self-signed, key: [ecdsa, rsa], addresses: ${other}, servers: dovecot }
  mx.example.org: { issuer: self-signed, services: ${mx} }
`;

const leafOf = (host: MailHost, name: string, slot = "ecdsa"): Promise<string> =>
  leafIn(host, `/var/lib/mailcert/certificates/${name}/live/${slot}/cert.pem`);

/** What openssl is served, SHA-256 in hex; `name` "" asks for none. */
const servedAt = async (host: MailHost, at: string, port: number, name: string, slot = "ecdsa"): Promise<string> => {
  const asked = name === "" ? "-noservername" : `-servername ${name}`;
  const algorithms = slot === "ecdsa" ? "ECDSA+SHA256" : "RSA-PSS+SHA256:RSA+SHA256";
  const upgrade = port === 25 ? "-starttls smtp" : "";
  const line = `timeout 20 openssl s_client -connect ${at}:${port} ${upgrade} ${asked} -tls1_2 -sigalgs ${algorithms} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256 2>/dev/null | sed 's/.*=//; s/://g' | tr A-F a-f`;
  return (await host.must(line)).trim();
};

/** Rows: address, port, asked name, whose. */
const expectEach = async (host: MailHost, rows: readonly (readonly [string, number, string, string])[]) => {
  for (const [at, port, name, whose] of rows)
    await expect
      .poll(() => servedAt(host, at, port, name), { timeout: 10_000, message: `${at} ${port} "${name}"` })
      .toBe(await leafOf(host, whose));
};

const [main, two, customer, mx] = [
  "mail.example.org",
  "two.example.net",
  "customer.example.com",
  "mx.example.org",
] as const;

interface Status {
  readonly certificates: readonly {
    readonly name: string;
    readonly deployments: Readonly<
      Record<
        string,
        { readonly places?: object; readonly entries: readonly { readonly url: string; readonly address: string }[] }
      >
    >;
  }[];
}

describe.each(suites)("places on %s", (suite) => {
  it("everybody gets them there, and nobody elsewhere", { timeout: 300_000 }, async () => {
    await onHost({ suite, start: ["dovecot"] }, async (host) => {
      await host.must(
        `ip addr add ${other}/24 dev eth0 && postconf -M 'submissions/inet=submissions inet n - y - - smtpd -o smtpd_tls_wrappermode=yes' && touch -d '1 hour ago' /etc/postfix/*.cf`,
      );
      await host.startPostfix([25, 465]);
      await settle(host);
      const before = await serverSettings(host);
      const write = (text: string): Promise<void> => host.write("/etc/mailcert/mailcert.yaml", text);

      await write(configuration("smtp").replace(other, "[192.0.2.99]"));
      const checked = await host.mailcert(["config", "check"]);
      expect(checked.stdout + checked.stderr).toContain("192.0.2.99 is no address of this host, which has 192.0.2.10");
      await write(configuration("smtp"));
      expect((await host.mailcert(["config", "check"])).stdout).toContain("no problems");
      const first = await run(host, ["renew"]);
      expect(first.status, first.stdout + first.stderr).toBe(0);
      await expectReloads(host, 1, 1);
      await expectEach(host, [
        [usual, 993, "", main],
        [usual, 993, two, two],
        // Where it is for nobody, its names are nobody's.
        [usual, 993, customer, main],
        [other, 993, "", customer],
        [other, 993, two, customer],
        [usual, 25, "", mx],
        [other, 25, two, mx],
        [other, 465, "", main],
        [usual, 465, two, two],
      ]);
      expect(await servedAt(host, other, 993, "", "rsa")).toBe(await leafOf(host, customer, "rsa"));
      expect((await host.exec("doveconf -n >/dev/null; postconf -n >/dev/null")).stderr).toBe("");
      const { certificates } = JSON.parse((await host.mailcert(["status", "--json"])).stdout) as Status;
      const places = (name: string, id: string): readonly string[] => {
        const entries = certificates.find((one) => one.name === name)?.deployments[id]?.entries ?? [];
        return [...new Set(entries.map(({ url, address }) => `${address} ${url.replace(/^.*:/, "")}`))];
      };
      expect(places(customer, "dovecot")).toContain(`${other} 993`);
      expect(places(customer, "dovecot").filter((place) => !place.startsWith(`${other} `))).toEqual([]);
      expect(places(main, "dovecot").filter((place) => place.startsWith(`${other} `))).toEqual([]);
      expect(places(mx, "postfix").filter((place) => !place.endsWith(" 25"))).toEqual([]);
      expect(places(main, "postfix").filter((place) => place.endsWith(" 25"))).toEqual([]);
      expect((await host.mailcert(["status"])).stdout).toContain(`(for everybody: ${other})`);

      const renewed = await run(host, ["renew", "--force", customer]);
      expect(renewed.status, renewed.stdout + renewed.stderr).toBe(0);
      await expectReloads(host, 2, 1);
      await expectEach(host, [
        [other, 993, "", customer],
        [usual, 993, "", main],
      ]);

      // A machine that stands by: the address is the other one's, and comes when nobody is there to deploy.
      await host.must(`ip addr del ${other}/24 dev eth0`);
      const standby = await run(host, ["renew", "--force", customer]);
      expect(standby.status, standby.stdout + standby.stderr).toBe(0);
      expect(standby.stdout).toContain(`this host does not have the address ${other} now`);
      await host.must(`ip addr add ${other}/24 dev eth0`);
      await expectEach(host, [
        [other, 993, "", customer],
        [usual, 993, "", main],
      ]);
      await expectReloads(host, 3, 1);

      // It moves: what it had set at its old service goes, to the byte.
      await write(configuration("submissions"));
      const moved = await run(host, ["deploy"]);
      expect(moved.status, moved.stdout + moved.stderr).toBe(0);
      await expectReloads(host, 3, 2);
      expect((await host.must("postconf -P | grep -c mailcert")).trim()).toBe("1");
      await expectEach(host, [
        [usual, 25, "", main],
        [usual, 465, two, mx],
      ]);
      expect((await run(host, ["deploy"])).status).toBe(0);
      await expectReloads(host, 3, 2);

      // By address, Postfix would need a service of its own there.
      await write(configuration(`smtp, addresses: ${other}, servers: postfix`));
      const refused = await host.mailcert(["deploy", mx]);
      expect(refused.status, refused.stdout + refused.stderr).toBe(78);
      expect(refused.stderr).toContain("`smtp inet ...` is for other addresses as well");
      expect(refused.stderr).toContain(`\`${other}:smtp inet ...\``);
      await write(configuration("submissions"));

      for (const gone of [customer, mx]) expect((await host.mailcert(["deploy", "--remove", gone])).status).toBe(0);
      await expectEach(host, [
        [other, 993, "", main],
        [other, 993, two, two],
        [usual, 465, "", main],
      ]);
      const rest = await host.mailcert(["deploy", "--remove"]);
      expect(rest.status, rest.stdout + rest.stderr).toBe(0);
      await settle(host);
      expect(await serverSettings(host)).toBe(before);
    });
  });
});
