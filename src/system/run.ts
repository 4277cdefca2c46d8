// Runs a program without a shell: deadline, bounded output, minimal environment.
import { existsSync } from "node:fs";
import { resolve as inFolder } from "node:path";
import { Failure } from "../domain/failure.ts";

export interface RunOptions {
  /** Milliseconds until the program is killed; default 30 000. */
  readonly timeoutMs?: number;
  /** Given to the program on standard input; default nothing. */
  readonly input?: string;
  /** Bytes kept of each stream; the rest is read and dropped. Default 1 MiB. */
  readonly maxOutput?: number;
  /** Ends the program (SIGTERM) when it fires; the deadline goes on. */
  readonly signal?: AbortSignal;
  /** In a process group of its own, which is ended as a whole: for scripts, whose work other programs do. */
  readonly ownGroup?: boolean;
  /** Variables for the program, beside the few that all get. */
  readonly env?: Readonly<Record<string, string>>;
  /** Open descriptors handed on as 3, 4, ... */
  readonly descriptors?: readonly number[];
}

export interface RunResult {
  /** Exit status; 128 + signal number is not used: a killed program rejects. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `program` (an absolute path or a name looked up in PATH) to its end.
 * @throws Failure `unavailable` when it cannot be started (`facts.code` is `ENOENT` when it is not installed), is killed, or overruns its deadline.
 */
export type RunProgram = (program: string, args: readonly string[], options?: RunOptions) => Promise<RunResult>;

/** Looked up when the first program is run: many a command runs none, and Node needs 4 ms to load it. Not by import(), which would start programs a moment later. */
const childProcess = (): typeof import("node:child_process") => process.getBuiltinModule("node:child_process");

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** MAILCERT_PATH, where set, is all of it; else PATH with the system folders behind it: cron's lacks sbin. */
export const searchPath = (env: Readonly<Record<string, string | undefined>>): string =>
  env["MAILCERT_PATH"] ?? (env["PATH"] ? `${env["PATH"]}:${defaultPath}` : defaultPath);

/** As execvp(3) looks for it from "/". A server that is not there is asked for in each run, and a fork for each costs ten times this look. */
const isThere = (program: string, path: string): boolean =>
  program.includes("/")
    ? existsSync(inFolder("/", program))
    : path.split(":").some((folder) => existsSync(inFolder("/", folder, program)));

const notInstalled = (program: string, cause?: Error): Failure =>
  new Failure("unavailable", `${program} is not installed`, {
    ...(cause === undefined ? {} : { cause }),
    facts: { code: "ENOENT" },
  });

/**
 * `env` is this process's own environment: only PATH is handed on (with the system folders appended: cron's lacks sbin), plus a fixed locale.
 * MAILCERT_PATH, where set, is the whole search path: tests keep away from the machine's own servers with it.
 */
export const createRunProgram =
  (env: Readonly<Record<string, string | undefined>>): RunProgram =>
  (program, args, options = {}) =>
    new Promise((resolve, reject) => {
      const { timeoutMs = 30_000, maxOutput = 1 << 20, input, ownGroup = false, descriptors = [] } = options;
      const path = searchPath(env);
      if (!isThere(program, path)) {
        reject(notInstalled(program));
        return;
      }
      const child = childProcess().spawn(program, args, {
        env: { PATH: path, LC_ALL: "C", HOME: "/", ...options.env },
        stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe", ...descriptors],
        cwd: "/",
        detached: ownGroup,
      });
      const end = (how: NodeJS.Signals): void => {
        if (!ownGroup || child.pid === undefined) return void child.kill(how);
        try {
          process.kill(-child.pid, how);
        } catch {
          // All of it has ended.
        }
      };
      const stop = (): void => end("SIGTERM");
      options.signal?.addEventListener("abort", stop, { once: true });
      const settled = (): void => {
        clearTimeout(timer);
        options.signal?.removeEventListener("abort", stop);
      };
      let overran = false;
      const timer = setTimeout(() => {
        overran = true;
        end("SIGKILL");
        // A daemon that it started may hold our pipes open: let go of them.
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, timeoutMs);
      const collect = (stream: NodeJS.ReadableStream | null): (() => string) => {
        const parts: Buffer[] = [];
        let size = 0;
        stream?.on("data", (part: Buffer) => {
          if (size < maxOutput) parts.push(part.subarray(0, maxOutput - size));
          size += part.length;
        });
        return () => Buffer.concat(parts).toString("utf8");
      };
      const stdout = collect(child.stdout);
      const stderr = collect(child.stderr);
      child.on("error", (error: NodeJS.ErrnoException) => {
        settled();
        const other = new Failure("unavailable", `${program} cannot be run: ${error.message}`, {
          cause: error,
          facts: { code: error.code },
        });
        reject(error.code === "ENOENT" ? notInstalled(program, error) : other);
      });
      const finish = (status: number | null, signal: NodeJS.Signals | null): void => {
        settled();
        if (overran) {
          reject(new Failure("unavailable", `${program} did not end within ${timeoutMs / 1000} s and was stopped`));
        } else if (status === null) {
          reject(new Failure("unavailable", `${program} was ended by ${signal ?? "a signal"}`));
        } else {
          resolve({ status, stdout: stdout(), stderr: stderr() });
        }
      };
      // "exit" may come before the last output, "close" never comes while a daemon holds the pipes: wait a little for close.
      child.on("close", finish);
      child.on("exit", (status, signal) => {
        setTimeout(() => {
          finish(status, signal);
          // A daemon that it started holds our pipes for as long as it lives: we would not end before it.
          child.stdout?.destroy();
          child.stderr?.destroy();
        }, 1000).unref();
      });
      if (input !== undefined && child.stdin) {
        child.stdin.on("error", () => undefined);
        child.stdin.end(input);
      }
    });
