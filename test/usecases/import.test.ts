// Import as steps: what is stored, what a second run does, what a kill leaves, what is left alone, and what setup says before.
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Budget } from "../../src/domain/budget.ts";
import { limitsOfAll } from "../../src/domain/ca-limits.ts";
import { readCertificate } from "../../src/domain/certificate.ts";
import type { Failure } from "../../src/domain/failure.ts";
import { emptyState } from "../../src/domain/state.ts";
import { findAccount } from "../../src/issuers/acme/account-store.ts";
import { openSpending } from "../../src/issuers/acme/budget-store.ts";
import { caFolder } from "../../src/domain/ca-folder.ts";
import { importDocument, importText } from "../../src/reports/import.ts";
import { importFrom } from "../../src/usecases/import.ts";
import type { ImportOptions } from "../../src/usecases/import-result.ts";
import { issue } from "../../src/usecases/issue.ts";
import { orderTerms } from "../../src/usecases/order-terms.ts";
import { setup } from "../../src/usecases/setup.ts";
import { complaints } from "../docs/schemas.ts";
import {
  type Ca,
  accountKey,
  acmeShDomain,
  certbotAccount,
  certbotLineage,
  directory,
  leafOf,
  makeCa,
} from "../fakes/foreign-clients.ts";
import { type ImportingWorld, importingWorld } from "../fakes/importing-world.ts";
import type { Issued } from "../fakes/pki.ts";
import { certificate } from "../fakes/world.ts";

const url = "https://ca.example.org:14000/acct/1";
const main = "mail.example.org";
const params = `account = abc\nserver = ${directory}\nauthenticator = standalone\n`;

let ca: Ca;
let leaf: Issued;
let here: ImportingWorld;
beforeAll(async () => {
  ca = await makeCa();
  leaf = await leafOf(ca, [main, "imap.example.org"]);
});
beforeEach(() => {
  here = importingWorld();
  certbotAccount(folder(), "abc", accountKey("RSA"), url);
  certbotLineage(folder(), main, leaf, [ca.intermediate], params);
});
afterEach(() => rmSync(here.dir, { recursive: true, force: true }));

const folder = (): string => join(here.dir, "letsencrypt");
const options = (more: Partial<ImportOptions> = {}): ImportOptions => ({
  client: "certbot",
  folder: folder(),
  names: [],
  dryRun: false,
  ...more,
});
const run = (more: Partial<ImportOptions> = {}) => importFrom(here.world, options(more));
const failing = (more: Partial<ImportOptions> = {}): Promise<Failure> =>
  run(more).then(
    () => Promise.reject(new Error("it did not fail")),
    (failure: Failure) => failure,
  );

const stored = (name = main) => here.world.store.read(name);
const keyFiles = (): readonly string[] => readdirSync(join(here.world.store.dir, "certificates", main, "keys/ecdsa"));

