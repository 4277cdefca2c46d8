// Makes the Debian packages, the single executable, what is in them (SBOM) and their checksums: npm run package -- --out DIR.
const { mkdirSync, mkdtempSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join, resolve } = require("node:path");
const { parseArgs } = require("node:util");
const { writeChecksums } = require("./checksums.js");
const { buildDeb } = require("./deb.js");
const { Refusal, readRelease } = require("./release.js");
const { writeSbom } = require("./sbom.js");
const { programTree } = require("./tree-of-program.js");
const { standaloneTree, writeExecutable } = require("./standalone.js");

const usage = `Usage: npm run package -- --out DIR [options]

  --out DIR           where the packages go (made if missing)
  --only NAME         mailcert or standalone; default both
  --release VERSION   the version that the packages say; default package.json's
  --node FILE         the Node to carry, instead of fetching it through npm
  --compression NAME  xz (default), or none for a quick trial

The same commit gives the same bytes; SOURCE_DATE_EPOCH sets the time in them (default: the last commit's).
`;

const readOptions = (args) => {
  const options = { out: "string", only: "string", release: "string", node: "string", compression: "string" };
  const { values } = parseArgs({
    args,
    options: {
      ...Object.fromEntries(Object.entries(options).map(([name, type]) => [name, { type }])),
      help: { type: "boolean" },
    },
  });
  if (values.help) return undefined;
  if (!values.out) throw new Refusal("where do the packages go?", "npm run package -- --out DIR");
  for (const { name, choices } of [
    { name: "only", choices: ["mailcert", "standalone"] },
    { name: "compression", choices: ["xz", "none"] },
  ]) {
    const value = values[name];
    if (value !== undefined && !choices.includes(value))
      throw new Refusal(`--${name} ${String(value)} is not known`, `one of: ${choices.join(", ")}`);
  }
  return values;
};

const main = async () => {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return void process.stdout.write(usage);
  const release = readRelease(options.release);
  const { only, compression = "xz" } = options;
  const out = resolve(options.out);
  mkdirSync(out, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), "mailcert-package-"));
  try {
    const made = [];
    const add = (file, content) => {
      made.push(file, writeSbom(out, file, release, content));
      process.stdout.write(`${join(out, file)}\n`);
    };
    if (only !== "standalone") {
      const tree = programTree(release);
      add(buildDeb({ ...tree, release, compression, out, work }), {});
    }
    if (only !== "mailcert") {
      const executable = await writeExecutable({ release, out, work, node: options.node });
      add(executable.file, executable);
      made.push(executable.licences);
      const tree = standaloneTree(release, executable);
      add(buildDeb({ ...tree, release, compression, out, work }), executable);
    }
    writeChecksums(out, made);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

void main().catch((error) => {
  const expected = error instanceof Refusal || String(error.code).startsWith("ERR_PARSE_ARGS");
  process.stderr.write(expected ? `package: error: ${error.message}\n` : `${error.stack}\n`);
  if (error.hint !== undefined) process.stderr.write(`package: hint: ${error.hint}\n`);
  process.exitCode = expected ? 64 : 70;
});
