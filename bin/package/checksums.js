// SHA256SUMS of what was made, as `sha256sum --check` reads it.
const { createHash } = require("node:crypto");
const { readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

const writeChecksums = (out, files) => {
  const lines = files.toSorted().map((file) => `${sha256(readFileSync(join(out, file)))}  ${file}\n`);
  writeFileSync(join(out, "SHA256SUMS"), lines.join(""));
};

module.exports = { sha256, writeChecksums };
