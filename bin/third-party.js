// Writes the licences of every package that is in the bundle: names, versions, and their licence texts whole.
const { existsSync, readFileSync, readdirSync, writeFileSync } = require("node:fs");

const packageOf = (input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];

/** Data inside tldts, under a licence of its own, which that package's does not say. */
const suffixList = ({ version }) => `public-suffix-list ${version}

The Public Suffix List, as the package tldts ${version} carries it, turned into a table.
Copyright Mozilla Foundation and contributors

This Source Code Form is subject to the terms of the Mozilla Public License,
v. 2.0. If a copy of the MPL was not distributed with this file, You can obtain
one at https://mozilla.org/MPL/2.0/.

The list itself: https://publicsuffix.org/list/
`;

/** @param metafile esbuild's @param path where to write */
module.exports.writeThirdParty = (metafile, path) => {
  const folders = new Set(Object.keys(metafile.inputs).map(packageOf).filter(Boolean));
  const texts = [...folders]
    .toSorted((one, other) => (one < other ? -1 : 1))
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      const text =
        file && existsSync(`${folder}/${file}`)
          ? readFileSync(`${folder}/${file}`, "utf8").trim()
          : `Licence: ${license}`;
      return `${name} ${version}\n\n${text}\n`;
    });
  const suffixes = [...folders].find((folder) => folder.endsWith("/tldts"));
  if (suffixes !== undefined) texts.push(suffixList(JSON.parse(readFileSync(`${suffixes}/package.json`, "utf8"))));
  writeFileSync(
    path,
    `The program in this folder contains these packages.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`,
  );
};
