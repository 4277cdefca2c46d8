// What every importer must do: give what is whole, name what is not, read nothing that others could have written, change nothing.
import { chmodSync, lstatSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createPublicKey } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createForeignFiles } from "../../src/importers/files.ts";
import type { Importer, Inventory } from "../../src/importers/importer.ts";
import { type Ca, accountKey, leafOf, makeCa } from "../fakes/foreign-clients.ts";
import { type Issued, day } from "../fakes/pki.ts";

export interface ForeignLayout {
  /** Lays out an account at `directory`, as the client does. */
  readonly account: (folder: string, key: string, url: string) => void;
  readonly lineage: (folder: string, name: string, leaf: Issued, chain: readonly Issued[]) => void;
  readonly directory: string;
}

const url = "https://ca.example.org:14000/acct/1";
const spki = (pem: string): string => createPublicKey(pem).export({ type: "spki", format: "der" }).toString("hex");

/** Every file with its mode, and its time of change, which even a write of the same bytes moves. */
const below = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .toSorted()
    .map((name) => {
      const facts = lstatSync(join(folder, name));
      return `${name} ${facts.mode} ${facts.ctimeMs} ${facts.isFile() ? readFileSync(join(folder, name), "utf8") : ""}`;
    });

export const importerContract = (name: string, load: () => Promise<Importer>, layout: ForeignLayout): void => {
  describe(`importer contract: ${name}`, () => {
    let ca: Ca;
    let folder = "";
    beforeAll(async () => {
      ca = await makeCa();
    });
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "mailcert-importer-"));
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    const read = async (uid = process.getuid?.() ?? 0): Promise<Inventory> => {
      const files = createForeignFiles(uid);
      return (await load()).read({ folder, files, now: new Date(), directory: layout.directory });
    };
    const lay = async (more?: Parameters<typeof leafOf>[2], host = "mail.example.org"): Promise<Issued> => {
      const leaf = await leafOf(ca, [host], more);
      layout.lineage(folder, host, leaf, [ca.intermediate, ca.root]);
      return leaf;
    };

    test("an empty folder, and none at all, have nothing in them", async () => {
      expect(await read()).toMatchObject({ accounts: [], lineages: [] });
      rmSync(folder, { recursive: true });
      expect(await read()).toMatchObject({ accounts: [], lineages: [] });
    });

    test.each(["RSA", "P-256", "P-384"] as const)(
      "an account with its URL, its directory and its key (%s)",
      async (kind) => {
        const key = accountKey(kind);
        layout.account(folder, key, url);
        const { accounts } = await read();
        expect(accounts).toMatchObject([{ url, directory: layout.directory }]);
        expect(spki(accounts[0]?.key ?? "")).toBe(spki(key));
        expect(accounts[0]?.key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
      },
    );

    test("a lineage with key, leaf, chain without the root, and the account that it is renewed with", async () => {
      layout.account(folder, accountKey("P-256"), url);
      const leaf = await lay({ key: "P-384" });
      const { lineages } = await read();
      expect(lineages).toMatchObject([
        {
          names: ["mail.example.org"],
          algorithm: "ecdsa-p384",
          directory: layout.directory,
          leaf: leaf.pem,
          chain: [ca.intermediate.pem],
        },
      ]);
      expect(spki(lineages[0]?.privateKey ?? "")).toBe(spki(leaf.privateKey));
    });

    test("what cannot come along is named, and the rest is read", async () => {
      layout.account(folder, accountKey("P-256"), url);
      await lay();
      await lay({ notBefore: new Date(Date.now() - 9 * day), notAfter: new Date(Date.now() - day) }, "old.example.org");
      await lay({ key: "P-521" }, "large.example.org");
      const { privateKey } = await leafOf(ca, ["other.example.org"]);
      layout.lineage(folder, "mixed.example.org", { ...(await leafOf(ca, ["mixed.example.org"])), privateKey }, [
        ca.intermediate,
      ]);
      layout.lineage(folder, "alone.example.org", await leafOf(ca, ["alone.example.org"]), []);
      const { lineages, notTranslated, renewed } = await read();
      expect(lineages.map(({ names }) => names[0])).toEqual(["mail.example.org"]);
      // Its timer is theirs as well.
      for (const one of ["mail", "old", "large", "mixed", "alone"])
        expect(
          renewed.some((each) => each.startsWith(`${one}.example.org`)),
          one,
        ).toBe(true);
      const said = (about: string): string => notTranslated.find((sentence) => sentence.includes(about)) ?? "";
      expect(said("old.example.org")).toContain("expired");
      expect(said("large.example.org")).toContain("P-521");
      expect(said("mixed.example.org")).toContain("another certificate");
      expect(said("alone.example.org")).toContain("chain");
      expect(JSON.stringify(notTranslated)).not.toContain("PRIVATE KEY");
    });

    test("any byte in any file: a sentence or a failure that is expected, never a bug", async () => {
      layout.account(folder, accountKey("P-256"), url);
      await lay();
      const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
        .map((one) => join(folder, one))
        .filter((path) => lstatSync(path).isFile());
      for (const path of files) {
        const before = readFileSync(path);
        for (const text of [
          "",
          "{",
          "null",
          "[]",
          "\0\x01",
          `{"registration":[]}`,
          "a=b",
          before.subarray(0, before.length / 2),
        ]) {
          chmodSync(path, 0o600);
          writeFileSync(path, text);
          const { lineages, accounts } = await read();
          for (const lineage of lineages) expect(lineage.leaf).toContain("BEGIN CERTIFICATE");
          for (const account of accounts) expect(account.url).toBe(url);
        }
        writeFileSync(path, before);
      }
    });

    test("nothing of the client's is changed", async () => {
      layout.account(folder, accountKey("P-256"), url);
      await lay();
      const before = below(folder);
      await read();
      expect(below(folder)).toEqual(before);
    });

    test("root reads nothing that somebody else could have written", async () => {
      layout.account(folder, accountKey("P-256"), url);
      await lay();
      chmodSync(folder, 0o777);
      // An account, or settings for all of them: the end. A lineage: that one is skipped.
      await expect(read(0)).rejects.toMatchObject({ kind: "data", message: expect.stringContaining(folder) });
      rmSync(join(folder, "accounts"), { recursive: true, force: true });
      rmSync(join(folder, "ca"), { recursive: true, force: true });
      const { lineages } = await read(0).catch(() => ({ lineages: [] }));
      expect(lineages).toEqual([]);
    });
  });
};
