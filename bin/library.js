// mailcert as a library: `verify` for tests and monitors of one's own. The same program as the command line, inside the caller's process.
const { setMaxListeners } = require("node:events");
const { isBuilt, runInside } = require("./host.js");

/** What could not be done at all; that something is wrong with a server is a result, never an error. */
class VerifyError extends Error {
  constructor({ kind, message, hints = [] }) {
    super([message, ...hints.map((hint) => `-> ${hint}`)].join("\n"));
    this.name = "VerifyError";
    this.kind = kind;
    this.hints = hints;
  }
}

/** Options that are said once, and those that may be said several times. */
const single = {
  address: "--address",
  sni: "--sni",
  timeoutSeconds: "--timeout",
  ehlo: "--ehlo",
  concurrency: "--concurrency",
  warnDays: "--warn-days",
  criticalDays: "--critical-days",
  state: "--state",
};
const several = {
  mx: "--mx",
  srv: "--srv",
  entries: "--entry",
  ports: "--port",
  caFiles: "--ca-file",
  onlyCa: "--only-ca",
  expect: "--expect",
  check: "--check",
  skip: "--skip",
};
const flags = { quick: "--quick", full: "--full", transcript: "--transcript" };

/** `--option=value` in one word: what begins with a dash is a value all the same. */
const wordsOf = ({ signal: _signal, ...options }) =>
  Object.entries(options).flatMap(([key, value]) => {
    if (value === undefined) return [];
    if (Object.hasOwn(single, key)) return [`${single[key]}=${value}`];
    if (Object.hasOwn(several, key)) return [value].flat().map((one) => `${several[key]}=${one}`);
    if (Object.hasOwn(flags, key)) return value ? [flags[key]] : [];
    throw new VerifyError({ kind: "usage", message: `verify has no option "${key}"` });
  });

const verify = async (targets, options = {}) => {
  const named = [targets ?? []].flat().map(String);
  if (named.length === 0 && !options.mx?.length && !options.srv?.length)
    throw new VerifyError({ kind: "usage", message: "verify needs a host name, a URL, `mx` or `srv`" });
  if (!isBuilt())
    throw new VerifyError({ kind: "config", message: "mailcert is not built: run `npm ci` in its folder" });
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]);
  setMaxListeners(0, signal);
  let out = "";
  let told = "";
  await runInside({
    argv: ["verify", "--json", ...wordsOf(options), "--", ...named],
    stdout: (text) => void (out += text),
    stderr: (text) => void (told += text),
    signal,
  });
  options.signal?.throwIfAborted();
  let document;
  try {
    document = JSON.parse(out);
  } catch {
    throw new VerifyError({ kind: "bug", message: told.trim() || "mailcert said nothing" });
  }
  if (document.error) throw new VerifyError(document.error);
  return document;
};

module.exports.verify = verify;
module.exports.VerifyError = VerifyError;
