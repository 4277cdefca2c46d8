// Builds dist/ (one bundle, split so that each command loads only what it needs). Run by npm's `prepare`.
const { spawnSync } = require("node:child_process");
const { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } = require("node:fs");
const { basename, dirname, join, resolve } = require("node:path");
const { writeThirdParty } = require("./third-party.js");

process.chdir(join(__dirname, ".."));

const packageOf = (path) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? "";

/**
 * What packages load and mailcert never uses there. acme-client: issuers/acme/transport.ts sends, src/x509 writes the requests.
 * commander: it would run other programs as its sub-commands.
 */
const stubs = {
  "acme-client": {
    axios: "src/issuers/acme/no-axios.ts",
    "@peculiar/x509": "src/issuers/acme/no-x509.ts",
    asn1js: "src/issuers/acme/no-x509.ts",
  },
  commander: { "node:child_process": "src/cli/no-child-process.ts" },
};

/** yaml, and what @peculiar/x509 is made of: modules that only define things, so that unused ones can be left out; their package.json does not say so. */
const definesOnly = /^(?:@peculiar\/(?:asn1-[\w-]+|utils)|asn1js|pvutils|pvtsutils|tsyringe|tslib|yaml)$/;

const lean = {
  name: "lean",
  setup: (build) =>
    build.onResolve({ filter: /./ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
      if (pluginData === "lean" || kind === "entry-point") return undefined;
      const from = packageOf(importer);
      const stub = Object.hasOwn(stubs, from) && Object.hasOwn(stubs[from], path) ? stubs[from][path] : undefined;
      if (stub !== undefined) return { path: resolve(stub) };
      // The same code as ES modules; what its package.json names for Node is CommonJS, which can only be taken whole.
      if (path === "yaml") return { path: resolve("node_modules/yaml/browser/dist/index.js"), sideEffects: false };
      if (!definesOnly.test(path) && !(path.startsWith(".") && definesOnly.test(from))) return undefined;
      return { ...(await build.resolve(path, { kind, importer, resolveDir, pluginData: "lean" })), sideEffects: false };
    }),
};

const sources = readdirSync("src", { recursive: true })
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
  .map((file) => resolve("src", file));
const text = (file) => readFileSync(file, "utf8");

