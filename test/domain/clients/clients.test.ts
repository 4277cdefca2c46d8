// The table of clients: whole, with a source for each claim, and judging real certificates as its sources say.
import { beforeAll, describe, expect, it } from "vitest";
import { readCertificate } from "../../../src/domain/certificate.ts";
import { causeIds, causes } from "../../../src/domain/clients/causes.ts";
import { clients } from "../../../src/domain/clients/index.ts";
import { opinionsOf } from "../../../src/domain/clients/opinion.ts";
import { type Served, pathOf } from "../../../src/domain/clients/served.ts";
import { writeNameConstraints } from "../../../src/domain/name-constraints.ts";
import { type Issued, type IssueOptions, day, issue } from "../../fakes/pki.ts";

const host = "mail.example.org";
const now = new Date();
const after = (days: number): Date => new Date(now.getTime() + days * day);

let root: Issued;
let issuer: Issued;
beforeAll(async () => {
  root = await issue({ subject: "CN=Root", ca: true, notAfter: after(3650) });
  issuer = await issue({ subject: "CN=Issuer", ca: true, by: root, notAfter: after(3650) });
});

const served = (chain: readonly Issued[], top: Issued | undefined, more: Partial<Served> = {}): Served => ({
  chain: chain.map(({ der }) => readCertificate(der)),
  ...(top ? { root: readCertificate(top.der) } : {}),
  trust: top === undefined ? "public" : top === chain[0] ? "self-signed" : "private-ca",
  names: [host],
  now,
  ...more,
});

const leaf = async (options: IssueOptions = {}, more: Partial<Served> = {}): Promise<Served> =>
  served([await issue({ names: [host], by: issuer, ...options }), issuer], root, more);

/** Who does not simply accept, as `verdict id`; the clouds and Gmail's app left out, which take no private CA anyway. */
const objections = (facts: Served): readonly string[] =>
  opinionsOf(
    facts,
    clients.filter(({ rules }) => !rules.some(({ cause }) => cause === "imported")),
  ).flatMap(({ client, verdict }) => (verdict === "accepts" ? [] : [`${verdict} ${client.id}`]));

const everybody = clients.filter(({ rules }) => !rules.some(({ cause }) => cause === "imported")).map(({ id }) => id);
const ids = (said: readonly string[]): readonly string[] => said.map((one) => one.split(" ")[1] ?? "");

