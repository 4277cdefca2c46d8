// What the rows need besides mailcert: the six mail servers, Pebble, and a host with Dovecot and testssl; all from the tests' own TypeScript, bundled into the bench's folder.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = join(import.meta.dirname, "../..");

/** @param module path below the project's root; what it finds beside itself (import.meta.url), it still finds. */
const bundled = async (module, names, outfile) => {
  await build({
    stdin: { contents: `export { ${names} } from "./${module}";`, resolveDir: root },
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    logLevel: "error",
    define: { "import.meta.url": JSON.stringify(pathToFileURL(join(root, module)).href) },
  });
  return outfile;
};

/** @returns their URLs, and `stop`. */
export const startMailServers = async (folder, { key, cert }) => {
  const module = await bundled("test/fakes/mail-server.ts", "mailServer, startServer", join(folder, "mail-server.mjs"));
  const script = join(import.meta.dirname, "mail-servers.mjs");
  const child = spawn(process.execPath, [script, module, key, cert], { stdio: ["pipe", "pipe", "inherit"] });
  let text = "";
  await new Promise((resolve, reject) => {
    child.once("exit", (status) => reject(new Error(`the mail servers ended with ${status}`)));
    child.stdout.setEncoding("utf8").on("data", (part) => {
      text += part;
      if (text.endsWith("\n\n")) resolve();
    });
  });
  return { urls: text.trim().split("\n"), stop: () => child.stdin.end() };
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
