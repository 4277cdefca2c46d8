// What every package of mailcert has beside the program: licences, changes, manual, manual pages and completions.
const { existsSync, readFileSync, readdirSync } = require("node:fs");
const { join } = require("node:path");
const { gzipSync } = require("node:zlib");
const { copyrightText } = require("./copyright.js");

/** As `gzip -9n`: no name and no time in it; the system that made it is not said (RFC 1952 2.3.1: 255). */
const gzip = (text) => {
  const bytes = gzipSync(text, { level: 9 });
  bytes[9] = 255;
  return bytes;
};

const listed = (root, folder, pattern) =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder))
        .filter((file) => pattern.test(file))
        .toSorted()
    : [];

/** RFC 5322, as dpkg wants it, in UTC. */
const changelogDate = (epoch) => new Date(epoch * 1000).toUTCString().replace("GMT", "+0000");

const changelog = (release, name) =>
  `${name} (${release.debian}) unstable; urgency=medium

  * What changed for users: CHANGELOG.md.gz in this folder.

 -- ${release.maintainer}  ${changelogDate(release.epoch)}
`;

/** Where each shell looks for completions of packages; the files are what `mailcert completion SHELL` prints. */
const completions = {
  "completion.bash": "usr/share/bash-completion/completions/mailcert",
  "completion.zsh": "usr/share/zsh/vendor-completions/_mailcert",
  "completion.fish": "usr/share/fish/vendor_completions.d/mailcert.fish",
};

const manual = ["docs", "docs/clients", "docs/commands", "docs/servers", "docs/tutorials"];

/** @param runtime licence text of what else is inside */
const sharedTree = (release, name, runtime) => {
  const { root } = release;
  const doc = `usr/share/doc/${name}`;
  const text = (file) => readFileSync(join(root, file), "utf8");
  const files = new Map();
  const add = (path, content) => files.set(path, { content, mode: 0o644 });
  add(`${doc}/copyright`, copyrightText(release, runtime));
  if (runtime !== undefined) add(`${doc}/node-licences.txt.gz`, gzip(runtime.text));
  add(`${doc}/changelog.gz`, gzip(changelog(release, name)));
  add(`${doc}/CHANGELOG.md.gz`, gzip(text("CHANGELOG.md")));
  for (const file of ["README.md", "SECURITY.md"]) add(`${doc}/${file}`, text(file));
  for (const folder of manual)
    for (const file of listed(root, folder, /\.md$/)) add(`${doc}/${folder}/${file}`, text(`${folder}/${file}`));
  for (const file of listed(root, "docs/man", /\.[1-8]$/))
    add(`usr/share/man/man${file.at(-1)}/${file}.gz`, gzip(text(`docs/man/${file}`)));
  for (const [file, path] of Object.entries(completions)) add(path, text(`templates/${file}`));
  const overrides = join(__dirname, "debian", `lintian-overrides.${name}`);
  if (existsSync(overrides)) add(`usr/share/lintian/overrides/${name}`, readFileSync(overrides, "utf8"));
  return files;
};

module.exports = { sharedTree };
