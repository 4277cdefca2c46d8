// A healthy server whose TLS is that of `openssl s_server`, with tickets that allow early data: Node's own TLS has none.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type Socket, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProtocolName } from "../../src/domain/entry-point.ts";
import { type Script, mailServer } from "./mail-server.ts";
import type { Served } from "./pki.ts";

/** It takes a moment until somebody listens at the path. */
const connected = async (path: string, given: { readonly up: boolean }): Promise<Socket> => {
  while (given.up) {
    const socket = connect(path);
    const there = await new Promise<boolean>((resolve) =>
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false)),
    );
    if (there) return socket.on("error", () => undefined);
    await sleep(10);
  }
  throw new Error("openssl s_server ended");
};

/** TLS at once. `bytes`: of early data. */
export const earlyDataServer =
  (protocol: ProtocolName, { key, cert }: Served, bytes: number): Script =>
  async (talk) => {
    const folder = mkdtempSync(join(tmpdir(), "mailcert-0rtt-"));
    const path = join(folder, "socket");
    for (const [name, text] of Object.entries({ key, cert })) writeFileSync(join(folder, name), text, { mode: 0o600 });
    const files = ["-key", join(folder, "key"), "-cert", join(folder, "cert"), "-cert_chain", join(folder, "cert")];
    const early = bytes > 0 ? ["-early_data", "-max_early_data", String(bytes)] : [];
    const child = spawn("openssl", ["s_server", "-quiet", "-state", "-unix", path, ...files, ...early]);
    const given = { up: true };
    const ended = new Promise<void>((resolve) =>
      child.once("close", () => {
        given.up = false;
        resolve();
      }),
    );
    child.stdin.on("error", () => undefined);
    let said = "";
    let wake = (): void => undefined;
    child.stdout.on("data", (part: Buffer) => {
      said += part.toString("latin1");
      wake();
    });
    // What is given to it before the handshake is over, is in its way.
    let states = "";
    const shaken = new Promise<void>((resolve) =>
      child.stderr.on("data", (part: Buffer) => {
        states += part.toString();
        if (states.includes("read finished")) resolve();
      }),
    );
    try {
      const socket = await connected(path, given);
      socket.on("data", (part: Buffer) => void talk.send(part.toString("latin1")));
      const relay = async (): Promise<never> => {
        for (;;) socket.write(Buffer.from(await talk.bytes((buffer) => buffer.length), "latin1"));
      };
      const line = async (): Promise<string> => {
        while (!said.includes("\r\n")) await new Promise<void>((resolve) => (wake = resolve));
        const end = said.indexOf("\r\n");
        const first = said.slice(0, end);
        said = said.slice(end + 2);
        return first;
      };
      const usual = mailServer(protocol, "implicit");
      const inside = { ...talk, line, startTls: () => shaken, end: () => void child.stdin.end() };
      const send = async (text: string): Promise<void> => void child.stdin.write(text);
      // Until the client has gone.
      await Promise.all([relay(), usual({ ...inside, send })]);
    } finally {
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true });
      talk.end();
    }
  };