const importsOf = (file) =>
  [...text(file).matchAll(/^(?:import|export) (?!type )[^"']*?from "([^"]+)"/gms)].map(([, path]) => path);

/** Files that are loaded with these. */
const reachedFrom = (starts) => {
  const found = new Set();
  const follow = (file) => {
    if (found.has(file)) return;
    found.add(file);
    for (const path of importsOf(file)) if (path.startsWith(".")) follow(resolve(dirname(file), path));
  };
  for (const start of starts) follow(resolve("src", start));
  return found;
};

/** What the timer's run is made of, whether anything is due or not. */
const timed = reachedFrom([
  "main.ts",
  "cli/program.ts",
  "commands/index.ts",
  "commands/renew.ts",
  "compose.ts",
  "config/parse.ts",
  // Loaded by it on some days only, by others always: so small that a file of its own costs more.
  "usecases/exposed-keys.ts",
]);

/** Files with nothing but decisions and words in them: they import one another and parts of Node. */
const small = new Set(
  sources.filter(
    (file) => /\/src\/(?:domain|reports|usecases)\/|\/system\/(?:files|flock)\.ts$/.test(file) && timed.has(file),
  ),
);
const isLight = (file) =>
  importsOf(file).every((path) =>
    path.startsWith(".") ? small.has(resolve(dirname(file), path)) : path.startsWith("node:"),
  );
for (let before = 0; before !== small.size;) {
  before = small.size;
  for (const file of small) if (!isLight(file)) small.delete(file);
}

/** What is loaded on demand, but for what help and --version load. */
const onDemand = new Set(
  sources.flatMap((file) =>
    [...text(file).matchAll(/import\("(\.[^"]+)"\)/g)].map(([, path]) => resolve(dirname(file), path)),
  ),
);
for (const early of ["cli/program.ts", "cli/report-error.ts", "commands/index.ts"])
  onDemand.delete(resolve("src", early));

/** Those that a look at servers needs, too, which asks for nothing of the rest. */
const looking = reachedFrom(["main.ts", "cli/program.ts", "compose.ts", "commands/verify.ts", "probe/index.ts"]);
const shared = [...small].filter((file) => looking.has(file));
const others = [...small].filter((file) => !looking.has(file));
const needsOthers = (file) => {
  const reached = reachedFrom([file]);
  return others.some((one) => reached.has(one));
};

/**
 * Puts the small files into two chunks: whatever is loaded on demand imports all of the first, or all of both, so that esbuild finds them used by the same
 * ones. Otherwise each set of commands that shares a file would get a chunk of its own, and each chunk costs a file to load.
 */
const together = {
  name: "together",
  setup: (build) => {
    build.onResolve({ filter: /^mailcert:/ }, ({ path }) => ({ path, namespace: "mailcert" }));
    build.onLoad({ filter: /./, namespace: "mailcert" }, ({ path }) => ({
      contents: (path === "mailcert:others" ? others : shared)
        .map((file) => `import ${JSON.stringify(file)};`)
        .join("\n"),
      resolveDir: process.cwd(),
    }));
    build.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) =>
      onDemand.has(path) && !small.has(path)
        ? {
            contents: `import "mailcert:shared"; ${needsOthers(path) ? 'import "mailcert:others"; ' : ""}${text(path)}`,
            loader: "ts",
          }
        : undefined,
    );
  },
};

const main = async () => {
  const esbuild = await import("esbuild").catch(() => undefined);
  if (esbuild === undefined) {
    console.error(
      'mailcert is not built: development packages were left out; run "npm ci" without --omit=dev once to build it.',
    );
    return;
  }
  const output = {
    platform: "node",
    target: "node20",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
  };
  const { metafile, outputFiles } = await esbuild.build({
    ...output,
    entryPoints: ["src/main.ts"],
    outdir: "dist",
    bundle: true,
    splitting: true,
    format: "esm",
    // ES modules where a package has both: only those can be taken in parts.
    mainFields: ["module", "main"],
    plugins: [lean, together],
    sourcemap: "inline",
    metafile: true,
    write: false,
    logLevel: "warning",
    chunkNames: "chunks/[name]-[hash]",
  });
  // esbuild splits ES modules only; Node starts and loads CommonJS faster.
  const built = await Promise.all(
    outputFiles.map(async ({ path, text: sourcefile }) => {
      const asCommonJs = { format: "cjs", supported: { "dynamic-import": false }, sourcemap: "external" };
      return { path, ...(await esbuild.transform(sourcefile, { ...output, ...asCommonJs })) };
    }),
  );
  rmSync("dist", { recursive: true, force: true });
  mkdirSync("dist/chunks", { recursive: true });
  writeFileSync("dist/package.json", '{ "type": "commonjs" }\n');
  for (const { path, code, map } of built) {
    writeFileSync(path, `${code}//# sourceMappingURL=${basename(path)}.map\n`);
    writeFileSync(`${path}.map`, map);
  }
  writeFileSync("dist/meta.json", JSON.stringify(metafile));
  writeThirdParty(metafile, "dist/THIRD-PARTY.txt");
  // In a process of its own, which holds what a run compiles and nothing else. Without it mailcert works as well, and starts slower.
  const { status } = spawnSync(process.execPath, [join(__dirname, "code-cache.js")], { stdio: "inherit" });
  if (status !== 0) console.error("mailcert is built; the compiled code could not be kept: it starts slower.");
};

void main().catch((error) => {
  // esbuild has said why.
  if (!error.errors) console.error(error);
  process.exitCode = 1;
});
