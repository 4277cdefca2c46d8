// Runs whole processes in turn and takes medians: A B, B A, A B ..., so that a busy moment of the machine meets both alike.
import { spawn } from "node:child_process";

/**
 * @typedef {{ argv: readonly string[], env?: Record<string, string>, before?: () => void | Promise<void> }} Command
 * `before` runs outside the measured time; argv[0] is a program.
 */

/** @param {Command} command @returns {Promise<{ ms: number, stdout: string, stderr: string }>} rejects unless the program ends with 0. */
export const runOnce = async (command, env, keepOutput = false) => {
  await command.before?.();
  const [program, ...args] = command.argv;
  const started = process.hrtime.bigint();
  const child = spawn(program, args, {
    env: { ...env, ...command.env },
    stdio: ["ignore", keepOutput ? "pipe" : "ignore", "pipe"],
  });
  let stdout = "";
  child.stdout?.setEncoding("utf8").on("data", (part) => (stdout += part));
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (part) => (stderr += part));
  let ended = 0n;
  const status = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => (ended = process.hrtime.bigint()));
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
  if (status !== 0) throw new Error(`${command.argv.join(" ")} ended with ${status}: ${stderr.slice(0, 2000)}`);
  return { ms: Number(ended - started) / 1e6, stdout, stderr };
};

export const median = (numbers) => {
  const sorted = numbers.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Medians of both commands in milliseconds, after one run of each that is not counted. */
export const compare = async (base, measured, pairs, env) => {
  const times = { base: [], measured: [] };
  const take = async (which, command) => times[which].push((await runOnce(command, env)).ms);
  await runOnce(base, env);
  await runOnce(measured, env);
  for (let pair = 0; pair < pairs; pair += 1) {
    if (pair % 2 === 0) await take("base", base);
    await take("measured", measured);
    if (pair % 2 === 1) await take("base", base);
  }
  return { base: median(times.base), measured: median(times.measured) };
};
