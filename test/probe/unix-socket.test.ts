// LMTP over a unix socket: what a mail server's local delivery sees, and every way in which a path can be no socket.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Observation } from "../../src/domain/observation.ts";
import { socketHost } from "../../src/domain/unix-target.ts";
import type { ProbeOptions } from "../../src/probe/probe.ts";
import { createProbe } from "../../src/probe/tls-probe.ts";
import { type Behaviour, type FakeServer, mailServer, startServer } from "../fakes/mail-server.ts";
import { type Pki, makePki } from "../fakes/pki.ts";

let pki: Pki;
const folder = mkdtempSync(join(tmpdir(), "mailcert-lmtp-"));
const open: FakeServer[] = [];
const probe = createProbe({ now: () => new Date() });

beforeAll(async () => {
  pki = await makePki();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
const serve = async (behaviour: Behaviour = {}): Promise<readonly [FakeServer, string]> => {
  count += 1;
  const path = join(folder, `lmtp-${count}`);
  const server = await startServer(mailServer("lmtp", "starttls", behaviour), pki.served, path);
  open.push(server);
  return [server, path];
};

const look = (address: string, options: Partial<ProbeOptions> = {}): Promise<Observation> =>
  probe(
    { protocol: "lmtp", mode: "starttls", host: socketHost, address, port: 0 },
    { timeoutMs: 20_000, ehlo: "", anchors: [pki.root.pem], dialogue: "full", ...options },
  );

describe("a server on a socket", () => {
  test("is looked at to the end, as one that is local; no name is sent", async () => {
    const [server, path] = await serve();
    const seen = await look(path);
    expect(seen).toMatchObject({ address: path, local: true, secure: { startTlsStillOffered: false } });
    expect(seen.error).toBeUndefined();
    expect(seen.sni).toBeUndefined();
    expect(seen.chain).toHaveLength(2);
    // A socket gives no address to be called by.
    expect(server.lines[0]).toBe("LHLO localhost");
    expect(server.lines.at(-1)).toBe("QUIT");
    expect(server.connections).toBe(1);
  });

  test("--sni is sent", async () => {
    const [, path] = await serve();
    expect((await look(path, { sni: "mail.example.org" })).sni).toBe("mail.example.org");
  });

  test("bytes behind the go-ahead are counted", async () => {
    const [, path] = await serve({ goAhead: "220 go\r\n250 injected\r\n" });
    const seen = await look(path);
    expect(seen).toMatchObject({ error: { stage: "starttls", reason: "injected" }, clear: { injectedBytes: 14 } });
  });

  test.each([
    ["without STARTTLS", { capabilities: "250-mail.example.org\r\n250 PIPELINING\r\n" }, "not-offered"],
    ["454", { goAhead: "454 4.7.0 later\r\n" }, "temporary"],
    ["garbage", { goAhead: "\u0000\u0001\r\n" }, "protocol"],
  ])("%s", async (_, behaviour, reason) => {
    const [, path] = await serve(behaviour);
    expect((await look(path)).error).toMatchObject({ stage: "starttls", reason });
  });
});

describe("a path that is no such server", () => {
  test("silence ends with the budget", async () => {
    const path = join(folder, "silent");
    open.push(await startServer(() => new Promise(() => undefined), pki.served, path));
    expect((await look(path, { timeoutMs: 400 })).error).toMatchObject({ stage: "greeting", reason: "timeout" });
  });

  const paths: readonly (readonly [string, () => string | Promise<string>, RegExp])[] = [
    ["nothing there", () => join(folder, "none"), /there is no such socket/],
    [
      "below a file",
      () => {
        writeFileSync(join(folder, "plain"), "");
        return join(folder, "plain", "lmtp");
      },
      /there is no such socket/,
    ],
    [
      "a plain file",
      () => {
        writeFileSync(join(folder, "file"), "");
        return join(folder, "file");
      },
      /nothing listens|no socket/,
    ],
    [
      "a socket that nobody listens at any more",
      async () => {
        const path = join(folder, "stale");
        const server = await startServer(mailServer("lmtp", "starttls"), pki.served, join(folder, "new"));
        // It takes away only what has its own name.
        renameSync(join(folder, "new"), path);
        await server.close();
        return path;
      },
      /nothing listens/,
    ],
  ];
  test.each(paths)("%s", async (_, path, message) => {
    const { error } = await look(await path());
    expect(error).toMatchObject({ stage: "connect", reason: "refused", message: expect.stringMatching(message) });
  });
});
