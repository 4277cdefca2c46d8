// What the package `mailcert` puts where: the program as it lies in the checkout, its command, and what every package has.
const { readFileSync, readdirSync } = require("node:fs");
const { join } = require("node:path");
const { sharedTree } = require("./tree-of-docs.js");

const home = "usr/lib/mailcert";
const command = "/usr/bin/mailcert";

/** Files below a folder of the checkout, without what only its developers use. */
const below = (root, folder, wanted = () => true) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter(wanted)
    .toSorted();

/** The code that runs: compiled code fits one build of Node alone (postinst keeps it), and source maps are for whoever has the sources. */
const distFiles = (root) => below(root, "dist", (file) => file.endsWith(".js"));
const templateFiles = (root) => below(root, "templates");

/** What the program reads of itself. */
const selfDescription = (release, more) =>
  `${JSON.stringify({ name: "mailcert", version: release.version, ...more })}\n`;

const programTree = (release) => {
  const { root } = release;
  const files = new Map();
  const bytes = (file) => readFileSync(join(root, file));
  for (const file of [...distFiles(root), ...templateFiles(root)])
    files.set(`${home}/${file}`, { content: bytes(file), mode: 0o644 });
  for (const file of ["host.js", "load.js", "code-cache.js"])
    files.set(`${home}/bin/${file}`, { content: bytes(`bin/${file}`), mode: 0o644 });
  files.set(`${home}/bin/mailcert.js`, {
    // Debian's Node, whatever PATH a caller has.
    content: readFileSync(join(root, "bin/mailcert.js"), "utf8").replace(/^#!.*\n/, "#!/usr/bin/node\n"),
    mode: 0o755,
  });
  files.set(`${home}/dist/package.json`, { content: '{ "type": "commonjs" }\n', mode: 0o644 });
  files.set(`${home}/package.json`, { content: selfDescription(release, { command }), mode: 0o644 });
  files.set(command.slice(1), { link: "../lib/mailcert/bin/mailcert.js" });
  const name = "mailcert";
  return {
    name,
    files: new Map([...files, ...sharedTree(release, name)]),
    folders: ["etc/mailcert", "etc/mailcert/conf.d"],
    fields: {
      Architecture: "all",
      Depends: "nodejs (>= 20.19), debconf (>= 0.5) | debconf-2.0",
      Conflicts: "mailcert-standalone",
      Replaces: "mailcert-standalone",
    },
    more: "It runs with the Node of the host. mailcert-standalone carries its own.",
    scripts: ["postinst", "prerm", "postrm", "templates", "triggers"],
  };
};

module.exports = { distFiles, programTree, selfDescription, templateFiles };
