// Where a Pebble runs: this machine's loopback, or a mail host. What differs between the two, and nothing else.
import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { freePorts } from "../free-ports.ts";
import { runChild } from "./child.ts";
import type { MailHost } from "./mail-host.ts";
import { labParts } from "./parts.ts";

export interface RunningProgram {
  output(): string;
  ended(): boolean;
  stop(): Promise<void>;
}

export interface PebblePlace {
  readonly folder: string;
  readonly programs: string;
  readonly httpPort: number;
  readonly tlsPort: number;
  readonly defaultAddress: string;
  /** Four ports: ACME, management, DNS, DNS management. */
  ports(): Promise<readonly number[]>;
  must(argv: readonly string[]): Promise<string>;
  write(path: string, content: string): Promise<void>;
  spawn(argv: readonly string[], env?: Record<string, string>): RunningProgram;
  request(url: string, caFile: string, body?: unknown): Promise<{ status: number; text: string }>;
  clear(): Promise<void>;
}

const follow = (child: ChildProcessWithoutNullStreams): RunningProgram => {
  let output = "";
  const keep = (part: Buffer): void => {
    output = (output + part.toString("utf8")).slice(-1_000_000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", (error) => {
      keep(Buffer.from(String(error)));
      resolve();
    });
  });
  return {
    output: () => output,
    ended: () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null,
    stop: async () => {
      child.kill("SIGTERM");
      const force = setTimeout(() => child.kill("SIGKILL"), 2000);
      await ended;
      clearTimeout(force);
    },
  };
};

const requestHere: PebblePlace["request"] = async (url, caFile, body) => {
  const ca = url.startsWith("https:") ? await readFile(caFile) : undefined;
  const request = ca ? httpsRequest : httpRequest;
  // Pebble refuses a request without User-Agent (RFC 8555 6.1).
  const headers = { "User-Agent": "mailcert-lab" };
  const method = body === undefined ? "GET" : "POST";
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, ca, timeout: 5000, agent: false }, (reply) => {
      let text = "";
      reply.setEncoding("utf8");
      reply.on("data", (part: string) => (text += part));
      reply.on("end", () => resolve({ status: reply.statusCode ?? 0, text }));
      reply.on("error", reject);
    });
    sent.on("timeout", () => sent.destroy(new Error(`${url} did not answer`)));
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
};

const path = process.env["PATH"] ?? "/usr/bin:/bin";

export const loopbackPlace = async (folder: string): Promise<PebblePlace> => {
  const programs = (await labParts()).pebble;
  const [httpPort = 0, tlsPort = 0] = await freePorts(2);
  return {
    folder,
    programs,
    httpPort,
    tlsPort,
    defaultAddress: "127.0.0.1",
    ports: () => freePorts(4),
    must: async (argv) => {
      const { status, stdout, stderr } = await runChild(argv, { env: { PATH: path } });
      if (status !== 0) throw new Error(`${argv[0]} ended with ${status}: ${stderr}`);
      return stdout;
    },
    write: (file, content) => writeFile(file, content),
    // Ends with this process, even when that is killed.
    spawn: (argv, env = {}) =>
      follow(spawn("setpriv", ["--pdeathsig", "KILL", "--", ...argv], { env: { PATH: path, ...env }, stdio: "pipe" })),
    request: requestHere,
    clear: () => rm(folder, { recursive: true, force: true }),
  };
};

export const hostPlace = async (host: MailHost): Promise<PebblePlace> => {
  const folder = (await host.must("mktemp -d /tmp/pebble.XXXXXX && chmod 755 /tmp/pebble.*")).trim();
  return {
    folder,
    programs: "/opt/pebble",
    httpPort: 80,
    tlsPort: 443,
    defaultAddress: host.address,
    ports: async () => [14_000, 15_000, 8053, 8055],
    must: (argv) => host.must(argv),
    write: (file, content) => host.write(file, content),
    spawn: (argv, env = {}) => follow(host.spawn(argv, { env })),
    request: async (url, caFile, body) => {
      const posted = body === undefined ? [] : ["--data-binary", JSON.stringify(body)];
      const argv = [
        "curl",
        "--silent",
        "--show-error",
        "--max-time",
        "5",
        "--cacert",
        caFile,
        "--write-out",
        "\n%{http_code}",
      ];
      const answer = await host.must([...argv, ...posted, url]);
      const end = answer.lastIndexOf("\n");
      return { status: Number(answer.slice(end + 1)), text: answer.slice(0, end) };
    },
    clear: async () => {
      await host.exec(["rm", "-rf", folder]);
    },
  };
};
