// A service of master.cf copied together with mailcert's line, as a line for each address is made: it is mailcert's there, too, and a removal leaves none of its files named.
import { expect, it } from "vitest";
import { onHost, settle } from "./deployed-host.ts";

const other = "192.0.2.11";
const [main, mx, customer] = ["mail.example.org", "mx.example.org", "mail.customer.example"] as const;
const combined = (name: string): string => `/var/lib/mailcert/certificates/${name}/live/ecdsa/combined.pem`;

const configuration = `certificates:
  ${main}: { issuer: self-signed, servers: postfix }
  ${mx}: { issuer: self-signed, services: smtp, servers: postfix }
  ${customer}: { issuer: self-signed, addresses: ${other}, servers: postfix }
`;

it("goes to the certificate that is for the place, without a yes, and out again", { timeout: 300_000 }, async () => {
  await onHost({ suite: "trixie", start: ["postfix"] }, async (host) => {
    await host.must(`ip addr add ${other}/24 dev eth0`);
    await host.write("/etc/mailcert/mailcert.yaml", configuration);
    const first = await host.mailcert(["renew"]);
    expect(first.stdout + first.stderr).toContain(
      `\`${other}:smtp inet ...\`, \`127.0.0.1:smtp inet ...\`, \`[::1]:smtp inet ...\` and its like`,
    );
    await host.mailcert(["issue", customer]);

    // The entry with its lines, for each address; and for a service that is nobody's place.
    const master = await host.read("/etc/postfix/master.cf");
    const entry = /^smtp +inet .*\n(?:[ \t].*\n)+/m.exec(master)?.[0] ?? "";
    expect(entry).toContain(combined(mx));
    const copies = ["192.0.2.10:smtp", `${other}:smtp`, "127.0.0.1:smtp", "127.0.0.1:submission"];
    const text = master.replace(entry, copies.map((at) => entry.replace(/^smtp/, at)).join(""));
    await host.write("/etc/postfix/master.cf", text);
    await settle(host);
    await host.must("postfix reload");

    const moved = await host.mailcert(["deploy"]);
    expect(moved.status, moved.stdout + moved.stderr).toBe(0);
    expect(moved.stdout).toContain("master.cf smtp/inet: -o smtpd_tls_chain_files: there is no such service any more");
    expect(moved.stdout).not.toContain("keeps its own certificate");
    expect((await host.must("postconf -P | grep chain_files")).trim().split("\n").toSorted()).toEqual([
      `127.0.0.1:smtp/inet/smtpd_tls_chain_files = ${combined(mx)}`,
      `192.0.2.10:smtp/inet/smtpd_tls_chain_files = ${combined(mx)}`,
      `${other}:smtp/inet/smtpd_tls_chain_files = ${combined(customer)}`,
    ]);

    // A chain that mailcert never set at such a service is somebody's own: told, taken out after a yes, and not put back by the next run.
    const pass = "smtpd/pass/smtpd_tls_chain_files";
    const atPass = async () => (await host.must("postconf -P")).split("\n").find((line) => line.startsWith(pass));
    await host.must(`postconf -M 'smtpd/pass=smtpd pass - - y - - smtpd' && postconf -P '${pass}=${combined(mx)}'`);
    await settle(host);
    const asked = await host.mailcert(["deploy"]);
    expect(asked.status, asked.stdout + asked.stderr).toBe(0);
    expect(asked.stdout).toContain(`which mailcert did not set: ${mx} is for other places`);
    expect(await atPass()).toBe(`${pass} = ${combined(mx)}`);
    expect((await host.mailcert(["deploy", "--yes"])).stdout).toContain("master.cf smtpd/pass: remove -o smtpd_tls");
    expect(await atPass()).toBeUndefined();
    await settle(host);
    const kept = await host.mailcert(["deploy"]);
    expect(kept.status, kept.stdout + kept.stderr).toBe(0);
    expect([await atPass(), kept.stdout.includes("did not set")]).toEqual([undefined, false]);
    await host.must("postconf -MX smtpd/pass && postfix reload");

    // What somebody pasted is not taken out, and is told: without these files, TLS ends there.
    const pasted = "127.0.0.1:submission/inet/smtpd_tls_chain_files";
    const own = "/etc/dovecot/conf.d/99-own.conf";
    await host.must(`postconf -P '${pasted}=${combined(main)}' && touch -d '1 hour ago' /etc/postfix/*.cf`);
    await host.write(own, `ssl_server_cert_file = ${combined(main)}\n`);
    const removed = await host.mailcert(["deploy", "--remove"]);
    expect(removed.status, removed.stdout + removed.stderr).toBe(1);
    expect(removed.stdout).toContain(`postfix still names files of ${main}: -o smtpd_tls_chain_files=`);
    expect(removed.stdout).toContain(`dovecot still names files of ${main}: line 1 of ${own} says`);
    expect(removed.stdout).not.toContain(`still names files of ${mx}`);
    expect(removed.stdout).not.toContain("put back -o");
    await host.must(/postconf -PX \S+ && postfix reload/.exec(removed.stdout)?.[0] ?? "no hint");
    await host.must(["rm", own]);
    const again = await host.mailcert(["deploy", "--remove"]);
    expect(again.status, again.stdout + again.stderr).toBe(0);
    expect((await host.exec("postconf -P | grep chain_files")).stdout).toBe("");
    expect((await host.exec("grep -rs /var/lib/mailcert /etc/postfix /etc/dovecot")).stdout).toBe("");
  });
});
