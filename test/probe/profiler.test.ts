// Profiles on the wire: through STARTTLS, against servers that say nothing, too much, or something else, and how politely.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { createAllowance } from "../../src/domain/allowance.ts";
import type { EntryPoint, ProtocolName } from "../../src/domain/entry-point.ts";
import type { TlsProfile } from "../../src/domain/tls-profile.ts";
import type { KnownTls } from "../../src/hello/profile.ts";
import { protocols } from "../../src/protocols/index.ts";
import { type ProfileOptions, type Profiled, createProfiler } from "../../src/probe/profiler.ts";
import { type HelloServer, alert, serverHelloMessage, record, startHelloServer } from "../fakes/hello-server.ts";
import { type FakeServer, type Script, mailServer, startServer } from "../fakes/mail-server.ts";
import { takingMail } from "../fakes/mail-taker.ts";
import { type Pki, makePki } from "../fakes/pki.ts";
import { freePort } from "../free-ports.ts";

let pki: Pki;
beforeAll(async () => {
  pki = await makePki();
});
const open: (FakeServer | HelloServer)[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const known: KnownTls = { version: "TLSv1.3", group: "X25519", onCurve: true, anonymousMatters: true };
const imaps: Pick<EntryPoint, "protocol" | "mode"> = { protocol: "imap", mode: "implicit" };

const look = (
  port: number,
  entry: Pick<EntryPoint, "protocol" | "mode"> = imaps,
  options: Partial<ProfileOptions> = {},
  profiler = createProfiler({ random: randomBytes }),
): Promise<TlsProfile> => answer(port, entry, options, profiler).then(({ profile }) => profile);

const answer = (
  port: number,
  entry: Pick<EntryPoint, "protocol" | "mode">,
  options: Partial<ProfileOptions> = {},
  profiler = createProfiler({ random: randomBytes }),
): Promise<Profiled> =>
  profiler({ ...entry, host: "mail.example.org", address: "127.0.0.1", port }, known, {
    ehlo: "",
    timeoutMs: 20_000,
    allowance: createAllowance(1),
    ...options,
  });

const mail = async (...args: Parameters<typeof startServer>): Promise<FakeServer> => {
  const server = await startServer(...args);
  open.push(server);
  return server;
};
const raw = async (...args: Parameters<typeof startHelloServer>): Promise<HelloServer> => {
  const server = await startHelloServer(...args);
  open.push(server);
  return server;
};

describe("through STARTTLS", () => {
  test.each(Object.keys(protocols) as readonly ProtocolName[])("%s", async (protocol) => {
    const server = await mail(mailServer(protocol, "starttls"), { ...pki.served, minVersion: "TLSv1.2" });
    const profile = await look(server.port, { protocol, mode: "starttls" });
    expect(profile).toMatchObject({
      versions: { SSLv3: false, TLSv1: false, "TLSv1.1": false, "TLSv1.2": true, "TLSv1.3": true },
      brokenSuite: null,
      largeHello: true,
      tls12: { extendedMasterSecret: true, secureRenegotiation: true, compression: false },
    });
    expect(profile.stopped).toBeUndefined();
    expect(server.connections).toBe(profile.connections);
    // Nobody logs in.
    const login = /^(\S+ )?(LOGIN|AUTHENTICATE|USER|PASS|AUTH PLAIN|AUTHINFO|<auth)/i;
    expect(server.lines.filter((line) => login.test(line))).toEqual([]);
  });

  test("a unix socket, which has no name for SNI", async () => {
    const server = await mail(mailServer("lmtp", "starttls"), { ...pki.served, minVersion: "TLSv1.2" });
    const folder = mkdtempSync(join(tmpdir(), "mailcert-profile-"));
    const path = join(folder, "lmtp");
    const socket = createServer((client) => {
      const through = connect(server.port, "127.0.0.1");
      client.on("error", () => through.destroy()).pipe(through);
      through.on("error", () => client.destroy()).pipe(client);
    });
    try {
      await new Promise<void>((resolve) => socket.listen(path, resolve));
      const { profile } = await createProfiler({ random: randomBytes })(
        { protocol: "lmtp", mode: "starttls", host: "localhost", address: path, port: 0 },
        known,
        { ehlo: "", timeoutMs: 20_000, sni: false, allowance: createAllowance(1) },
      );
      expect(profile).toMatchObject({ versions: { TLSv1: false, "TLSv1.2": true }, brokenSuite: null });
      expect(profile.stopped).toBeUndefined();
      expect(server.lines).toContain("LHLO localhost");
    } finally {
      await new Promise((resolve) => socket.close(resolve));
      rmSync(folder, { recursive: true });
    }
  });

  test("a limit that is reached stops it at once, in the server's words, clean", async () => {
    let count = 0;
    const good = mailServer("smtp", "starttls");
    const server = await mail(
      (talk) => {
        count += 1;
        return count < 3
          ? good(talk)
          : talk.send("421 4.7.0 too many \u001b[31mconnections\r\n").then(() => talk.end());
      },
      { ...pki.served, minVersion: "TLSv1.2" },
    );
    const profile = await look(server.port, { protocol: "smtp", mode: "starttls" });
    expect(profile.connections).toBe(3);
    expect(profile.stopped).toMatch(/^421 4\.7\.0 too many .{0,4}\[31mconnections$/);
    expect(profile.stopped).not.toContain("\u001b");
    expect(profile.versions).toMatchObject({ "TLSv1.3": true });
  });

  test("bytes behind the go-ahead are nobody's answer", async () => {
    const server = await mail(mailServer("smtp", "starttls", { goAhead: "220 go\r\n250 injected\r\n" }), pki.served);
    expect(await look(server.port, { protocol: "smtp", mode: "starttls" })).toEqual({
      connections: 1,
      versions: { "TLSv1.3": true },
      stopped: "bytes in clear after the go-ahead",
    });
  });
});

describe("mail before TLS, on the way to the first question", () => {
  const submission = { protocol: "submission", mode: "starttls" } as const;
  const asked = async (script: Script) => {
    const server = await mail(script, { ...pki.served, minVersion: "TLSv1.2" });
    const result = await answer(server.port, submission, { mailFirst: true });
    expect(server.connections).toBe(result.profile.connections);
    return { ...result, lines: server.lines.filter((line) => !line.startsWith("EHLO")) };
  };

  test("refused, as it should be", async () => {
    const { mailInClear, profile, lines } = await asked(
      takingMail("530 5.7.0 Must issue a STARTTLS command first\r\n"),
    );
    expect(mailInClear).toMatchObject({ code: 530 });
    expect(profile).toMatchObject({ versions: { "TLSv1.2": true }, brokenSuite: null });
    expect(lines.slice(0, 3)).toEqual(["MAIL FROM:<>", "STARTTLS", "STARTTLS"]);
  });
  test("taken, and taken back", async () => {
    const { mailInClear, profile, lines } = await asked(takingMail("250 2.1.0 Ok\r\n"));
    expect(mailInClear).toEqual({ code: 250, text: "250 2.1.0 Ok" });
    expect(profile.stopped).toBeUndefined();
    expect(lines.slice(0, 4)).toEqual(["MAIL FROM:<>", "RSET", "STARTTLS", "STARTTLS"]);
  });
  test("a server that hangs up on it is asked the question once more", async () => {
    const { mailInClear, profile } = await asked(takingMail("550 no\r\n", true));
    expect(mailInClear).toMatchObject({ code: 550 });
    expect(profile).toMatchObject({ versions: { "TLSv1.2": true }, brokenSuite: null });
  });
  test("later is later", async () => {
    const { profile } = await asked(takingMail("421 4.7.0 too many\r\n", true));
    expect(profile).toMatchObject({ connections: 1, stopped: expect.any(String) });
  });
});

describe("servers that are none", () => {
  test("silence ends with the time, after one question", async () => {
    const server = await raw(() => undefined);
    const profile = await look(server.port, imaps, { timeoutMs: 1_500 });
    expect(profile).toEqual({
      connections: 1,
      versions: { "TLSv1.3": true },
      stopped: "no answer to a ClientHello in time",
    });
  });

  test("an answer byte by byte, for ever: the whole has an end", async () => {
    const server = await raw((_hello, socket) => {
      const start = Buffer.from([22, 3, 3, 0x3f, 0xff, 2]);
      let at = 0;
      const timer = setInterval(() => socket.write(Buffer.from([start[at++] ?? 0])), 10);
      socket.on("close", () => clearInterval(timer));
      return undefined;
    });
    expect((await look(server.port, imaps, { timeoutMs: 1_500 })).connections).toBe(1);
  });

  test("ten megabytes that say nothing", async () => {
    const flood = Buffer.concat(Array.from({ length: 1_000 }, () => alert(112, 1)));
    let sent = 0;
    const server = await raw((_hello, socket) => {
      const more = (): void => {
        while (sent < 10_000_000 && !socket.destroyed) {
          sent += flood.length;
          if (!socket.write(flood)) {
            socket.once("drain", more);
            return;
          }
        }
      };
      more();
      return undefined;
    });
    const profile = await look(server.port);
    expect(profile.stopped).toBe("it sends more than 64 KiB and no answer");
    expect(sent).toBeLessThan(10_000_000);
  });

  test.each([
    ["plain text", Buffer.from("* OK [CAPABILITY IMAP4rev1] \u001b]0;x\u0007 ready\r\n")],
    ["a suite that was not offered", record(22, 0x0303, serverHelloMessage({ version: 0x0301, suite: 0x1301 }))],
  ])("%s", async (_name, answer) => {
    const server = await raw(() => answer);
    const { stopped, connections } = await look(server.port);
    expect(connections).toBe(1);
    expect(stopped).toMatch(/^the answer cannot be read: [a-zA-Z ]+$/);
  });

  test("nobody there", async () => {
    expect(await look(await freePort())).toMatchObject({
      connections: 1,
      stopped: "connection refused: nothing listens there",
    });
  });

  test("one that resets each connection: no refusal is believed", async () => {
    const server = await raw((_hello, socket) => {
      socket.resetAndDestroy();
      return undefined;
    });
    const profile = await look(server.port);
    expect(profile).toMatchObject({
      versions: { "TLSv1.3": true },
      stopped: expect.stringContaining("closed every") as string,
    });
    expect(profile.brokenSuite).toBeUndefined();
    expect(profile.connections).toBeLessThanOrEqual(9);
  });
});

describe("politely", () => {
  test("a server that agrees hears that the client has changed its mind", async () => {
    const server = await raw(({ suites }) =>
      record(22, 0x0303, serverHelloMessage({ version: 0x0300, suite: suites.find((suite) => suite === 0x002f) ?? 0 })),
    );
    await look(server.port);
    await expect.poll(() => Buffer.concat(server.behind).length, { timeout: 15_000 }).toBeGreaterThan(0);
    expect(server.behind[0]?.subarray(0, 7).toString("hex")).toBe("1503030002015a");
  });

  test("one connection at a time for each entry point, two profiles at once at an address", async () => {
    const profiler = createProfiler({ random: randomBytes });
    let now = 0;
    let most = 0;
    const server = await raw(async () => {
      now += 1;
      most = Math.max(most, now);
      await sleep(5);
      now -= 1;
      return alert(40);
    });
    const all = await Promise.all(Array.from({ length: 5 }, () => look(server.port, imaps, {}, profiler)));
    expect(all.map(({ connections }) => connections)).toEqual([6, 6, 6, 6, 6]);
    expect(most).toBeLessThanOrEqual(2);
  });

  test("Ctrl-C ends it, and those that wait", async () => {
    const profiler = createProfiler({ random: randomBytes });
    const server = await raw(() => undefined);
    const stop = new AbortController();
    const all = Array.from({ length: 4 }, () => look(server.port, imaps, { signal: stop.signal }, profiler));
    await expect.poll(() => server.hellos.length, { timeout: 15_000 }).toBe(2);
    stop.abort();
    const ended = await Promise.allSettled(all);
    expect(ended.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected", "rejected"]);
    expect(server.hellos.length).toBe(2);
  });
});
