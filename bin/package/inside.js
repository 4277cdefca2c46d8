// bin/load.js for the single executable: dist/ and templates/ lie inside it, and each part is compiled when it is asked for.
const { join } = require("node:path");
const { getRawAsset } = require("node:sea");
const { Script } = require("node:vm");

/** No copy is made before the text is. */
const textOf = (path) => Buffer.from(getRawAsset(path)).toString("utf8");

module.exports.home = process.execPath;
module.exports.textOf = textOf;
module.exports.isBuilt = () => true;
module.exports.installation = () => ({
  version: JSON.parse(textOf("package.json")).version,
  programPath: process.execPath,
  startsItself: true,
});

const head = "(function(exports,require,module){";
const loaded = new Map();

const load = (path) => {
  const known = loaded.get(path);
  if (known) return known.exports;
  // Stack traces name the part of the program.
  const script = new Script(`${head}${textOf(path)}\n})`, {
    filename: `mailcert:/${path}`,
    columnOffset: -head.length,
  });
  const one = { id: path, filename: path, exports: {} };
  loaded.set(path, one);
  try {
    const requireFrom = (other) => (other.startsWith(".") ? load(join(path, "..", other)) : require(other));
    script.runInThisContext().call(one.exports, one.exports, requireFrom, one);
  } catch (error) {
    loaded.delete(path);
    throw error;
  }
  return one.exports;
};

module.exports.loadMain = () => load("dist/main.js");
