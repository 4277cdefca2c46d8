// Lineages that certbot, lego and dehydrated really made, taken over, deployed and renewed by mailcert with the same account.
import { afterEach, describe, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { type Pebble, startPebble } from "../lab/pebble.ts";

const name = "mail.example.org";
const hosts: MailHost[] = [];

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

const start = async (): Promise<{ readonly host: MailHost; readonly pebble: Pebble }> => {
  const host = await startMailHost({ suite: "trixie", clients: true });
  hosts.push(host);
  return { host, pebble: await startPebble({ host }) };
};

interface Imported {
  readonly accounts: readonly { readonly url: string; readonly email?: string; readonly outcome: string }[];
  readonly certificates: readonly {
    readonly certificate: string;
    readonly names: readonly string[];
    readonly outcome: string;
    readonly leaves: readonly { readonly slot: string; readonly algorithm: string; readonly sha256: string }[];
  }[];
  readonly notTranslated: readonly string[];
  readonly schedules: readonly { readonly where: string; readonly command: string }[];
}

const json = async (host: MailHost, args: readonly string[]): Promise<Imported> =>
  JSON.parse(await host.must(["mailcert", ...args, "--json"])) as Imported;

/** What lies in a folder: paths, modes, links and the content of files. Nothing of it may change. */
const print = (host: MailHost, folder: string): Promise<string> =>
  host.must(`cd ${folder} && find . -printf '%p %m %u %l\\n' | sort && find . -type f | sort | xargs sha256sum`);

const accountUrl = (host: MailHost): Promise<string> =>
  host.must(
    "cat /var/lib/mailcert/accounts/*/*/account.json | grep -c '\"url\"' && grep -h '\"url\"' /var/lib/mailcert/accounts/*/*/account.json",
  );

const served = (host: MailHost): Promise<string> =>
  host.must(
    `echo | timeout 20 openssl s_client -connect 192.0.2.10:993 -servername ${name} 2>/dev/null | openssl x509 -noout -fingerprint -sha256 | tr -d :`,
  );

const spki = (host: MailHost, file: string): Promise<string> =>
  host.must(`openssl pkey -in ${file} -pubout | sha256sum`);

describe("import of what was really made", () => {
  it("certbot: setup offers it, its account, key and certificate become ours, are deployed and renewed", async () => {
    const { host, pebble } = await start();
    await host.startDovecot();
    await host.must(
      `REQUESTS_CA_BUNDLE=${pebble.caFile} certbot certonly --standalone -n --agree-tos -m postmaster@example.org ` +
        `--server ${pebble.directoryUrl} -d ${name} -d imap.example.org --deploy-hook 'logger SECRET-token'`,
    );
    await host.must("systemctl enable certbot.timer");
    const before = await print(host, "/etc/letsencrypt");

    const offered = await host.mailcert(["setup", name, "--schedule", "none"]);
    expect(offered.status).toBe(78);
    expect(offered.stderr).toContain(`mailcert import certbot --name ${name}`);

    const imported = await json(host, ["import", "certbot", "--ca-file", pebble.caFile]);
    const [certificate] = imported.certificates;
    expect(certificate).toMatchObject({ certificate: name, names: [name, "imap.example.org"], outcome: "imported" });
    const uri = (await host.must("cat /etc/letsencrypt/accounts/*/dir/*/regr.json")).match(/"uri": "([^"]+)"/)?.[1];
    expect(imported.accounts).toMatchObject([{ url: uri, outcome: "imported" }]);
    expect(imported.notTranslated.join("\n")).toContain("renew_hook");
    expect(JSON.stringify(imported)).not.toContain("SECRET-token");
    expect(imported.schedules.map(({ command }) => command)).toEqual([
      "systemctl disable --now certbot.timer",
      "mv /etc/cron.d/certbot /root/certbot.cron",
    ]);

    const again = await json(host, ["import", "certbot"]);
    expect(again.certificates.map(({ outcome }) => outcome)).toEqual(["present"]);
    expect(again.accounts.map(({ outcome }) => outcome)).toEqual(["present"]);

    // Deployed as it is, by the whole way in one go, without a word to the CA.
    const deployed = await host.mailcert(["setup", name, "--schedule", "none"]);
    expect({ status: deployed.status, stderr: deployed.stderr }).toEqual({ status: 0, stderr: "" });
    const leaf = certificate?.leaves[0]?.sha256.toUpperCase() ?? "none";
    await expect.poll(() => served(host), { timeout: 10_000 }).toContain(leaf);

    const renewed = await host.mailcert(["renew", name, "--force"]);
    expect({ status: renewed.status, stderr: renewed.stderr }).toEqual({ status: 0, stderr: "" });
    const live = `/var/lib/mailcert/certificates/${name}/live/ecdsa`;
    const next = await host.must(`openssl x509 -in ${live}/cert.pem -noout -fingerprint -sha256 | tr -d :`);
    expect(next).not.toContain(leaf);
    await expect.poll(() => served(host), { timeout: 10_000 }).toBe(next);
    expect(await spki(host, `${live}/privkey.pem`)).toBe(await spki(host, `/etc/letsencrypt/live/${name}/privkey.pem`));
    expect(await accountUrl(host)).toBe(`1\n  "url": "${uri}",\n`);
    expect(await print(host, "/etc/letsencrypt")).toBe(before);
  });

  it("lego: an ES384 account renews with the same URL; an odd owner is refused", async () => {
    const { host, pebble } = await start();
    await host.must(
      `LEGO_CA_CERTIFICATES=${pebble.caFile} lego --accept-tos --email postmaster@example.org --server ${pebble.directoryUrl} ` +
        `-k ec384 -d ${name} --http --path /root/.lego run`,
    );
    const before = await print(host, "/root/.lego");
    const without = await host.mailcert(["import", "lego"]);
    expect(without.status).toBe(65);
    expect(without.stderr).toContain("--acme URL");

    const flags = ["--acme", pebble.directoryUrl, "--ca-file", pebble.caFile];
    await host.must("chown alice /root/.lego/accounts");
    const refused = await host.mailcert(["import", "lego", ...flags]);
    expect(refused.status).toBe(65);
    expect(refused.stderr).toContain("/root/.lego/accounts");
    await host.must("chown root /root/.lego/accounts");

    const imported = await json(host, ["import", "lego", ...flags]);
    expect(imported.accounts).toMatchObject([{ email: "postmaster@example.org", outcome: "imported" }]);
    expect(imported.certificates[0]?.leaves).toMatchObject([{ slot: "ecdsa", algorithm: "ecdsa-p384" }]);
    await host.must(["mailcert", "issue", name]);
    expect(await accountUrl(host)).toBe(`1\n  "url": "${imported.accounts[0]?.url}",\n`);
    expect(await host.must(`ls /var/lib/mailcert/certificates/${name}/generations`)).toBe("0001\n0002\n");
    expect(await print(host, "/root/.lego")).toBe(before);
  });

  it("dehydrated: settings are read from its shell file, nothing of it is run", async () => {
    const { host, pebble } = await start();
    await host.write(
      "/etc/dehydrated/conf.d/local.sh",
      `CURL_OPTS="--cacert ${pebble.caFile}"\nCA="${pebble.directoryUrl}"\nWELLKNOWN=/srv/www/.well-known/acme-challenge\nACCOUNT_KEYSIZE=2048\n`,
    );
    await host.write("/etc/dehydrated/domains.txt", `${name} pop.example.org\n`);
    await host.must("mkdir -p /srv/www/.well-known/acme-challenge");
    const web = host.spawn("cd /srv/www && exec python3 -m http.server 80");
    await host.must("for i in $(seq 200); do ss -Hltn 'sport = :80' | grep -q . && exit 0; sleep 0.05; done; exit 1");
    await host.must("dehydrated --register --accept-terms && dehydrated -c");
    await host.must(
      "echo 'touch /root/was-run' >>/etc/dehydrated/config; echo 'EVIL=$(touch /root/was-run)' >>/etc/dehydrated/config",
    );
    const before = await print(host, "/var/lib/dehydrated");

    const imported = await json(host, ["import", "dehydrated", "--ca-file", pebble.caFile]);
    expect(imported.accounts).toMatchObject([{ outcome: "imported" }]);
    expect(imported.certificates).toMatchObject([{ certificate: name, names: [name, "pop.example.org"] }]);
    expect((await host.exec("test -e /root/was-run")).status).toBe(1);
    expect(await host.read("/etc/mailcert/mailcert.yaml")).toContain("webroot: /srv/www");
    expect(await print(host, "/var/lib/dehydrated")).toBe(before);
    web.kill();
  });
});
