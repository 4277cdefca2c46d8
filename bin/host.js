// Builds the Host from this process and runs main with it.
import { setMaxListeners } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

const output = (stream) => ({
  write: (text) => void stream.write(text),
  isTTY: stream.isTTY === true,
  columns: stream.columns ?? 80,
});

const sleep = (ms, signal) =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });

const ask = async (question) => {
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
};

const readInput = async () => {
  process.stdin.setEncoding("utf8");
  let text = "";
  for await (const part of process.stdin) text += part;
  return text;
};

export async function runHere() {
  if (!existsSync(at("../dist/main.js"))) {
    process.stderr.write(`mailcert: error: not built: run "npm ci" (with development packages) in ${at("..")}\n`);
    return 70;
  }
  const { main } = await import("../dist/main.js");
  const stop = new AbortController();
  // Proof waits for many entry points side by side, each listening for the end.
  setMaxListeners(0, stop.signal);
  for (const name of ["SIGINT", "SIGTERM"]) {
    // The second signal ends the process at once: the state on disk is always whole.
    process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
  }
  // A reader that went away (`mailcert log | head`) is no error.
  process.stdout.on("error", (error) => {
    if (error.code !== "EPIPE") throw error;
  });
  return main({
    argv: process.argv.slice(2),
    env: process.env,
    stdout: output(process.stdout),
    stderr: output(process.stderr),
    ask: process.stdin.isTTY && process.stderr.isTTY ? ask : undefined,
    readInput,
    now: () => new Date(),
    sleep,
    pid: process.pid,
    uid: process.getuid?.() ?? 0,
    signal: stop.signal,
    version: JSON.parse(readFileSync(at("../package.json"), "utf8")).version,
    nodePath: process.execPath,
    programPath: at("mailcert.js"),
    templatesDir: at("../templates"),
    cwd: process.cwd(),
  });
}
