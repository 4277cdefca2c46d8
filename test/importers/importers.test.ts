// What is read from each client's folder, what is named and left, and what root refuses to read.
import { chmodSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPublicKey } from "node:crypto";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Inventory } from "../../src/importers/importer.ts";
import { importers } from "../../src/importers/index.ts";
import { createForeignFiles } from "../../src/importers/files.ts";
import { type ImportClient, importClients } from "../../src/domain/import-clients.ts";
import { type ForeignLayout, importerContract } from "../contract/importer.ts";
import {
  type Ca,
  accountKey,
  acmeShAccount,
  acmeShDomain,
  certbotAccount,
  certbotLineage,
  dehydratedAccount,
  dehydratedLineage,
  directory,
  leafOf,
  legoAccount,
  legoLineage,
  makeCa,
  put,
  sec1,
} from "../fakes/foreign-clients.ts";
import { day, issue } from "../fakes/pki.ts";

let ca: Ca;
let folder = "";
beforeAll(async () => {
  ca = await makeCa();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mailcert-foreign-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const uid = process.getuid?.() ?? 0;

const read = async (client: ImportClient, more: { directory?: string; uid?: number } = {}): Promise<Inventory> => {
  const importer = await importers[client].load();
  const { directory: named } = more;
  return importer.read({
    folder,
    files: createForeignFiles(more.uid ?? uid),
    now: new Date(),
    ...(named === undefined ? {} : { directory: named }),
  });
};

const spki = (pem: string): string => createPublicKey(pem).export({ type: "spki", format: "der" }).toString("hex");

const standalone = `account = abc\nserver = ${directory}\nauthenticator = standalone\n`;
const url = "https://ca.example.org:14000/acct/1";

const layouts: Readonly<Record<ImportClient, ForeignLayout>> = {
  certbot: {
    directory,
    account: (at, key, account) => certbotAccount(at, "abc", key, account),
    lineage: (at, name, leaf, chain) => certbotLineage(at, name, leaf, chain, standalone),
  },
  "acme.sh": {
    directory,
    account: acmeShAccount,
    lineage: (at, name, leaf, chain) => acmeShDomain(at, `${name}_ecc`, leaf, chain, "Le_Webroot='no'\n"),
  },
  lego: { directory, account: (at, key, account) => legoAccount(at, key, account, 4), lineage: legoLineage },
  dehydrated: { directory, account: dehydratedAccount, lineage: dehydratedLineage },
};
for (const client of importClients) importerContract(client, importers[client].load, layouts[client]);

describe("certbot", () => {
  it.each(["RSA", "P-256", "P-384", "P-521"] as const)("an account with a JSON Web Key (%s)", async (kind) => {
    const key = accountKey(kind);
    certbotAccount(folder, "abc", key, url);
    const { accounts, notTranslated } = await read("certbot");
    expect(accounts).toMatchObject([{ url, directory }]);
    expect(spki(accounts[0]?.key ?? "")).toBe(spki(key));
    expect(notTranslated).toEqual([]);
  });

  it("an account that was never registered, a key that is none: named, without a word of the key", async () => {
    certbotAccount(folder, "abc", accountKey("P-256"), undefined);
    certbotAccount(folder, "def", accountKey("Ed25519"), url);
    put(join(folder, "accounts/ca.example.org:14000/dir/ghi/private_key.json"), '{"kty":"EC","d":"SECRET"}');
    put(join(folder, "accounts/ca.example.org:14000/dir/ghi/regr.json"), JSON.stringify({ uri: url }));
    const { accounts, notTranslated } = await read("certbot");
    expect(accounts).toEqual([]);
    expect(notTranslated).toHaveLength(3);
    expect(notTranslated.join("\n")).not.toContain("SECRET");
  });

  it("a lineage: names with its own first, key, chain, settings, and what has no counterpart", async () => {
    const leaf = await leafOf(ca, ["imap.example.org", "mail.example.org"]);
    certbotAccount(folder, "abc", accountKey("RSA"), url);
    certbotLineage(
      folder,
      "mail.example.org",
      leaf,
      [ca.intermediate, ca.root],
      `${standalone}http01_address = 192.0.2.1\nhttp01_port = 8080\npreferred_chain = "ISRG Root X1"\n` +
        "preferred_profile = tlsserver\nreuse_key = True\nrenew_hook = curl -H 'X: SECRET', more\nmust_staple = True\ninstaller = nginx\n",
    );
    const { lineages } = await read("certbot");
    expect(lineages).toMatchObject([
      {
        name: "mail.example.org",
        names: ["mail.example.org", "imap.example.org"],
        directory,
        account: url,
        algorithm: "ecdsa",
        leaf: leaf.pem,
        chain: [ca.intermediate.pem],
        settings: {
          challenges: ["http-01"],
          httpAddress: "192.0.2.1:8080",
          preferredChain: "ISRG Root X1",
          profiles: ["tlsserver"],
          reuseKey: true,
        },
      },
    ]);
    const said = lineages[0]?.notTranslated.join("\n") ?? "";
    expect(said).toContain("renew_hook");
    expect(said).toContain("must_staple");
    expect(said).toContain("installer nginx");
    expect(said).not.toContain("SECRET");
  });

  it.each([
    [
      "one webroot",
      "webroot_path = /srv/www/,\n[[webroot_map]]\nmail.example.org = /srv/www\n",
      { webroot: "/srv/www" },
      0,
    ],
    [
      "two webroots",
      "[[webroot_map]]\nmail.example.org = /srv/a\nimap.example.org = /srv/b\n",
      { webroot: "/srv/a" },
      1,
    ],
  ])("%s", async (_title, params, settings, sentences) => {
    const server = `server = ${directory}\nauthenticator = webroot\n`;
    certbotLineage(
      folder,
      "mail.example.org",
      await leafOf(ca, ["mail.example.org"]),
      [ca.intermediate],
      server + params,
    );
    const { lineages } = await read("certbot");
    expect(lineages[0]?.settings).toMatchObject(settings);
    expect(lineages[0]?.notTranslated).toHaveLength(sentences);
  });

  it.each(["dns-cloudflare", "nginx", "manual"])("authenticator %s is named", async (authenticator) => {
    const params = `server = ${directory}\nauthenticator = ${authenticator}\ndns_cloudflare_credentials = /root/cf.ini\n`;
    certbotLineage(folder, "mail.example.org", await leafOf(ca, ["mail.example.org"]), [ca.intermediate], params);
    const { lineages } = await read("certbot");
    expect(lineages[0]?.notTranslated).toHaveLength(1);
    expect(lineages[0]?.notTranslated[0]).toContain(authenticator);
  });

  it("skips and names what is broken, expired, self-signed, or has a key that no slot takes; the rest is read", async () => {
    const good = await leafOf(ca, ["good.example.org"]);
    const chain = [ca.intermediate];
    certbotLineage(folder, "good.example.org", good, chain, standalone);
    certbotLineage(
      folder,
      "mixed.example.org",
      { ...(await leafOf(ca, ["mixed.example.org"])), privateKey: good.privateKey },
      chain,
      standalone,
    );
    certbotLineage(
      folder,
      "old.example.org",
      await leafOf(ca, ["old.example.org"], {
        notBefore: new Date(Date.now() - 9 * day),
        notAfter: new Date(Date.now() - day),
      }),
      chain,
      standalone,
    );
    certbotLineage(
      folder,
      "short.example.org",
      await leafOf(ca, ["short.example.org"], { key: "RSA-1024" }),
      chain,
      standalone,
    );
    certbotLineage(folder, "alone.example.org", await leafOf(ca, ["alone.example.org"]), [], standalone);
    certbotLineage(folder, "self.example.org", await issue({ names: ["self.example.org"] }), [], standalone);
    certbotLineage(folder, "nowhere.example.org", await leafOf(ca, ["nowhere.example.org"]), chain, "account = abc\n");
    certbotLineage(folder, "gone.example.org", await leafOf(ca, ["gone.example.org"]), chain, standalone);
    rmSync(join(folder, "archive/gone.example.org"), { recursive: true });
    put(join(folder, "live/bad.example.org/cert.pem"), "no certificate");
    put(join(folder, "live/bad.example.org/privkey.pem"), good.privateKey);
    put(join(folder, "renewal/bad.example.org.conf"), `[renewalparams]\n${standalone}`);
    const { lineages, notTranslated } = await read("certbot");
    expect(lineages.map(({ name }) => name)).toEqual(["good.example.org"]);
    const about = (name: string): string => notTranslated.find((sentence) => sentence.startsWith(name)) ?? "";
    expect(about("mixed")).toContain("another certificate");
    expect(about("old")).toContain("expired");
    expect(about("short")).toContain("RSA with 1024 bits");
    expect(about("alone")).toContain("chain");
    expect(about("self")).toContain("self-signed");
    expect(about("nowhere")).toContain("server");
    expect(about("gone")).toContain("missing");
    expect(about("bad")).toContain("no certificate");
    expect(notTranslated).toHaveLength(8);
  });

  it("P-521: no slot takes it", async () => {
    const leaf = await leafOf(ca, ["mail.example.org"], { key: "P-521" });
    certbotLineage(folder, "mail.example.org", leaf, [ca.intermediate], standalone);
    const { lineages, notTranslated } = await read("certbot");
    expect(lineages).toEqual([]);
    expect(notTranslated).toEqual([expect.stringContaining("ECDSA on P-521")]);
  });
});

describe("acme.sh", () => {
  it("an account whose directory has a port, both slots, wrapped values, credentials named and not shown", async () => {
    const key = accountKey("P-256");
    acmeShAccount(folder, sec1(key), url);
    put(join(folder, "account.conf"), "ACCOUNT_EMAIL='x@example.org'\nSAVED_CF_Token='SECRET'\nLOG_LEVEL='1'\n");
    const rsa = await leafOf(ca, ["mail.example.org", "*.example.org"], { key: "RSA-2048" });
    const ecdsa = await leafOf(ca, ["mail.example.org", "*.example.org"]);
    acmeShDomain(
      folder,
      "mail.example.org",
      rsa,
      [ca.intermediate],
      "Le_Alt='*.example.org'\nLe_Webroot='dns_cf'\nLe_ForceNewDomainKey='1'\n",
    );
    const reload = Buffer.from("curl -u SECRET; systemctl reload dovecot").toString("base64");
    acmeShDomain(
      folder,
      "mail.example.org_ecc",
      ecdsa,
      [ca.intermediate],
      `Le_Webroot='no'\nLe_HTTPPort=''\nLe_ReloadCmd='__ACME_BASE64__START_${reload}__ACME_BASE64__END_'\n`,
    );
    const { accounts, lineages, notTranslated } = await read("acme.sh");
    expect(accounts).toMatchObject([{ url, directory, email: "postmaster@example.org" }]);
    expect(spki(accounts[0]?.key ?? "")).toBe(spki(key));
    expect(lineages.map(({ name, algorithm, settings }) => [name, algorithm, settings.reuseKey])).toEqual([
      ["mail.example.org", "rsa", false],
      ["mail.example.org_ecc", "ecdsa", undefined],
    ]);
    expect(lineages[0]?.account).toBe(url);
    expect(lineages[0]?.notTranslated.join()).toContain("dns_cf");
    expect(lineages[1]?.notTranslated.join()).toContain("Le_ReloadCmd");
    expect(lineages[1]?.settings).toEqual({ challenges: ["http-01"] });
    const said = JSON.stringify([lineages.map((one) => one.notTranslated), notTranslated]);
    expect(said).toContain("SAVED_CF_Token");
    expect(said).not.toContain("SECRET");
  });

  it("CERT_HOME elsewhere, a webroot, a folder without a certificate", async () => {
    const home = join(folder, "certs");
    put(join(folder, "account.conf"), `CERT_HOME='${home}'\n`);
    acmeShDomain(
      home,
      "mail.example.org_ecc",
      await leafOf(ca, ["mail.example.org"]),
      [ca.intermediate],
      "Le_Webroot='/srv/www'\n",
    );
    put(join(home, "new.example.org_ecc/new.example.org.conf"), `Le_API='${directory}'\n`);
    const { lineages, notTranslated } = await read("acme.sh");
    expect(lineages).toMatchObject([{ settings: { webroot: "/srv/www" } }]);
    expect(notTranslated).toEqual([expect.stringContaining("no certificate yet")]);
  });

  it("takes --remove for one lineage", async () => {
    const { withoutLineage } = await importers["acme.sh"].load();
    expect(withoutLineage("/root/.acme.sh", "mail.example.org_ecc")).toBe(
      "/root/.acme.sh/acme.sh --remove -d mail.example.org --ecc",
    );
  });
});

describe("lego", () => {
  it("version 4 writes no directory down: --acme says it, and only for its host", async () => {
    legoAccount(folder, accountKey("P-384"), url, 4);
    legoLineage(folder, "_.example.org", await leafOf(ca, ["*.example.org"]), [ca.intermediate]);
    for (const named of [undefined, "https://other.example.net/dir"]) {
      const { accounts, lineages, notTranslated } = await read("lego", named === undefined ? {} : { directory: named });
      expect([accounts, lineages]).toEqual([[], []]);
      expect(notTranslated.filter((sentence) => sentence.includes("--acme URL"))).toHaveLength(2);
    }
    const { accounts, lineages } = await read("lego", { directory });
    expect(accounts).toMatchObject([{ url, directory, email: "me@example.org" }]);
    expect(lineages).toMatchObject([{ name: "_.example.org", names: ["*.example.org"], account: url, directory }]);
  });

  it("version 5 has the server in the account and the key beside it", async () => {
    legoAccount(folder, accountKey("RSA"), url, 5);
    legoLineage(folder, "mail.example.org", await leafOf(ca, ["mail.example.org"]), [ca.intermediate]);
    const { accounts, lineages } = await read("lego");
    expect(accounts).toMatchObject([{ url, directory }]);
    expect(lineages).toMatchObject([{ directory, account: url }]);
  });

  it("made from a request: it has no key", async () => {
    legoLineage(folder, "mail.example.org", await leafOf(ca, ["mail.example.org"]), [ca.intermediate]);
    rmSync(join(folder, "certificates/mail.example.org.key"));
    const { lineages, notTranslated } = await read("lego", { directory });
    expect(lineages).toEqual([]);
    expect(notTranslated.join()).toContain("no private key");
  });
});

describe("dehydrated", () => {
  const lay = async (base: string): Promise<void> => {
    dehydratedAccount(base, accountKey("RSA"), url);
    dehydratedLineage(base, "mail.example.org", await leafOf(ca, ["mail.example.org"]), [ca.intermediate]);
  };

  it("settings name the folders; the account's folder spells the directory", async () => {
    const base = join(folder, "state");
    await lay(base);
    put(
      join(folder, "config"),
      `BASEDIR=${base}\nCONFIG_D=${folder}/conf.d\nWELLKNOWN="\${BASEDIR}/acme-challenges"\nHOOK=/root/hook.sh\n`,
    );
    put(join(folder, "conf.d/a.sh"), `CONTACT_EMAIL=postmaster@example.org\nCA="${directory}"\nPREFERRED_CHAIN=\n`);
    const { accounts, lineages, notTranslated } = await read("dehydrated");
    expect(accounts).toMatchObject([{ url, directory, email: "postmaster@example.org" }]);
    expect(lineages).toMatchObject([{ name: "mail.example.org", directory, account: url, settings: {} }]);
    expect(lineages[0]?.notTranslated.join()).toContain("WELLKNOWN");
    expect(notTranslated.join()).toContain("HOOK");
  });

  it("without settings beside it: the one CA that it has an account at; a certificate may have settings of its own", async () => {
    await lay(folder);
    put(join(folder, "certs/mail.example.org/config"), "WELLKNOWN=/srv/www/.well-known/acme-challenge/\n");
    const { lineages } = await read("dehydrated");
    expect(lineages).toMatchObject([{ directory, account: url, settings: { webroot: "/srv/www" } }]);
  });
});

describe("what others could have written", () => {
  it("root refuses an account, and names a lineage and goes on", async () => {
    certbotAccount(folder, "abc", accountKey("P-256"), url);
    certbotLineage(folder, "mail.example.org", await leafOf(ca, ["mail.example.org"]), [ca.intermediate], standalone);
    chmodSync(join(folder, "archive/mail.example.org"), 0o777);
    if (uid === 0) {
      const { lineages, notTranslated } = await read("certbot");
      expect(lineages).toEqual([]);
      expect(notTranslated.join()).toContain("everybody can change");
    }
    chmodSync(join(folder, "accounts"), 0o770);
    await expect(read("certbot", { uid: 0 })).rejects.toMatchObject({ kind: "data" });
    // Where the owner of the files runs it, the kernel alone decides.
    if (uid !== 0) expect((await read("certbot")).accounts).toHaveLength(1);
  });

  it("no device, no huge file", async () => {
    put(join(folder, "renewal/x.conf"), "");
    renameSync(join(folder, "renewal/x.conf"), join(folder, "renewal/y.conf"));
    writeFileSync(join(folder, "renewal/y.conf"), "x".repeat((1 << 20) + 1));
    symlinkSync("/dev/zero", join(folder, "renewal/z.conf"));
    const { lineages, notTranslated } = await read("certbot");
    expect(lineages).toEqual([]);
    expect(notTranslated).toHaveLength(2);
  });
});
