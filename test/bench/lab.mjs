// What the rows need besides mailcert: the six mail servers, hosts by the thousand, Pebble, and a host with Dovecot and testssl; from the tests' own TypeScript, bundled into the bench's folder.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = join(import.meta.dirname, "../..");

/** @param module path below the project's root; what it finds beside itself (import.meta.url), it still finds. */
const bundled = (module, names, outfile) =>
  bundle(outfile, `export { ${names} } from "./${module}";`, {
    define: { "import.meta.url": JSON.stringify(pathToFileURL(join(root, module)).href) },
  });

const bundle = async (outfile, contents, more = {}) => {
  const output = { outfile, bundle: true, format: "esm", platform: "node", logLevel: "error" };
  await build({ stdin: { contents, resolveDir: root }, ...output, ...more });
  return outfile;
};

/** A script beside this file, in a process of its own that ends with its standard input. @returns what it says once it is `ready`, and `stop`. */
const startScript = async (name, args, ready) => {
  const script = join(import.meta.dirname, name);
  const child = spawn(process.execPath, [script, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  let text = "";
  await new Promise((resolve, reject) => {
    child.once("exit", (status) => reject(new Error(`${name} ended with ${status}`)));
    child.stdout.setEncoding("utf8").on("data", (part) => {
      text += part;
      if (text.endsWith(ready)) resolve();
    });
  });
  return { text, stop: () => child.stdin.end() };
};

/** @returns their URLs, and `stop`. */
export const startMailServers = async (folder, { key, cert }) => {
  const module = await bundled("test/fakes/mail-server.ts", "mailServer, startServer", join(folder, "mail-server.mjs"));
  const { text, stop } = await startScript("mail-servers.mjs", [module, key, cert], "\n\n");
  return { urls: text.trim().split("\n"), stop };
};

/** @param hosts how many, of eight entry points each. @returns how many targets, the list of them, the CA file, and `stop`. */
export const startFleet = async (folder, hosts) => {
  const fakes = [
    'export { mailServer, startServer } from "./test/fakes/mail-server.ts"',
    'export { issue } from "./test/fakes/pki.ts"',
  ];
  // @peculiar/x509 asks for parts of Node as CommonJS does.
  const banner = { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' };
  const module = await bundle(join(folder, "fleet.mjs"), fakes.join(";"), { banner });
  const { text, stop } = await startScript("fleet-servers.mjs", [module, String(hosts), folder], "\n");
  return { targets: Number(text), list: join(folder, "targets.txt"), caFile: join(folder, "ca.pem"), stop };
};

/** Pebble on loopback, validating at once. */
export const startPebble = async (folder) => {
  const module = await bundled("test/lab/pebble.ts", "startPebble", join(folder, "pebble.mjs"));
  const { startPebble: start } = await import(module);
  return start({ vaNoSleep: true });
};

/** A Debian host with Dovecot, and testssl beside it. Needs root. */
export const startDovecot = async (folder) => {
  const module = await bundled("test/lab/mail-host.ts", "startMailHost", join(folder, "mail-host.mjs"));
  const { startMailHost } = await import(module);
  const host = await startMailHost({ suite: "trixie", testssl: true });
  await host.startDovecot([143]);
  return host;
};
