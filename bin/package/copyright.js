// Who owns what is in a package, and under which licence: Debian's machine-readable copyright file (DEP-5).
const { readFileSync } = require("node:fs");
const { join } = require("node:path");

/** A text as a field's continuation: a blank line is a dot. */
const continued = (text) =>
  text
    .trim()
    .split("\n")
    .map((line) => (line.trim() === "" ? " ." : ` ${line.trimEnd()}`))
    .join("\n");

const holdersIn = (text) => {
  const found = [...text.matchAll(/^.*?copyright(?: ©| \(c\)|:)? +(?=[\d(A-Z])(.+)$/gim)].map(([, holder]) =>
    holder
      .replace(/^\(c\) */i, "")
      .replace(/\.? *All rights reserved\.?$/i, "")
      .trim(),
  );
  return found.length === 0 ? ["see the text of the licence"] : [...new Set(found)];
};

/** dist/THIRD-PARTY.txt, which the build wrote: `name version`, a blank line, the licence. */
const bundled = (root) =>
  readFileSync(join(root, "dist/THIRD-PARTY.txt"), "utf8")
    .split(`\n${"-".repeat(80)}\n`)
    .map((part) => /^(\S+ \d\S*)\n\n([\s\S]*)$/m.exec(part))
    .filter(Boolean)
    .map(([, title, text]) => ({ title, text }));

const stanza = (files, text, name, comment) =>
  [
    `Files: ${files}`,
    `Copyright:\n${holdersIn(text)
      .map((holder) => ` ${holder}`)
      .join("\n")}`,
    `License: ${name}\n${continued(text)}`,
    ...(comment === undefined ? [] : [`Comment: ${comment}`]),
  ].join("\n");

const runtimeStanza = ({ title }) =>
  stanza(
    "usr/bin/mailcert",
    "Copyright Node.js contributors, and the authors of what it is made of",
    "Expat-and-others",
    `The program carries ${title}. Its licence, with those of all its parts whole, is node-licences.txt.gz in this folder.`,
  );

/** @param runtime `{ title, text }`: the Node that is inside */
const copyrightText = ({ root }, runtime) => {
  const own = readFileSync(join(root, "LICENSE"), "utf8").replace(/^MIT License\n+/, "");
  return (
    [
      "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: mailcert",
      stanza("*", own, "Expat"),
      // Parts of the same files: what was bundled has none of its own.
      ...bundled(root).map(({ title, text }) =>
        stanza(
          `*/${title.split(" ")[0]}/*`,
          text,
          `${title.replace(/^@/, "").replaceAll(/[ /]/g, "-")}`,
          `inside the program: ${title}`,
        ),
      ),
      ...(runtime === undefined ? [] : [runtimeStanza(runtime)]),
    ].join("\n\n") + "\n"
  );
};

module.exports = { copyrightText };
