// What one handshake tells besides: early data that its tickets allow, whether the server renegotiates, and that one connection is one.
import { spawn } from "node:child_process";
import { constants } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import * as fc from "fast-check";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { handshake } from "../../src/probe/handshake.ts";
import type { ProbeOptions } from "../../src/probe/probe.ts";
import { maxEarlyData } from "../../src/probe/session-ticket.ts";
import { createProbe } from "../../src/probe/tls-probe.ts";
import { type FakeServer, mailServer, startServer } from "../fakes/mail-server.ts";
import { startHelloServer } from "../fakes/hello-server.ts";
import { type Pki, makePki } from "../fakes/pki.ts";

let pki: Pki;
beforeAll(async () => {
  pki = await makePki();
});
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

const serve = async (more: object = {}): Promise<FakeServer> => {
  const server = await startServer(mailServer("imap", "implicit"), { ...pki.served, ...more });
  closers.push(() => server.close());
  return server;
};
const probe = (port: number, more: Partial<ProbeOptions>, largeHello = false) =>
  createProbe({ now: () => new Date(), largeHello: () => largeHello })(
    { protocol: "imap", mode: "implicit", host: "mail.example.org", address: "127.0.0.1", port },
    { timeoutMs: 20_000, ehlo: "", anchors: [pki.root.pem], dialogue: "full", ...more },
  );

describe("early data", () => {
  /** OpenSSL's own server, with tickets that allow so much; 0: none. */
  const ticketsFrom = async (bytes: number): Promise<() => number | undefined> => {
    const folder = mkdtempSync(join(tmpdir(), "mailcert-0rtt-"));
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
      return join(folder, name);
    };
    const files = ["-key", file("key.pem", pki.served.key), "-cert", file("cert.pem", pki.served.cert)];
    const early = bytes > 0 ? ["-early_data", "-max_early_data", String(bytes)] : [];
    const server = spawn("openssl", ["s_server", "-accept", "127.0.0.1:0", ...files, ...early]);
    closers.push(async () => {
      const ended = new Promise((resolve) => server.once("close", resolve));
      server.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true });
    });
    const port = await new Promise<number>((resolve, reject) => {
      let said = "";
      server.stdout.on("data", (part: Buffer) => {
        said += part.toString();
        const found = /^ACCEPT .*:(\d+)\s*$/m.exec(said);
        if (found) resolve(Number(found[1]));
      });
      server.once("close", () => reject(new Error(said)));
    });
    const socket = connect(port, "127.0.0.1");
    const result = await handshake(socket, {
      sni: undefined,
      context: createSecureContext(),
      signal: AbortSignal.timeout(20_000),
    });
    if (result.kind !== "done") throw new Error(result.kind);
    let tickets = 0;
    result.socket.on("session", () => (tickets += 1)).resume();
    closers.push(async () => result.socket.destroy());
    await expect.poll(() => tickets, { timeout: 15_000 }).toBe(2);
    return result.earlyData;
  };

  test.each([0, 1, 16_384, 0x7fff_ffff])("%i bytes", async (bytes) => {
    expect((await ticketsFrom(bytes))()).toBe(bytes);
  });

  test("bytes that are no session say nothing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const seen = maxEarlyData(Buffer.from(bytes));
        return seen === undefined || seen >= 0;
      }),
    );
    const wrapped = (name: string, rest: string): Buffer =>
      Buffer.concat([Buffer.from("\0nodejs:tls:session:1\0", "latin1"), Buffer.from(name + rest, "hex")]);
    expect(maxEarlyData(Buffer.from("3006af0402020400", "hex"))).toBe(1024);
    expect(maxEarlyData(wrapped("00026162", "3006af0402020400"))).toBe(1024);
    expect(maxEarlyData(wrapped("00026162", "3003020101"))).toBe(0);
    for (const none of ["", "3005af03020204", "3000", "0201ff", "006e6f6465"])
      expect(maxEarlyData(Buffer.from(none, "hex")), none).toBeUndefined();
    for (const none of ["", "00", "ffff6162"]) expect(maxEarlyData(wrapped(none, "3003020101")), none).toBeUndefined();
  });

  test("an ordinary look says it of TLS 1.3, and not of TLS 1.2", async () => {
    const modern = await probe((await serve()).port, {});
    expect(modern.tls).toMatchObject({ version: "TLSv1.3", earlyData: 0 });
    const old = await probe((await serve({ maxVersion: "TLSv1.2" })).port, {});
    expect(old.tls?.version).toBe("TLSv1.2");
    expect(old.tls).not.toHaveProperty("earlyData");
  });
});

describe("renegotiation", () => {
  test.each([
    ["done", {}, true],
    ["refused", { secureOptions: constants.SSL_OP_NO_RENEGOTIATION }, false],
    ["not to be had without TLS 1.2", { minVersion: "TLSv1.3" }, undefined],
  ])("%s", async (_what, options, expected) => {
    const server = await serve(options);
    const seen = await probe(server.port, { renegotiate: true });
    expect(seen.renegotiates).toBe(expected);
    expect(seen.tls?.version).toBe(expected === undefined ? undefined : "TLSv1.2");
    expect(seen.secure).toBeUndefined();
    expect(server.connections).toBe(1);
  });
});

test("once is once: no second ClientHello after a reset", async () => {
  const server = await startHelloServer((_hello, socket) => {
    socket.resetAndDestroy();
    return undefined;
  });
  closers.push(() => server.close());
  await probe(server.port, {}, true);
  expect(server.hellos).toHaveLength(2);
  await probe(server.port, { once: { smallHello: false } }, true);
  expect(server.hellos).toHaveLength(3);
});

test("a large ClientHello that vanishes leaves time for a small one", async () => {
  const server = await startHelloServer(() => undefined);
  closers.push(() => server.close());
  const seen = await probe(server.port, { timeoutMs: 2000 }, true);
  expect(server.hellos).toHaveLength(2);
  expect(seen.error).toMatchObject({ reason: "timeout" });
  // Where nothing larger was sent, the whole time is for one.
  await probe(server.port, { timeoutMs: 1000 }, false);
  expect(server.hellos).toHaveLength(3);
});
