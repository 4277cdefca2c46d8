// Loads dist/ with the compiled code that the build kept beside each file (bin/code-cache.js): V8 need not compile it again. Another Node compiles as ever.
const { existsSync, readFileSync, statSync } = require("node:fs");
const { dirname, join } = require("node:path");
const { Script } = require("node:vm");

/** The folder that holds bin/, dist/ and templates/. bin/package/inside.js is this file's counterpart where one file carries all of them. */
const home = join(__dirname, "..");
const textOf = (path) => readFileSync(join(home, path), "utf8");

module.exports.home = home;
module.exports.textOf = textOf;
module.exports.isBuilt = () => existsSync(join(home, "dist/main.js"));

/** A package says in its package.json by which path its command is known, whatever lies behind it. */
module.exports.installation = () => {
  const { version, command } = JSON.parse(textOf("package.json"));
  return { version, programPath: command ?? join(home, "bin/mailcert.js"), startsItself: command !== undefined };
};

/** What V8 made of a file, for this Node on this machine; before it the digest of both, since V8 itself looks at versions and lengths alone and falls over damaged bytes. */
const cacheOf = (file) => `${file}.cache`;
const digestSize = 32;

/** Bytes below which compiling costs less than looking for what was kept. */
const small = 4096;

/** This very Node: V8 looks at its own version alone, and two builds of one version (a distribution's, patched) are not the same (seen: 20.19 and 20.20 took each other's code, and it did other things). */
const ofThisNode = () => {
  const { size, mtimeMs } = statSync(process.execPath);
  return `${process.version} ${process.arch} ${size} ${mtimeMs}\n`;
};

const digest = (code, data) =>
  require("node:crypto").createHash("sha256").update(ofThisNode()).update(code).update(data).digest();

const keptFor = (file, code) => {
  if (code.length < small) return undefined;
  try {
    const kept = readFileSync(cacheOf(file));
    const data = kept.subarray(digestSize);
    return digest(code, data).equals(kept.subarray(0, digestSize)) ? data : undefined;
  } catch {
    return undefined;
  }
};

const head = "(function(exports,require,module){";

/** Compiled in this process. */
const compiled = [];

const load = (file) => {
  const known = require.cache[file];
  if (known) return known.exports;
  const code = readFileSync(file);
  // What another Node made is not taken, and V8 compiles as if there were nothing.
  const cachedData = keptFor(file, code);
  const script = new Script(`${head}${code.toString("utf8")}\n})`, {
    filename: file,
    columnOffset: -head.length,
    cachedData,
  });
  compiled.push({ file, code, script, kept: cachedData !== undefined && !script.cachedDataRejected });
  const loaded = { id: file, filename: file, exports: {} };
  require.cache[file] = loaded;
  try {
    const folder = dirname(file);
    const requireFrom = (path) => (path.startsWith(".") ? load(join(folder, path)) : require(path));
    script.runInThisContext().call(loaded.exports, loaded.exports, requireFrom, loaded);
  } catch (error) {
    delete require.cache[file];
    throw error;
  }
  return loaded.exports;
};

/** The program's entry. Whoever debugs it with source maps gets Node's own loader, which knows them. */
module.exports.loadMain = () => {
  const main = join(home, "dist/main.js");
  return process.sourceMapsEnabled ? require(main) : load(main);
};

/** What this process compiled: whether from kept code, and what the build keeps of it, and where. */
module.exports.compiled = () =>
  compiled
    .filter(({ code }) => code.length >= small)
    .map(({ file, code, script, kept }) => ({
      path: cacheOf(file),
      kept,
      content: () => {
        const data = script.createCachedData();
        return Buffer.concat([digest(code, data), data]);
      },
    }));
