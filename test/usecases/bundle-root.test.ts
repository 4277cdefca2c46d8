// What clients import: nothing of a public CA, the root of any other, wherever it can be found; never a promise that is not kept.
import { expect, test } from "vitest";
import type { AcmeSettings } from "../../src/domain/certificate-config.ts";
import { Failure } from "../../src/domain/failure.ts";
import type { BundleDeps } from "../../src/usecases/bundle-tools.ts";
import { type RootRequest, importedRoot } from "../../src/usecases/bundle-root.ts";
import type { World } from "../../src/usecases/world.ts";
import { issue, makePki } from "../fakes/pki.ts";
import { usualAcme } from "../fakes/settings.ts";
import { certificate } from "../fakes/world.ts";

const own = "https://ca.example.org/dir";
const letsencrypt = "https://acme-v02.api.letsencrypt.org/directory";

interface Given {
  readonly system?: readonly string[];
  readonly publicRoots?: readonly string[];
  readonly files?: Readonly<Record<string, readonly string[]>>;
  readonly now?: Date;
}

const find = async (
  { system = [], publicRoots = [], files = {}, now = new Date() }: Given,
  request: Pick<RootRequest, "slots"> & Partial<RootRequest>,
  over: Partial<AcmeSettings> = {},
  directory = own,
): Promise<string | undefined | Failure> => {
  const world = { now: () => now, systemRoots: async () => system } as unknown as World;
  const deps = {
    publicRoots: async () => publicRoots,
    readCertificates: async (path: string) => {
      const found = files[path];
      if (found === undefined) throw new Failure("config", `there is no file ${path}`);
      return found;
    },
  } as unknown as BundleDeps;
  const asked: RootRequest = {
    certificate: certificate({
      issuer: { kind: "acme", agreeTos: true, httpAddress: ":80", ...usualAcme, directory, ...over },
    }),
    generation: {
      number: 1,
      names: ["mail.example.org"],
      issuer: "acme",
      authority: directory,
      createdAt: "",
      notBefore: "",
      notAfter: "",
      leaves: {},
    },
    dir: "/srv/mail",
    ...request,
  };
  return importedRoot(world, deps, asked).catch((error: unknown) => error as Failure);
};

const pki = await makePki();
const stranger = await makePki();
const slot = { leaf: pki.leaf.pem, chain: [pki.intermediate.pem] };
const fingerprint = (pem: unknown): string => String(pem).replaceAll(/\s/g, "");

test("a public CA's: nothing, also once it has expired, and where the system alone knows a known CA's newest root", async () => {
  expect(await find({ publicRoots: [pki.root.pem] }, { slots: [slot] })).toBeUndefined();
  const later = new Date(Date.now() + 400 * 86_400_000);
  expect(await find({ publicRoots: [pki.root.pem], now: later }, { slots: [slot] })).toBeUndefined();
  expect(await find({ system: [pki.root.pem] }, { slots: [slot] }, {}, letsencrypt)).toBeUndefined();
});

test("a root that only this host trusts is no public one: clients import it", async () => {
  const given = { system: [stranger.root.pem, pki.root.pem], publicRoots: [stranger.root.pem] };
  expect(fingerprint(await find(given, { slots: [slot] }))).toBe(fingerprint(pki.root.pem));
});

test.each([
  ["the chain", {}, [pki.intermediate.pem, pki.root.pem], {}, {}],
  ["ca_file", { caFile: "/ca.pem" }, slot.chain, { "/ca.pem": [stranger.root.pem, pki.root.pem] }, {}],
  ["the folder", { caFile: "/gone.pem" }, slot.chain, {}, { before: pki.root.pem }],
  ["--root", {}, slot.chain, { "/root.pem": [pki.root.pem] }, { file: "/root.pem" }],
  [
    "--root, over another intermediate",
    {},
    [],
    { "/root.pem": [pki.root.pem, pki.intermediate.pem] },
    { file: "/root.pem" },
  ],
])("found in %s", async (_where, over, chain, files, request) => {
  const found = await find({ files }, { slots: [{ ...slot, chain }], ...request }, over);
  expect(fingerprint(found)).toBe(fingerprint(pki.root.pem));
});

test("one of two keys' chains is not public: its root is needed", async () => {
  const other = { leaf: stranger.leaf.pem, chain: [stranger.intermediate.pem, stranger.root.pem] };
  const found = await find({ publicRoots: [pki.root.pem] }, { slots: [slot, other] });
  expect(fingerprint(found)).toBe(fingerprint(stranger.root.pem));
});

test("nowhere: said, with the ways out", async () => {
  expect(await find({}, { slots: [slot] }, { caFile: "/ca.pem" })).toMatchObject({
    kind: "config",
    message: expect.stringMatching(/clients do not trust .* the chain ends below "CN=Test Root"/) as string,
    hints: [
      expect.stringContaining("--root FILE") as string,
      expect.stringContaining("add it to /ca.pem (ca_file") as string,
    ],
  });
});

test("a file that is not the root, and one where none is needed, are refused", async () => {
  const files = { "/root.pem": [stranger.root.pem, pki.intermediate.pem] };
  expect(await find({ files }, { slots: [slot], file: "/root.pem" })).toMatchObject({ kind: "data" });
  expect(await find({ files, publicRoots: [pki.root.pem] }, { slots: [slot], file: "/root.pem" })).toMatchObject({
    kind: "usage",
  });
});

test("a self-signed leaf is what is imported", async () => {
  const leaf = await issue({ names: ["mail.example.org"] });
  expect(fingerprint(await find({}, { slots: [{ leaf: leaf.pem, chain: [] }] }))).toBe(fingerprint(leaf.pem));
});
