// Account set-up files on a real host: nothing before something is proven, what is proven then, judged by xmllint, plistlib, Knot, nginx and curl, and nothing of what stopped.
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { startSignedZone } from "../lab/signed-zone.ts";
import { listening } from "./deployed-host.ts";

const name = "mail.example.org";
const domain = "example.org";
const clients = "/srv/mail-setup";
const files = ["account.mobileconfig", "autodiscover.xml", "config-v1.1.xml", "srv.zone"];
const folder = new URL("../", import.meta.url);

interface Bundled {
  readonly files: readonly { readonly path: string; readonly change: string }[];
  readonly account: {
    readonly proven: readonly string[];
    readonly omitted: readonly { readonly files: readonly string[]; readonly reason: string }[];
    readonly names?: { readonly missing: readonly string[]; readonly add: string };
  };
}

let host: MailHost;
const bundle = async (...args: readonly string[]): Promise<Bundled> =>
  JSON.parse(await host.must(["mailcert", "bundle", "--json", ...args])) as Bundled;
const present = async (): Promise<readonly string[]> =>
  (await host.must(`ls ${clients}`)).split("\n").filter((file) => files.includes(file));

beforeAll(async () => {
  host = await startMailHost({ suite: "trixie", proxies: true });
  await Promise.all([host.startPostfix(), host.startDovecot()]);
  await host.must(
    `postconf -M submission/inet="submission inet n - y - - smtpd" submissions/inet="submissions inet n - y - - smtpd" &&
     postconf -P submission/inet/smtpd_tls_security_level=encrypt submissions/inet/smtpd_tls_wrappermode=yes && postfix reload`,
  );
  await listening(host, 465, 587);
  await host.write(
    "/etc/mailcert/mailcert.yaml",
    `certificates:\n  ${name}:\n    servers: [dovecot, postfix]\n    bundle: ${clients}\n`,
  );
  await host.must(["mailcert", "issue", name]);
});
afterAll(() => host.stop());

