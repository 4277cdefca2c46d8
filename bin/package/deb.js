// One Debian package of a tree of files: control data, then dpkg-deb over a folder whose modes and times are all set.
const { createHash } = require("node:crypto");
const { chmodSync, lutimesSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } = require("node:fs");
const { dirname, join } = require("node:path");
const { run } = require("./release.js");

const parentsOf = (path) => {
  const found = [];
  for (let at = dirname(path); at !== "."; at = dirname(at)) found.push(at);
  return found;
};

/** Policy 5.6.20: KiB, each file and folder rounded up. */
const installedSize = (files, folders) =>
  [...files.values()].reduce(
    (sum, { content = "" }) => sum + Math.max(1, Math.ceil(Buffer.byteLength(content) / 1024)),
    folders.size,
  );

const about = `It gets the certificate (private CA, any ACME CA, self-signed), points
Dovecot, Postfix, Exim and other servers at it, reloads them, and connects
to every port as a mail program would to prove that it is served. A timer
renews what is due, finishes what was left undone and proves it again.`;

const control = (release, { name, fields, more }, size) => {
  const text = (part) =>
    part
      .split("\n")
      .map((line) => ` ${line}`)
      .join("\n");
  const [summary] = release.description.split(":");
  return [
    `Package: ${name}`,
    `Version: ${release.debian}`,
    `Section: mail`,
    `Priority: optional`,
    `Maintainer: ${release.maintainer}`,
    `Installed-Size: ${size}`,
    ...Object.entries(fields).map(([key, value]) => `${key}: ${value}`),
    `Recommends: ca-certificates`,
    `Suggests: dovecot-core, postfix`,
    `Description: ${summary.toLowerCase()}${name === "mailcert" ? "" : ", with its own Node"}`,
    text(about),
    " .",
    text(more),
    "",
  ].join("\n");
};

/** @returns the package's file name in `out` */
const buildDeb = ({ name, files, folders, fields, more, scripts, release, compression, out, work }) => {
  const place = join(work, name);
  const all = new Set([...folders, ...[...files.keys(), ...folders].flatMap(parentsOf)]);
  const write = (path, { content, link, mode }) => {
    mkdirSync(dirname(join(place, path)), { recursive: true });
    if (link !== undefined) return symlinkSync(link, join(place, path));
    writeFileSync(join(place, path), content);
    chmodSync(join(place, path), mode);
  };
  for (const folder of folders) mkdirSync(join(place, folder), { recursive: true });
  for (const [path, file] of files) write(path, file);
  const plain = [...files]
    .filter(([, { link }]) => link === undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  const md5 = (content) => createHash("md5").update(content).digest("hex");
  write("DEBIAN/control", {
    content: control(release, { name, fields, more }, installedSize(files, all)),
    mode: 0o644,
  });
  write("DEBIAN/md5sums", {
    content: plain.map(([path, { content }]) => `${md5(content)}  ${path}\n`).join(""),
    mode: 0o644,
  });
  for (const script of scripts) {
    const content = readFileSync(join(__dirname, "debian", script), "utf8").replaceAll("@PACKAGE@", name);
    write(`DEBIAN/${script}`, { content, mode: content.startsWith("#!") ? 0o755 : 0o644 });
  }
  // After the last write, the inner ones first: whatever umask and clock the maker has.
  for (const path of files.keys()) lutimesSync(join(place, path), release.epoch, release.epoch);
  for (const path of [...all, "DEBIAN", "."]) {
    chmodSync(join(place, path), 0o755);
    utimesSync(join(place, path), release.epoch, release.epoch);
  }
  const file = `${name}_${release.debian}_${fields.Architecture}.deb`;
  // One thread: the number of processors would show in the bytes.
  run("dpkg-deb", ["--root-owner-group", "--threads-max=1", `-Z${compression}`, "--build", place, join(out, file)], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(release.epoch), LC_ALL: "C" },
    hint: "packages are made on Debian: apt-get install dpkg",
  });
  return file;
};

module.exports = { buildDeb };
