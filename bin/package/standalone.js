// The program as one executable file: Node's single executable application, with dist/ and templates/ as its assets.
const { copyFileSync, chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { Refusal, run } = require("./release.js");
const { openRuntime } = require("./runtime.js");
const { sharedTree } = require("./tree-of-docs.js");
const { distFiles, selfDescription, templateFiles } = require("./tree-of-program.js");

/** Node looks for this note in itself, and at this switch whether to (Node's manual, "Single executable applications"). */
const note = "NODE_SEA_BLOB";
const fuse = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

/** bin/ as one file: the loader that reads from the executable takes the place of the one that reads from folders. */
const bundleStart = async (root, outfile) => {
  const { build } = await import("esbuild");
  const inside = {
    name: "inside",
    setup: (one) => one.onResolve({ filter: /\/load\.js$/ }, () => ({ path: join(__dirname, "inside.js") })),
  };
  await build({
    absWorkingDir: root,
    entryPoints: ["bin/package/start.js"],
    outfile,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    plugins: [inside],
    logLevel: "warning",
  });
};

const assetsOf = (release, work) => {
  const files = [...distFiles(release.root), ...templateFiles(release.root)];
  const described = join(work, "package.json");
  writeFileSync(described, selfDescription(release));
  return { ...Object.fromEntries(files.map((file) => [file, join(release.root, file)])), "package.json": described };
};

/** Of mailcert, of what is bundled in it, and of the Node inside with its parts, each whole. */
const licencesText = ({ root, version }, { title, text }) =>
  [
    `mailcert ${version}\n\n${readFileSync(join(root, "LICENSE"), "utf8")}`,
    readFileSync(join(root, "dist/THIRD-PARTY.txt"), "utf8"),
    `The Node inside: ${title}\n\n${text}`,
  ]
    .map((part) => `${part.trimEnd()}\n`)
    .join(`\n${"=".repeat(80)}\n\n`);

/** @param node a Node to carry; default: the pinned one, through npm */
const writeExecutable = async ({ release, out, work, node }) => {
  const runtime = openRuntime(node, work);
  const place = join(work, "executable");
  mkdirSync(place);
  await bundleStart(release.root, join(place, "start.js"));
  const settings = {
    // Without a folder: this name is in the executable.
    main: "start.js",
    output: "blob",
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    useCodeCache: false,
    // What a program needs that runs as root: nobody's NODE_OPTIONS.
    execArgvExtension: "none",
    assets: assetsOf(release, place),
  };
  writeFileSync(join(place, "settings.json"), JSON.stringify(settings));
  run(runtime.path, ["--experimental-sea-config", "settings.json"], { cwd: place });
  const draft = join(place, "mailcert");
  copyFileSync(runtime.path, draft);
  chmodSync(draft, 0o755);
  run("strip", ["--strip-all", "--remove-section=.comment", draft], { hint: "apt-get install binutils" });
  const { inject } = require("postject");
  // It says on the console what does not matter.
  const { log, warn } = console;
  try {
    console.log = console.warn = () => undefined;
    await inject(draft, note, readFileSync(join(place, "blob")), { sentinelFuse: fuse });
  } finally {
    Object.assign(console, { log, warn });
  }
  const said = run(draft, ["--version"]).trim();
  if (said !== release.version) throw new Refusal(`the executable says ${said}, not ${release.version}`);
  const file = `mailcert-${release.version}-linux-x64`;
  copyFileSync(draft, join(out, `.${file}`));
  chmodSync(join(out, `.${file}`), 0o755);
  renameSync(join(out, `.${file}`), join(out, file));
  // Whoever hands the bare file on hands these on, too: the licences ask for it.
  const licences = `${file}.licences.txt`;
  writeFileSync(join(out, licences), licencesText(release, runtime.licence));
  return { file, licences, path: join(out, file), runtime };
};

const standaloneTree = (release, { path, runtime }) => {
  const name = "mailcert-standalone";
  return {
    name,
    files: new Map([
      ["usr/bin/mailcert", { content: readFileSync(path), mode: 0o755 }],
      ...sharedTree(release, name, runtime.licence),
    ]),
    folders: ["etc/mailcert", "etc/mailcert/conf.d"],
    fields: {
      Architecture: "amd64",
      // What Node's binary asks for (objdump -T): Debian 11 and later have it.
      Depends: "libc6 (>= 2.28), libgcc-s1, libstdc++6 (>= 9), debconf (>= 0.5) | debconf-2.0",
      Provides: `mailcert (= ${release.debian})`,
      Conflicts: "mailcert",
      Replaces: "mailcert",
    },
    more: `It carries Node ${runtime.versions.node}, for hosts whose own is missing or too old.`,
    scripts: ["postinst", "prerm", "postrm", "templates"],
  };
};

module.exports = { standaloneTree, writeExecutable };
