// What is inside an artefact, for whoever watches for vulnerabilities: CycloneDX 1.6, from what the bundler took, never from what lies in node_modules.
const { readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { sha256 } = require("./checksums.js");

const npmUrl = (name, version) => `pkg:npm/${name.replace("@", "%40")}@${version}`;

/** Folders of packages (`node_modules/x`) of which something is in dist/. */
const takenFolders = (root) => {
  const { outputs } = JSON.parse(readFileSync(join(root, "dist/meta.json"), "utf8"));
  const inputs = Object.values(outputs).flatMap((output) =>
    Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  return [
    ...new Set(inputs.flatMap((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? [])),
  ].toSorted();
};

const packageComponent = (locked, folder) => {
  const { version, license, integrity = "" } = locked[folder] ?? {};
  const name = folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
  const [, digest] = /^sha512-(.+)$/.exec(integrity) ?? [];
  return {
    type: "library",
    "bom-ref": npmUrl(name, version),
    name,
    version,
    purl: npmUrl(name, version),
    ...(license === undefined
      ? {}
      : { licenses: [/[ (]/.test(license) ? { expression: license } : { license: { id: license } }] }),
    ...(digest === undefined
      ? {}
      : { hashes: [{ alg: "SHA-512", content: Buffer.from(digest, "base64").toString("hex") }] }),
  };
};

/** Data that tldts carries under another licence than its own (MPL-2.0). */
const suffixList = (components) =>
  components
    .filter(({ name }) => name === "tldts")
    .map(({ version }) => ({
      type: "data",
      "bom-ref": `public-suffix-list/tldts@${version}`,
      name: "public-suffix-list",
      version: `tldts-${version}`,
      licenses: [{ license: { id: "MPL-2.0" } }],
    }));

/** The Node that is inside, and what it says it is made of. */
const runtimeComponents = ({ versions, digest }) => [
  {
    type: "platform",
    "bom-ref": `node@${versions.node}`,
    name: "node",
    version: versions.node,
    purl: `pkg:generic/node@${versions.node}`,
    cpe: `cpe:2.3:a:nodejs:node.js:${versions.node}:*:*:*:*:*:*:*`,
    hashes: [{ alg: "SHA-256", content: digest }],
    components: Object.entries(versions)
      .filter(([name]) => !["node", "modules", "napi", "cldr", "tz", "unicode"].includes(name))
      .map(([name, version]) => ({ type: "library", "bom-ref": `node/${name}@${version}`, name, version })),
  },
];

/** RFC 9562 5.8: the same artefact has the same number. */
const serialOf = (digest) =>
  `urn:uuid:${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;

/** @param runtime `{ versions, digest }`, where the artefact carries one @returns the name of the file beside the artefact */
const writeSbom = (out, file, release, { runtime }) => {
  const { packages } = JSON.parse(readFileSync(join(release.root, "package-lock.json"), "utf8"));
  const components = takenFolders(release.root).map((folder) => packageComponent(packages, folder));
  components.push(...suffixList(components));
  if (runtime !== undefined) components.push(...runtimeComponents(runtime));
  const digest = sha256(readFileSync(join(out, file)));
  const self = `${file}`;
  const document = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: serialOf(digest),
    version: 1,
    metadata: {
      timestamp: new Date(release.epoch * 1000).toISOString(),
      component: {
        type: "application",
        "bom-ref": self,
        name: "mailcert",
        version: release.version,
        licenses: [{ license: { id: "MIT" } }],
        hashes: [{ alg: "SHA-256", content: digest }],
      },
    },
    components,
    dependencies: [
      { ref: self, dependsOn: components.map((component) => component["bom-ref"]) },
      ...components.map((component) => ({ ref: component["bom-ref"] })),
    ],
  };
  const beside = `${file}.cdx.json`;
  writeFileSync(join(out, beside), `${JSON.stringify(document, undefined, 2)}\n`);
  return beside;
};

module.exports = { writeSbom };
