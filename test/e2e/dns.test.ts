// dns show and dns check on a real host: what is printed goes into a signed zone as it is, and is then found to fit.
import { afterEach, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { startSignedZone } from "../lab/signed-zone.ts";

const name = "mail.example.org";
const domain = "example.org";
const hosts: MailHost[] = [];

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

interface Shown {
  readonly certificates: readonly {
    readonly groups: readonly {
      readonly topic: string;
      readonly records: readonly { readonly owner: string; readonly type: string; readonly data: string }[];
    }[];
  }[];
}

/** As `zone.add` takes them: relative to the zone, texts quoted for a shell. */
const linesOf = (json: string): readonly string[] =>
  (JSON.parse(json) as Shown).certificates
    .flatMap(({ groups }) => groups)
    .flatMap(({ records }) => records)
    .map(
      ({ owner, type, data }) =>
        `${owner.slice(0, -domain.length - 1)} 5 ${type} ${type === "TXT" ? `'${data}'` : data}`,
    );

it("what dns show prints is what dns check asks for; a foreign TLSA record is a fault", async () => {
  const host = await startMailHost({ suite: "trixie" });
  hosts.push(host);
  await host.startPostfix();
  await host.startDovecot();
  const zone = await startSignedZone(host, { zone: domain, records: ["mail A 192.0.2.10", "@ MX 10 mail"] });
  const mistyped = await host.mailcert(["setup", "mial.example.org", "--dry-run"]);
  expect(mistyped.status, mistyped.stderr).toBe(0);
  expect(mistyped.stdout).toContain("warning: mial.example.org does not exist in DNS: no client finds it");
  const made = await host.must(["mailcert", "setup", name, "--schedule", "none"]);
  expect(made).not.toContain("no client finds it");

  const before = await host.mailcert(["dns", "check"]);
  expect(before.status, before.stdout + before.stderr).toBe(0);
  expect(before.stdout).toContain(`_25._tcp.${name} has no TLSA records`);
  expect(before.stdout).toContain(`${domain} has no SRV records of mail services`);
  expect(before.stdout).toContain(`the mail of ${domain} comes to ${name}`);

  const text = await host.must(["mailcert", "dns", "show"]);
  expect(text).toContain(`_25._tcp.${name}. IN TLSA 3 1 1 `);
  expect(text).toContain(`_imaps._tcp.${domain}. IN SRV 0 1 993 ${name}.`);
  expect(text).toMatch(/CA records: this issuer is none|public CAs look at CAA records/);
  const lines = linesOf(await host.must(["mailcert", "dns", "show", "--json"]));
  expect(lines.length).toBeGreaterThan(4);
  for (const line of lines) await zone.add(line);

  const after = await host.mailcert(["dns", "check"]);
  expect(after.status, after.stdout + after.stderr).toBe(0);
  const said = after.stdout.replaceAll(/\s+/g, " ");
  expect(said).toContain(
    `ok TLSA at _25._tcp.${name} pins what is live (DNSSEC vouches for it, at 1 of its name servers)`,
  );
  expect(said).toContain(`ok _imaps._tcp.${domain} leads to ${name}, port 993, which the certificate is for`);
  expect(said).toContain(`ok TLS reports of ${domain} go to mailto:tls-reports@${domain}`);
  expect(said).not.toMatch(/warning|FAULT/);

  const [tlsa = ""] = lines.filter((line) => line.includes(" TLSA "));
  await zone.add(`_25._tcp.mail 5 TLSA 3 1 1 ${"ab".repeat(32)}`);
  await zone.remove(tlsa);
  await zone.add(`_imap._tcp 5 SRV 0 1 1143 ${name}.`);
  // The resolver remembers for as long as the records said.
  const asked = `kdig @127.0.0.1 +short _25._tcp.${name} TLSA | grep -qi abab`;
  await host.must(`timeout 30 sh -c 'until ${asked}; do sleep 0.2; done'`);
  const wrong = await host.mailcert(["dns", "check"]);
  expect(wrong.status, wrong.stdout).toBe(1);
  const faults = wrong.stdout.replaceAll(/\s+/g, " ");
  expect(faults).toContain(`FAULT none of the 1 TLSA records at _25._tcp.${name} pins the live ecdsa certificate`);
  expect(faults).toContain(`_25._tcp.${name}. IN TLSA 3 1 1 `);
  expect(faults).toContain(`FAULT _imap._tcp.${domain} leads to port 1143; the service is on port 143`);
});