describe("import", () => {
  it("account, key, certificate, entry and events; the same again changes nothing", async () => {
    const result = await run({ caFile: "/etc/ssl/ca.pem" });
    expect(result.accounts).toMatchObject([{ url, directory, outcome: "imported" }]);
    expect(result.certificates).toMatchObject([
      {
        certificate: main,
        names: [main, "imap.example.org"],
        outcome: "imported",
        servers: "auto",
        configChanged: true,
      },
    ]);
    expect((await findAccount(here.world.store.dir, directory))?.record).toMatchObject({ url, directory });
    expect(stored()).toMatchObject({
      target: 1,
      stage: "staged",
      generations: [{ issuer: "acme", authority: directory, account: url }],
    });
    expect(here.world.store.liveNumber(main)).toBeUndefined();
    const { ecdsa } = await here.world.store.readGeneration(main, 1);
    expect(ecdsa?.leaf.trim()).toBe(leaf.pem.trim());
    expect(ecdsa?.chain.map((pem) => pem.trim())).toEqual([ca.intermediate.pem.trim()]);
    const [entry] = (await here.world.config.read())?.certificates ?? [];
    expect(entry).toMatchObject({
      names: [main, "imap.example.org"],
      keys: ["ecdsa"],
      issuer: { kind: "acme", directory, caFile: "/etc/ssl/ca.pem", challenges: ["http-01"] },
      reuseKey: true,
    });
    const events = await here.world.store.events();
    expect(events.map(({ what }) => what.split(" ")[0])).toEqual(["took", "imported", "wrote"]);

    const files = (): string => JSON.stringify([readFileSync(here.configPath, "utf8"), stored(), keyFiles()]);
    const before = files();
    expect(importText(result, here.world.now())).toContain(`mailcert setup ${main}`);
    const again = await run();
    expect(again.certificates).toMatchObject([{ outcome: "present", configChanged: false }]);
    expect(again.accounts).toMatchObject([{ outcome: "present" }]);
    expect(files()).toBe(before);
    expect(await here.world.store.events()).toHaveLength(events.length);

    // Once it is served, nothing is left to do.
    const state = stored();
    if (state) await here.world.store.write({ ...state, stage: "verified" });
    expect(importText(await run(), here.world.now())).not.toContain("Next:");
  });

  it("a dry run says the same and leaves nothing", async () => {
    const result = await run({ dryRun: true });
    expect(result.certificates).toMatchObject([{ outcome: "imported", configChanged: true }]);
    expect(existsSync(here.configPath)).toBe(false);
    expect(existsSync(join(here.world.store.dir, "accounts"))).toBe(false);
    expect(stored()).toBeUndefined();
    expect(importText(result, here.world.now())).toContain("would be taken over");
    expect(complaints(importDocument(result))).toEqual([]);
  });

  it("a file of trust that is named only the second time goes into the entry, and nothing else changes", async () => {
    await run();
    const before = readFileSync(here.configPath, "utf8");
    const planned = await run({ caFile: "/etc/ssl/ca.pem", dryRun: true });
    expect(planned.certificates).toMatchObject([{ outcome: "present", configChanged: true }]);
    expect(readFileSync(here.configPath, "utf8")).toBe(before);
    const result = await run({ caFile: "/etc/ssl/ca.pem" });
    expect(result.certificates).toMatchObject([{ outcome: "present", configChanged: true }]);
    const text = importText(result, here.world.now());
    expect(text).toContain(`${main}: ours already (generation 1)\n`);
    expect(text).toContain(`written: ${here.configPath}`);
    expect(readFileSync(here.configPath, "utf8")).toBe(`${before}    ca_file: /etc/ssl/ca.pem\n`);
    expect((await here.world.store.events()).at(-1)?.what).toContain("ca_file: /etc/ssl/ca.pem");
    expect((await run({ caFile: "/etc/ssl/ca.pem" })).certificates).toMatchObject([{ configChanged: false }]);
  });

  it("killed before any write, it comes to the same in the next run", async () => {
    for (let kills = 0; ; kills += 1) {
      let writes = 0;
      here.fake.hooks.beforeWrite = () => {
        writes += 1;
        if (writes > kills) throw new Error("killed");
      };
      const done = await run().then(
        () => true,
        () => false,
      );
      here.fake.hooks.beforeWrite = () => undefined;
      if (done) {
        expect(kills).toBeGreaterThan(3);
        break;
      }
      await run();
      expect(stored(), `after kill ${kills}`).toMatchObject({ stage: "staged", target: expect.any(Number) });
      // A key that no state names yet is not found again: it stays beside the second copy.
      expect(keyFiles().length, `after kill ${kills}`).toBeLessThanOrEqual(2);
      const number = stored()?.target ?? 0;
      expect(await here.world.store.damage(main, number, ["ecdsa"])).toBeUndefined();
      expect((await here.world.config.read())?.certificates).toHaveLength(1);
      rmSync(here.world.store.dir, { recursive: true, force: true });
      rmSync(here.configPath, { force: true });
    }
  });

  it("a certificate of ours is left alone, and so is an account that is in use", async () => {
    await issue(here.world, certificate());
    await here.world.config.write((await here.world.config.edited(certificate())).after);
    const before = readFileSync(here.configPath, "utf8");
    const result = await run();
    expect(result.certificates).toMatchObject([{ outcome: "kept", configChanged: false }]);
    expect(readFileSync(here.configPath, "utf8")).toBe(before);
    expect(stored()?.generations).toHaveLength(1);
    certbotAccount(folder(), "def", accountKey("P-256"), `${url}2`, "2026-05-01T00:00:00Z", "new@example.org");
    rmSync(join(folder(), "accounts/ca.example.org:14000/dir/abc"), { recursive: true });
    const other = await run();
    expect(other.accounts).toMatchObject([{ url: `${url}2`, outcome: "other", ours: url }]);
    expect((await findAccount(here.world.store.dir, directory))?.record?.url).toBe(url);
    expect(importText(other, here.world.now())).toContain("left there");
    expect(complaints(importDocument(other))).toEqual([]);
    // The other account's address must not reach the one in use.
    certbotLineage(folder(), "mx.example.org", await leafOf(ca, ["mx.example.org"]), [ca.intermediate], params);
    await run({ names: ["mx.example.org"] });
    expect(readFileSync(here.configPath, "utf8")).not.toContain("new@example.org");
  });

  it("a lineage with a key that was given up as compromised is refused, and nothing of it is kept", async () => {
    const { spkiSha256 } = readCertificate(leaf.pem);
    await here.world.store.write({ ...emptyState("other.example.org"), retired: [spkiSha256] });
    expect(await failing()).toMatchObject({
      kind: "data",
      message: expect.stringContaining("has a key of other.example.org that was given up as compromised"),
    });
    expect(stored()).toBeUndefined();
  });

  it("an entry that asks for something else keeps it from coming", async () => {
    writeFileSync(here.configPath, `certificates:\n  ${main}:\n    issuer: acme\n    acme: ${directory}\n`);
    expect((await run()).certificates).toMatchObject([{ outcome: "kept" }]);
    writeFileSync(
      here.configPath,
      `certificates:\n  ${main}:\n    names: [imap.example.org, ${main}]\n    issuer: acme\n    acme: ${directory}\n`,
    );
    expect((await run()).certificates).toMatchObject([{ outcome: "imported", configChanged: false }]);
  });

  it("several: a choice is asked for; the second that is chosen is for no server; the others are named", async () => {
    for (const name of ["www.example.org", "shop.example.org"])
      certbotLineage(folder(), name, await leafOf(ca, [name]), [ca.intermediate], params);
    const asked = await failing();
    expect(asked.kind).toBe("usage");
    expect(asked.hints.join()).toContain("www.example.org");
    expect((await failing({ names: ["nobody"] })).kind).toBe("usage");
    const planned = await run({ dryRun: true });
    expect(planned.certificates.map(({ certificate: one }) => one)).toEqual([
      main,
      "shop.example.org",
      "www.example.org",
    ]);
    const shown = importText(planned, here.world.now()).replaceAll(/\s+/g, " ");
    expect(shown).toContain(`each with --name: mailcert import certbot --name ${main}`);
    expect(existsSync(here.configPath)).toBe(false);
    const first = await run({ names: [main] });
    expect(first.left).toEqual(["shop.example.org", "www.example.org"]);
    expect(importText(first, here.world.now())).toContain(`mv ${folder()}/renewal/${main}.conf`);
    const second = await run({ names: ["www.example.org"] });
    expect(second.certificates).toMatchObject([{ servers: "none", outcome: "imported" }]);
    expect((await here.world.config.read())?.certificates.map(({ servers }) => servers)).toEqual(["auto", []]);
  });

  it("its renewal is one, to our own budget and to the CA: the names were certified before, to this account", async () => {
    await run();
    const spending = openSpending(here.world.store.dir, directory, limitsOfAll(directory), here.world.now);
    const path = join(here.world.store.dir, "accounts", caFolder(directory), "budget.json");
    const budget = JSON.parse(readFileSync(path, "utf8")) as Budget;
    expect(budget.buckets).toEqual({});
    const buckets = { orders: { tokens: 0, at: here.world.now().toISOString() } };
    writeFileSync(path, JSON.stringify({ ...budget, buckets }));
    expect(await spending.exhausted(["new.example.org"], false)).toMatchObject({
      what: expect.stringContaining("orders"),
    });
    expect(await spending.exhausted(["imap.example.org", main], false)).toBeUndefined();
    const [target] = stored()?.generations ?? [];
    const { notBefore } = readCertificate(leaf.pem);
    expect(Object.values(budget.issued)).toEqual([notBefore.toISOString()]);
    expect(target).toMatchObject({ account: url, notBefore: notBefore.toISOString() });
    const terms = await orderTerms(here.world, (await here.world.config.read())?.certificates[0] ?? certificate(), {
      ...emptyState(main),
      ...stored(),
    });
    expect(terms("ecdsa").replaces).toMatchObject({ account: url });
  });

  it("says nothing of an account that is not the one in use, or that nobody knows", async () => {
    certbotAccount(folder(), "abc", accountKey("RSA"), `${url}7`);
    await here.world.importing().then(({ adopt }) => adopt({ directory, url, key: accountKey("P-256") }));
    expect((await run()).accounts).toMatchObject([{ outcome: "other" }]);
    expect(stored()?.generations[0]).not.toHaveProperty("account");
    certbotLineage(
      folder(),
      "mx.example.org",
      await leafOf(ca, ["mx.example.org"]),
      [ca.intermediate],
      params.replace("abc", "gone"),
    );
    await run({ names: ["mx.example.org"] });
    expect(stored("mx.example.org")?.generations[0]).not.toHaveProperty("account");
  });

  it("ECDSA and RSA for the same names are the two slots of one certificate", async () => {
    const home = join(here.dir, "home/.acme.sh");
    const names = [main, "pop.example.org"];
    acmeShDomain(home, main, await leafOf(ca, names, { key: "RSA-2048" }), [ca.intermediate], "");
    acmeShDomain(home, `${main}_ecc`, await leafOf(ca, names), [ca.intermediate], "");
    writeFileSync(join(home, "account.conf"), "");
    const importing = await here.world.importing();
    const result = await importFrom(here.world, { client: "acme.sh", folder: home, names: [], dryRun: false });
    expect(result.certificates).toMatchObject([{ lineages: [`${main}_ecc`, main] }]);
    expect(Object.keys(await here.world.store.readGeneration(main, 1))).toEqual(["ecdsa", "rsa"]);
    expect(complaints(importDocument(result))).toEqual([]);
    expect(await importing.withoutLineage("acme.sh", home, main)).toContain("--remove");
  });

  it("a wildcard that was proven by other means: what to set is said, and the entry reads back", async () => {
    const home = join(here.dir, "home/.acme.sh");
    acmeShDomain(
      home,
      "*.example.org_ecc",
      await leafOf(ca, ["*.example.org"]),
      [ca.intermediate],
      "Le_Webroot='dns'\n",
    );
    writeFileSync(join(home, "account.conf"), "");
    const result = await importFrom(here.world, { client: "acme.sh", folder: home, names: [], dryRun: false });
    expect(result.certificates).toMatchObject([{ certificate: "wildcard.example.org", names: ["*.example.org"] }]);
    expect(result.notTranslated.join("\n")).toContain("through DNS alone");
    expect(importText(result, here.world.now())).toContain("mailcert setup '*.example.org'");
  });

  it("names and values that could forge a line of a terminal", async () => {
    const home = join(here.dir, "home/.acme.sh");
    const evil = "Le_Webroot='no\u001b[2J'\nLe_LocalAddress='\u001b[31m'\n";
    acmeShDomain(home, `${main}_ecc`, await leafOf(ca, [main]), [ca.intermediate], evil);
    acmeShDomain(home, "a\u001b[2Jb_ecc", await leafOf(ca, ["b.example.org"]), [ca.intermediate], "");
    writeFileSync(join(home, "account.conf"), "");
    const result = await importFrom(here.world, { client: "acme.sh", folder: home, names: [], dryRun: false });
    expect(result.certificates.map(({ certificate: name }) => name)).toEqual([main]);
    expect(importText(result, here.world.now())).not.toContain("\u001b");
  });

  it("nothing to import: what was found is said", async () => {
    rmSync(join(folder(), "accounts"), { recursive: true });
    rmSync(join(folder(), "live"), { recursive: true });
    const failure = await failing();
    expect(failure.kind).toBe("data");
    expect(failure.hints.join()).toContain("missing");
    expect((await failing({ folder: join(here.dir, "nowhere") })).kind).toBe("data");
  });
});

