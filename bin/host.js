// Builds the Host from this process and runs main with it. What is asked for rarely (streams, a terminal) is looked up when it is asked for.
const { setMaxListeners } = require("node:events");
const { home, installation, isBuilt, loadMain, textOf } = require("./load.js");

const output = (stream) => ({
  write: (text) => void (gone.has(stream()) || stream().write(text)),
  get isTTY() {
    return stream().isTTY === true;
  },
  get columns() {
    // A serial console may say 0.
    return stream().columns || 80;
  },
});

/** Streams that nothing can be written to any more. */
const gone = new Set();

/**
 * What cannot be said must not end a run between two steps: it goes on silently. A reader that went away (`mailcert log | head`), or a
 * terminal, is no error; a full disk under a redirected report is one, told by the exit status (73, cannot-create).
 */
const goingOn = (stream) =>
  stream.on("error", (error) => {
    gone.add(stream);
    if (error.code !== "EPIPE" && error.code !== "EIO") process.exitCode ||= 73;
  });

let out;
let err;
const stdout = () => (out ??= goingOn(process.stdout));
const stderr = () => (err ??= goingOn(process.stderr));

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

/** @throws AbortError where the person gave up (Ctrl-C, Ctrl-D): Node 20 itself would wait for ever, and the process end with 0. */
const ask = async (question) => {
  const { createInterface } = require("node:readline/promises");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const gaveUp = new Promise((_answer, reject) => {
    lines.once("close", () => reject(Object.assign(new Error("nobody answered"), { name: "AbortError" })));
  });
  try {
    return await Promise.race([lines.question(question), gaveUp]);
  } catch (error) {
    // What follows begins on a line of its own.
    process.stderr.write("\n");
    throw error;
  } finally {
    lines.close();
  }
};

/** Who gives up at a question has stopped the run, like a signal: nothing else is begun. */
const asking = (stop) => (question) =>
  ask(question).catch((error) => {
    if (!stop.signal.aborted) stop.abort(error);
    throw error;
  });

/** What is typed is not shown. "": the person gave up (Ctrl-C, Ctrl-D). */
const askSecret = async (question) => {
  const { createInterface } = require("node:readline");
  const { Writable } = require("node:stream");
  const nowhere = new Writable({ write: (_part, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  // Not before: who sees the question may type, and the terminal shows what is typed until now.
  process.stderr.write(question);
  try {
    return await new Promise((resolve) => {
      lines.once("line", resolve);
      lines.once("close", () => resolve(""));
    });
  } finally {
    lines.close();
    process.stderr.write("\n");
  }
};

const readInput = async () => {
  process.stdin.setEncoding("utf8");
  let text = "";
  for await (const part of process.stdin) text += part;
  return text;
};

/** undefined: it was deleted while the caller stood in it, and absolute paths go on to work. */
const currentFolder = () => {
  try {
    return process.cwd();
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
};

/** What is the same for a command line and for whoever calls it as a library. */
const surroundings = () => ({
  env: process.env,
  readInput,
  now: () => new Date(),
  // Not performance.now(), for which Node loads nine modules.
  elapsed: () => Number(process.hrtime.bigint()) / 1e6,
  sleep,
  pid: process.pid,
  uid: process.getuid?.() ?? 0,
  ...installation(),
  nodePath: process.execPath,
  readTemplate: (file) => textOf(`templates/${file}`),
  cwd: currentFolder(),
});

module.exports.isBuilt = isBuilt;

/** Runs a command line inside this process: nobody is asked, nothing is written but to `stdout` and `stderr`. */
module.exports.runInside = ({ argv, stdout: collected, stderr: told, signal }) =>
  loadMain().main({
    ...surroundings(),
    argv,
    stdout: { write: collected, isTTY: false, columns: 80 },
    stderr: { write: told, isTTY: false, columns: 80 },
    ask: undefined,
    signal,
  });

module.exports.runHere = async () => {
  if (!isBuilt()) {
    process.stderr.write(`mailcert: error: not built: run "npm ci" (with development packages) in ${home}\n`);
    return 70;
  }
  const { main } = loadMain();
  const stop = new AbortController();
  // Dozens of connections listen to it at once.
  setMaxListeners(0, stop.signal);
  for (const name of ["SIGINT", "SIGTERM"]) {
    // The second signal ends the process at once: the state on disk is always whole.
    process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
  }
  return main({
    ...surroundings(),
    argv: process.argv.slice(2),
    stdout: output(stdout),
    stderr: output(stderr),
    // Looked at when somebody is to be asked: a terminal is slow to find.
    get ask() {
      return process.stdin.isTTY && process.stderr.isTTY ? asking(stop) : undefined;
    },
    get askSecret() {
      return process.stdin.isTTY && process.stderr.isTTY ? askSecret : undefined;
    },
    signal: stop.signal,
  });
};
