// Builds dist/ (one bundle, split so that each command loads only what it needs). Run by npm's `prepare`.
import { rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { writeThirdParty } from "./third-party.js";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

let esbuild;
try {
  esbuild = await import("esbuild");
} catch {
  console.error(
    'mailcert is not built: development packages were left out; run "npm ci" without --omit=dev once to build it.',
  );
  process.exit(0);
}

rmSync("dist", { recursive: true, force: true });
const { metafile } = await esbuild.build({
  entryPoints: ["src/main.ts"],
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: false,
  sourcemap: "linked",
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
  chunkNames: "chunks/[name]-[hash]",
  // acme-client imports axios, which is replaced on each client by our own transport (docs/decisions).
  alias: { axios: "./src/issuers/acme/no-axios.ts" },
  // CommonJS packages inside the bundle call require() for Node's own modules.
  banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
});
writeFileSync("dist/meta.json", JSON.stringify(metafile));
writeThirdParty(metafile, "dist/THIRD-PARTY.txt");
