// What is released: version, time, who answers for it. Nothing of the machine it is made on.
const { spawnSync } = require("node:child_process");
const { existsSync, readFileSync } = require("node:fs");
const { join } = require("node:path");

const root = join(__dirname, "../..");

/** Why there is no package, and what to do about it. */
class Refusal extends Error {
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}

/** Runs a program; one that is missing or fails is told with what it said. */
const run = (program, args, { hint, ...options } = {}) => {
  const { error, status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    maxBuffer: 64 << 20,
    ...options,
  });
  if (error?.code === "ENOENT") throw new Refusal(`${program} is not installed`, hint ?? `install ${program}`);
  if (error || status !== 0) {
    const said = `${stderr ?? ""}${stdout ?? ""}`.trim().slice(-2000);
    throw new Refusal(`${program} ${args[0] ?? ""}: ${error?.message ?? `exit ${status}`}\n${said}`, hint);
  }
  return stdout;
};

/** Seconds since 1970 (reproducible-builds.org/specs/source-date-epoch). */
const epochOf = () => {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined && given !== "") {
    if (/^\d+$/.test(given)) return Number(given);
    throw new Refusal(`SOURCE_DATE_EPOCH is no number: ${given}`, "seconds since 1970, such as 1767225600");
  }
  const hint = "without git or its history, set SOURCE_DATE_EPOCH to seconds since 1970";
  if (run("git", ["status", "--porcelain"], { cwd: root, hint }) !== "")
    process.stderr.write("package: warning: what is packaged is not a commit: `git status` shows changes\n");
  return Number(run("git", ["log", "-1", "--format=%ct"], { cwd: root, hint }));
};

/** `1.2.0-rc.1` comes before 1.2.0: Debian writes that with a tilde, and a hyphen would begin a revision. */
const debianVersion = (version) => version.replaceAll("-", "~");

/** @param asked the version to say instead of package.json's */
const readRelease = (asked) => {
  if (!existsSync(join(root, "dist/main.js"))) throw new Refusal("not built", "npm ci && npm run build");
  const { version: own, description } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const version = asked ?? own;
  if (!/^\d[\d.]*(?:[-+~][0-9A-Za-z.+~-]+)?$/.test(version))
    throw new Refusal(`${version} is no version`, "such as 1.2.0 or 1.2.0-rc.1");
  const { DEBFULLNAME = "mailcert developers", DEBEMAIL = "mailcert@packages.invalid" } = process.env;
  return {
    root,
    version,
    debian: debianVersion(version),
    description,
    epoch: epochOf(),
    maintainer: `${DEBFULLNAME} <${DEBEMAIL}>`,
  };
};

module.exports = { Refusal, readRelease, run };
