// Runs a program for a test to its end: output kept, deadline held, never hung on a daemon that keeps our pipes.
import { spawn } from "node:child_process";

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  /** Milliseconds until the whole process group is killed and the promise rejects; default 60 000. */
  readonly timeoutMs?: number;
}

export interface ChildResult {
  /** Exit status, or null where a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const maxOutput = 16 << 20;
/** A program may end before its last output is read; a daemon that it left behind never lets go of the pipes. */
const lingerMs = 500;

const killGroup = (pid: number | undefined): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
};

const collect = (stream: NodeJS.ReadableStream): (() => string) => {
  const parts: Buffer[] = [];
  let size = 0;
  stream.on("data", (part: Buffer) => {
    if (size < maxOutput) parts.push(part);
    size += part.length;
  });
  return () => Buffer.concat(parts).toString("utf8");
};

export const runChild = (argv: readonly string[], options: ChildOptions = {}): Promise<ChildResult> =>
  new Promise((resolve, reject) => {
    const { timeoutMs = 60_000, input } = options;
    const [program = "", ...args] = argv;
    // A group of its own, so that a deadline ends everything that it started.
    const child = spawn(program, args, { env: { ...options.env }, cwd: "/", detached: true, stdio: "pipe" });
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    const deadline = setTimeout(() => {
      killGroup(child.pid);
      child.stdout.destroy();
      child.stderr.destroy();
      reject(new Error(`${argv.join(" ")} did not end within ${timeoutMs} ms\n${stdout()}${stderr()}`));
    }, timeoutMs);
    const finish = (status: number | null, signal: NodeJS.Signals | null): void => {
      clearTimeout(deadline);
      resolve({ status, signal, stdout: stdout(), stderr: stderr() });
    };
    child.on("error", (error) => {
      clearTimeout(deadline);
      reject(error);
    });
    child.on("close", finish);
    child.on("exit", (status, signal) => {
      // Not before what lies in the pipes was read: this process itself may have had no turn for as long.
      const leave = (): void => {
        child.stdout.destroy();
        child.stderr.destroy();
        finish(status, signal);
      };
      setTimeout(() => setImmediate(leave), lingerMs).unref();
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
