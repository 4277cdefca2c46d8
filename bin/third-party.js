// Writes the licences of every package that is in the bundle: names, versions, and their licence texts whole.
const { existsSync, readFileSync, readdirSync, writeFileSync } = require("node:fs");

const packageOf = (input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];

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
  writeFileSync(
    path,
    `The program in this folder contains these packages.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`,
  );
};