describe("account set-up", () => {
  it("nothing was proven: the files are left out, with the command that proves", async () => {
    const text = await host.must(["mailcert", "bundle"]);
    expect(text.replaceAll(/\s+/g, " ")).toContain(
      "Not made: account.mobileconfig, config-v1.1.xml, autodiscover.xml, srv.zone, muttrc.txt, msmtprc.txt, mbsyncrc.txt, fetchmailrc.txt, offlineimaprc.txt, alpine.txt, aerc-accounts.txt: no entry point for mail programs was proven yet.",
    );
    expect(text).toContain(`-> prove them: mailcert deploy ${name}`);
    expect(await present()).toEqual([]);
    expect(await host.read(`${clients}/README.txt`)).toContain("No IMAP or POP3 service was known");
  });

  it("a deployment proves them, and the folder of the configuration has the files", async () => {
    await host.must(["mailcert", "deploy"]);
    expect(await present()).toEqual(files);
    const { account, files: written } = await bundle();
    expect(written.every(({ change }) => change === "unchanged")).toBe(true);
    expect(account.proven).toEqual([
      `imaps://${name}:993`,
      `imap://${name}:143`,
      `pop3s://${name}:995`,
      `pop3://${name}:110`,
      `submissions://${name}:465`,
      `submission://${name}:587`,
    ]);
    expect(account.omitted).toEqual([]);
    expect(await host.read(`${clients}/README.txt`)).toContain(`POP3  ${name}  port 995`);
  });

  it("xmllint holds both XML files against a schema, and Python reads the profile", async () => {
    for (const [file, schema] of [
      ["config-v1.1.xml", "autoconfig-v1.1.rng"],
      ["autodiscover.xml", "autodiscover-pox.rng"],
    ] as const) {
      await host.write(`/tmp/${schema}`, readFileSync(new URL(`fixtures/${schema}`, folder), "utf8"));
      const judged = await host.exec(`xmllint --noout --nonet --relaxng /tmp/${schema} ${clients}/${file}`);
      expect(judged.status, judged.stderr).toBe(0);
    }
    const profile = JSON.parse(
      await host.must([
        "python3",
        "-c",
        `import plistlib,json;p=plistlib.load(open("${clients}/account.mobileconfig","rb"));r,m=p["PayloadContent"];print(json.dumps([r["PayloadType"],m]))
open("/tmp/root.cer","wb").write(r["PayloadContent"])`,
      ]),
    ) as [string, Readonly<Record<string, unknown>>];
    expect(profile[0]).toBe("com.apple.security.root");
    expect(profile[1]).toMatchObject({
      PayloadType: "com.apple.mail.managed",
      EmailAccountType: "EmailTypeIMAP",
      IncomingMailServerHostName: name,
      IncomingMailServerPortNumber: 993,
      IncomingMailServerUseSSL: true,
      OutgoingMailServerPortNumber: 465,
      OutgoingMailServerUseSSL: true,
    });
    expect(profile[1]).not.toHaveProperty("EmailAddress");
    expect(await host.must(`cmp /tmp/root.cer ${clients}/ca.cer && echo same`)).toBe("same\n");
  });

  it("the names are added by the command that is printed; as the manual says it, nginx serves both files", async () => {
    const { account } = await bundle();
    expect(account.names?.missing).toEqual([`autoconfig.${domain}`, `autodiscover.${domain}`]);
    expect(account.names?.add).toBe(`mailcert setup ${name} autoconfig.${domain} autodiscover.${domain}`);
    await host.must(`${account.names?.add ?? ""} --schedule none`);
    expect((await bundle()).account).not.toHaveProperty("names");
    expect(await host.read("/etc/mailcert/mailcert.yaml")).toContain(`bundle: ${clients}`);

    const manual = readFileSync(new URL("../docs/account-setup.md", folder), "utf8");
    const [, block = ""] = /```nginx\n(.*?)```/s.exec(manual) ?? [];
    await host.write(
      "/etc/nginx/account.conf",
      `user www-data;\npid /run/nginx-account.pid;\nevents {}\nhttp {\ninclude /etc/nginx/mime.types;\n${block}}\n`,
    );
    await host.must("mkdir -p /var/lib/nginx /var/log/nginx && nginx -c /etc/nginx/account.conf");
    const curl = (site: string, more: string): string =>
      `curl -sS --fail --cacert ${clients}/ca.crt --resolve ${site}.${domain}:443:192.0.2.10 -w '%{content_type}\\n' -o /tmp/got ${more}`;
    const got = await host.must(
      curl("autoconfig", `'https://autoconfig.${domain}/mail/config-v1.1.xml?emailaddress=alice%40${domain}'`),
    );
    expect(got).toMatch(/^text\/xml/);
    await host.must(`cmp /tmp/got ${clients}/config-v1.1.xml`);
    for (const path of ["autodiscover/autodiscover.xml", "Autodiscover/Autodiscover.xml"]) {
      const answer = await host.must(
        curl(
          "autodiscover",
          `-X POST -H 'Content-Type: text/xml' -d '<Autodiscover/>' https://autodiscover.${domain}/${path}`,
        ),
      );
      expect(answer).toMatch(/^text\/xml/);
      await host.must(`cmp /tmp/got ${clients}/autodiscover.xml`);
    }
  });

  it("POP3 stops: after the next deployment no file has it; Knot loads the zone, and dns check and verify --srv find it right", async () => {
    await host.write("/etc/dovecot/conf.d/98-no-pop3.conf", "protocols {\n  pop3 = no\n}\n");
    await host.must("doveadm reload");
    await host.must(["mailcert", "deploy"]);
    const { account } = await bundle();
    expect(account.proven.filter((url) => url.startsWith("pop3"))).toEqual([]);
    expect(await host.must(`grep -il pop3 ${clients}/* || true`)).toBe(
      ["README.txt", "index.html", "srv.zone"].map((file) => `${clients}/${file}\n`).join(""),
    );
    // How words are explained, and that there is none.
    expect(await host.read(`${clients}/README.txt`)).not.toMatch(/^ {2}POP3/m);
    expect(await host.read(`${clients}/index.html`)).not.toMatch(/\(POP3\)|\b(?:995|110)\b/);
    const text = await host.read(`${clients}/srv.zone`);
    for (const label of ["_pop3s", "_pop3"]) expect(text).toContain(`\n${label}._tcp.${domain}. IN SRV 0 0 0 .\n`);

    await startSignedZone(host, { zone: domain, records: [`mail A ${host.address}`, "@ MX 10 mail", text] });
    await host.must(`knotc -c /srv/signed-zone/knot.conf zone-check ${domain}`);
    const answers = await host.must(`kdig @127.0.0.1 +short _imaps._tcp.${domain} SRV _pop3s._tcp.${domain} SRV`);
    expect(answers).toBe(`0 1 993 ${name}.\n0 0 0 .\n`);
    const checked = await host.mailcert(["dns", "check", "--domain", domain]);
    const said = checked.stdout.replaceAll(/\s+/g, " ");
    expect(checked.status, said + checked.stderr).toBe(0);
    for (const [label, port] of [
      ["_imaps", 993],
      ["_imap", 143],
      ["_submissions", 465],
      ["_submission", 587],
    ] as const)
      expect(said).toContain(
        `ok ${label}._tcp.${domain} leads to ${name}, port ${String(port)}, which the certificate is for`,
      );
    expect(said).not.toMatch(/(?:warning|FAULT) _/);
    const verified = await host.mailcert(["verify", "--srv", domain, "--quick", "--ca-file", `${clients}/ca.crt`]);
    expect(verified.status, verified.stdout + verified.stderr).toBe(0);
  });
});