describe("the table", () => {
  it.each(clients.map((client) => [client.id, client] as const))("%s", (_id, client) => {
    expect(client.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    const ruled = client.rules.map(({ cause }) => cause);
    expect(new Set(ruled).size).toBe(ruled.length);
    for (const { says, source } of client.rules) {
      expect(says).toMatch(/^\S.{4,200}$/);
      expect(says).not.toMatch(/\.$/);
      expect(source).toMatch(/^(lab|[^ ].*(\d|RFC|com|cpp|#).*)/);
    }
    // Each either has a file to import, or says what happens without one.
    expect(client.imports === undefined).toBe(ruled.includes("imported"));
    if (client.importsLeaf === undefined) expect(ruled.some((one) => one === "imported" || one === "no-ca")).toBe(true);
    else expect(ruled).not.toContain("no-ca");
  });

  it("no two have one id, and no cause is nobody's", () => {
    expect(new Set(clients.map(({ id }) => id)).size).toBe(clients.length);
    const ruled = new Set(clients.flatMap(({ rules }) => rules.map(({ cause }) => cause)));
    expect(causeIds.filter((id) => !ruled.has(id))).toEqual([]);
  });
});

describe("what they say", () => {
  it("a leaf of a private CA as mailcert makes it: taken by all that can import, never by the clouds", async () => {
    const opinions = opinionsOf(await leaf(), clients);
    expect(opinions.filter(({ verdict }) => verdict === "accepts").map(({ client }) => client.id)).toEqual(everybody);
    expect(opinions.filter(({ verdict }) => verdict === "never").map(({ client }) => client.id)).toEqual([
      "outlook-cloud",
      "android-apps",
      "gmail-web",
    ]);
    const by = new Map(opinions.map(({ client, imports }) => [client.id, imports?.file]));
    expect(by.get("thunderbird")).toBe("ca.crt");
    expect(by.get("outlook-classic")).toBe("ca.cer");
    expect(by.get("apple-ios")).toBe("ca.mobileconfig");
    expect(by.get("gmail-web")).toBeUndefined();
  });

  it("the same of a public CA: taken by all, nothing to import", async () => {
    const opinions = opinionsOf({ ...(await leaf()), trust: "public" }, clients);
    expect(opinions.filter(({ verdict, imports }) => verdict !== "accepts" || imports)).toEqual([]);
  });

  it.each<readonly [string, number, readonly string[]]>([
    ["825 days", 825, []],
    ["827 days", 827, ["refuses apple-mac", "refuses apple-ios"]],
  ])("%s of a private CA", async (_what, days, expected) => {
    expect(objections(await leaf({ notBefore: after(-1), notAfter: after(days - 1) }))).toEqual(expected);
  });

  it.each<readonly [string, number, boolean]>([
    ["398 days of a public CA", 398, false],
    ["400 days of a public CA", 400, true],
  ])("%s", async (_what, days, refused) => {
    const facts = await leaf({ notBefore: after(-1), notAfter: after(days - 1) }, { trust: "public" });
    expect(objections(facts).includes("refuses apple-ios")).toBe(refused);
    // The rule is for roots that the system brings along (support.apple.com/102028).
    expect(objections({ ...facts, trust: "private-ca" })).toEqual([]);
  });

  it("Apple asks for serverAuth by name, and everybody for it where uses are named", async () => {
    expect(objections(await leaf({ eku: [] }))).toEqual(["refuses apple-mac", "refuses apple-ios"]);
    expect(ids(objections(await leaf({ eku: ["1.3.6.1.5.5.7.3.2"] })))).toEqual(everybody);
    expect(objections(await leaf({ eku: ["2.5.29.37.0"] }))).toEqual([]);
  });

  it("self-signed and no CA: imported where the store takes it, a question elsewhere", async () => {
    const own = await issue({ names: [host] });
    const said = opinionsOf(served([own], own), clients);
    const by = new Map(said.map((one) => [one.client.id, one]));
    expect(by.get("thunderbird")).toMatchObject({ verdict: "asks", reasons: [{ cause: "no-ca" }] });
    expect(by.get("thunderbird")?.imports).toBeUndefined();
    expect(by.get("thunderbird-android")?.verdict).toBe("asks");
    expect(by.get("outlook-classic")).toMatchObject({ verdict: "accepts", imports: { file: "server.cer" } });
    expect(by.get("openssl")).toMatchObject({ verdict: "accepts", imports: { file: "server.crt" } });
    expect(by.get("gmail-web")?.verdict).toBe("never");
  });

  it("a root without the CA flag, and one that says nothing", async () => {
    const below = async (top: Issued): Promise<Served> => {
      const by = await issue({ subject: "CN=I", ca: true, by: top });
      return served([await issue({ names: [host], by }), by], top);
    };
    expect(ids(objections(await below(await issue({ subject: "CN=R", eku: [] }))))).toEqual(everybody);
    const silent = objections(await below(await issue({ subject: "CN=R", plain: true, eku: [] })));
    expect(ids(silent)).not.toContain("gnutls");
    expect(silent).toContain("refuses thunderbird");
    expect(silent).toContain("asks thunderbird-android");
  });

  it("names: another one, none but the common name, several, a wildcard", async () => {
    expect(ids(objections(await leaf({ names: ["other.example"] })))).toEqual(everybody);
    const bare = objections(await leaf({ names: [], subject: `CN=${host}` }));
    expect(bare).toContain("refuses apple-ios");
    expect(ids(bare)).not.toContain("openssl");
    const [one] = opinionsOf(await leaf({}, { names: [host, "imap.example.org"] }), clients);
    expect(one?.reasons[0]?.because).toBe("the certificate is not for imap.example.org");
    expect(objections(await leaf({ names: ["*.example.org"] }))).toEqual([]);
  });

  it("name constraints: of an issuer everybody keeps to them, of the root all but Java", async () => {
    const raw: IssueOptions["raw"] = [
      ["2.5.29.30", writeNameConstraints({ domains: ["example.net"], addresses: [] }).toString("hex")],
    ];
    const by = await issue({ subject: "CN=Limited", ca: true, by: root, raw });
    const issued = served([await issue({ names: [host], by }), by], root);
    expect(ids(objections(issued))).toEqual(everybody);
    const top = await issue({ subject: "CN=Limited root", ca: true, raw });
    const atRoot = ids(objections(served([await issue({ names: [host], by: top })], top)));
    expect(atRoot).not.toContain("java");
    expect(atRoot).toContain("thunderbird");
  });

  it("a missing intermediate, whether or not the root is sent", async () => {
    const end = await issue({ names: [host], by: issuer });
    expect(pathOf(served([end], root)).gap).toBe(true);
    expect(pathOf(served([end, root], root)).gap).toBe(true);
    expect(pathOf(served([end, issuer], root)).gap).toBe(false);
    expect(pathOf(served([end, issuer, root], root)).gap).toBe(false);
    expect(ids(objections(served([end], root)))).toEqual(everybody);
  });

  it("dates, weak keys and hashes, keys that few know", async () => {
    expect(ids(objections(await leaf({ notBefore: after(-9), notAfter: after(-1) })))).toEqual(everybody);
    expect(ids(objections(await leaf({ notBefore: after(1), notAfter: after(9) })))).toEqual(everybody);
    expect(objections(await leaf({ key: "RSA-1024" }))).toEqual([
      "refuses apple-mac",
      "refuses apple-ios",
      "refuses openssl",
    ]);
    const sha1 = ids(objections(await leaf({ hash: "SHA-1" })));
    expect(sha1).toContain("apple-ios");
    expect(sha1).not.toContain("java");
    const edwards = ids(objections(await leaf({ key: "Ed25519" })));
    expect(edwards).toContain("thunderbird");
    expect(edwards).not.toContain("openssl");
    expect(objections(await leaf({ key: "P-521" }))).toEqual(["refuses chromium"]);
  });
});

it("every cause has words that end in no full stop, and what mends it", async () => {
  const path = pathOf(await leaf());
  for (const { says, mend, title } of Object.values(causes)) {
    expect(says(path)).not.toMatch(/\.$/);
    expect(mend).toMatch(/^\S.{5,}/);
    expect(title).not.toBe("");
  }
});
