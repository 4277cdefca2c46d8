// bundle --explain: what is live or staged is judged, for each kind of key; text and document say the same.
import { describe, expect, test } from "vitest";
import type { BundleDeps } from "../../src/usecases/bundle-tools.ts";
import { explainBundle } from "../../src/usecases/explain-bundle.ts";
import type { World } from "../../src/usecases/world.ts";
import { explainBundleDocument, explainBundleText } from "../../src/reports/explain-bundle.ts";
import { complaints } from "../docs/schemas.ts";
import { type Issued, type IssueOptions, day, issue } from "../fakes/pki.ts";
import { certificate } from "../fakes/world.ts";

const now = new Date();
const root = await issue({ subject: "CN=Example CA", ca: true, notAfter: new Date(now.getTime() + 3650 * day) });

interface Slots {
  readonly ecdsa?: { readonly leaf: string; readonly chain: readonly string[] };
  readonly rsa?: { readonly leaf: string; readonly chain: readonly string[] };
}

const worldOf = (slots: Slots, live: number | undefined, issuer: string): World =>
  ({
    now: () => now,
    systemRoots: async () => [],
    privateCas: async () => ({ roots: async () => [] }),
    store: {
      read: () => ({
        target: 2,
        generations: [
          {
            number: 2,
            issuer,
            authority: "default",
            names: [],
            createdAt: "",
            notBefore: "",
            notAfter: "",
            leaves: {},
          },
        ],
      }),
      liveNumber: () => live,
      readCertificates: async () => slots,
    },
  }) as unknown as World;

const deps = (publicRoots: readonly string[]): BundleDeps =>
  ({ publicRoots: async () => publicRoots, readCertificates: async () => [] }) as unknown as BundleDeps;

const below = async (options: IssueOptions = {}): Promise<NonNullable<Slots["ecdsa"]>> => ({
  leaf: (await issue({ names: ["mail.example.org"], by: root, ...options })).pem,
  chain: [root.pem],
});

const explained = async (
  slots: Slots,
  { staged = false, issuer = "private-ca", roots = [] as readonly Issued[] } = {},
) => explainBundle(worldOf(slots, staged ? undefined : 2, issuer), deps(roots.map(({ pem }) => pem)), certificate());

const verdicts = ({ opinions }: Awaited<ReturnType<typeof explained>>): Readonly<Record<string, string>> =>
  Object.fromEntries(opinions.map(({ client, verdict }) => [client.id, verdict]));

describe("a private CA", () => {
  test("each client's verdict, file and reason, in text and document", async () => {
    const result = await explained({ ecdsa: await below() });
    expect(result).toMatchObject({ generation: 2, live: true, trust: "private-ca", names: ["mail.example.org"] });
    const document = explainBundleDocument(result);
    expect(complaints(document)).toEqual([]);
    const text = explainBundleText(result, 100);
    expect(text).toContain("mail.example.org: generation 2 (live), of a private CA");
    expect(text).toMatch(/accepts it:\n {2}Thunderbird \[.*\]\n {6}import ca\.crt: Settings/);
    expect(text).toMatch(/never takes it, whatever is imported:\n {2}new Outlook/);
    expect(text.replaceAll(/\s+/g, " ")).toContain(
      "`mailcert setup mail.example.org --issuer letsencrypt --email YOU@DOMAIN --agree-tos`",
    );
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(110);
  });

  test("a fault of one of two keys' certificates is told of that one", async () => {
    const result = await explained({
      ecdsa: await below(),
      rsa: await below({ key: "RSA-2048", notAfter: new Date(now.getTime() + 900 * day) }),
    });
    expect(verdicts(result)).toMatchObject({ "apple-ios": "refuses", thunderbird: "accepts" });
    const apple = result.opinions.find(({ client }) => client.id === "apple-ios");
    expect(apple?.reasons).toMatchObject([{ cause: "long", slot: "rsa" }]);
    expect(complaints(explainBundleDocument(result))).toEqual([]);
    expect(explainBundleText(result, 100)).toContain("(the one with the RSA key)");
  });

  test("before the first switch it is the staged one", async () => {
    const result = await explained({ ecdsa: await below() }, { staged: true });
    expect(result.live).toBe(false);
    expect(explainBundleText(result, 100)).toContain("generation 2 (staged)");
  });
});

test("a public CA's: accepted by all, nothing to import", async () => {
  const result = await explained({ ecdsa: await below() }, { issuer: "acme", roots: [root] });
  expect(new Set(Object.values(verdicts(result)))).toEqual(new Set(["accepts"]));
  expect(result.opinions.filter(({ imports }) => imports)).toEqual([]);
  const text = explainBundleText(result, 100);
  expect(text).toContain("nothing to import");
  expect(text).not.toContain("What helps");
  expect(complaints(explainBundleDocument(result))).toEqual([]);
});

test("self-signed: who can import it, who asks, who never will", async () => {
  const own = await issue({ names: ["mail.example.org"] });
  const result = await explained({ ecdsa: { leaf: own.pem, chain: [] } }, { issuer: "self-signed" });
  expect(verdicts(result)).toMatchObject({
    thunderbird: "asks",
    "outlook-classic": "accepts",
    "gmail-web": "never",
    openssl: "accepts",
  });
  expect(complaints(explainBundleDocument(result))).toEqual([]);
  expect(explainBundleText(result, 80)).toContain("import server.crt");
});

test("none yet is said", async () => {
  await expect(explained({})).rejects.toMatchObject({
    kind: "config",
    hints: ["make it: mailcert issue mail.example.org"],
  });
});