describe("setup on a host where another client has the name", () => {
  const wish = { dryRun: false, newKey: false, replace: false, issuerGiven: false, accept: async () => false };
  /** acme.sh is looked for in the home folder. */
  const owned = async (): Promise<void> => {
    acmeShDomain(join(here.dir, "home/.acme.sh"), `${main}_ecc`, await leafOf(ca, [main]), [ca.intermediate], "");
    writeFileSync(join(here.dir, "home/.acme.sh/account.conf"), "");
  };

  it("stops and names the command; --replace, --adopt-key, another name, and an entry of ours go on", async () => {
    await owned();
    const refused = await setup(here.world, certificate(), wish).then(
      () => undefined,
      (failure: Failure) => failure,
    );
    expect(refused).toMatchObject({ kind: "config", facts: { client: "acme.sh" } });
    expect(refused?.hints[0]).toContain(`mailcert import acme.sh --name ${main}_ecc`);
    expect(stored()).toBeUndefined();
    const other = certificate({ name: "mx.example.org", names: ["mx.example.org"] });
    expect((await setup(here.world, other, { ...wish, dryRun: true })).plan.certificate.name).toBe("mx.example.org");
    const adopted = { path: "/root/key.pem", privateKey: leaf.privateKey, algorithm: "ecdsa" as const };
    expect((await setup(here.world, certificate(), { ...wish, adopted, dryRun: true })).issued).toBeUndefined();
    expect((await setup(here.world, certificate(), { ...wish, replace: true })).issued).toBeDefined();
    expect((await setup(here.world, certificate(), wish)).issued).toBeUndefined();
  });
});
