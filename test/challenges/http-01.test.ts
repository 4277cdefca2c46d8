// The http-01 listener: only its own tokens, every family, limits, and who holds the port when it is taken.
import { Agent, get, request } from "node:http";
import { type AddressInfo, type Server, connect, createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { ChallengeToken } from "../../src/challenges/challenge.ts";
import { createHttp01 } from "../../src/challenges/http-01.ts";
import { challenges } from "../../src/challenges/index.ts";
import { Failure } from "../../src/domain/failure.ts";
import { challengeContract } from "../contract/challenge.ts";
import { freePort } from "../free-ports.ts";

const { signal } = new AbortController();
const token: ChallengeToken = { identifier: "mail.example.org", token: "T0ken-_", keyAuthorization: "T0ken-_.thumb" };
const path = (name: string): string => `/.well-known/acme-challenge/${name}`;

const hold = (port: number, host: string): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(port, host, () => resolve(server));
  });
const closed = (server: Server): Promise<void> => new Promise((resolve) => void server.close(() => resolve()));

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

const ask = (port: number, where: string, host = "127.0.0.1", method = "GET"): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const call = request({ host, port, path: where, method, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => (body += part));
      response.on("end", () => resolve({ status: response.statusCode, body, headers: response.headers }));
    });
    call.on("error", reject);
    call.end();
  });

const refused = (port: number, host = "127.0.0.1"): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once("connect", () => (socket.destroy(), resolve(false)));
    socket.once("error", () => resolve(true));
  });

challengeContract("http-01", async () => {
  const port = await freePort();
  return {
    challenge: createHttp01({ httpAddress: `127.0.0.1:${port}` }),
    look: async (one) => {
      const answer = await ask(port, path(one.token)).catch(() => undefined);
      return answer?.status === 200 ? answer.body : undefined;
    },
    expected: (one) => one.keyAuthorization,
    traces: async () => !(await refused(port)),
    obstruct: async () => {
      const other = await hold(port, "127.0.0.1");
      return () => closed(other);
    },
    close: async () => undefined,
  };
});

describe("http-01", () => {
  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of open.splice(0)) await end();
  });
  const present = async (httpAddress: string): Promise<ReturnType<typeof createHttp01>> => {
    const challenge = createHttp01({ httpAddress });
    open.push(() => challenge.cleanUp(token));
    await challenge.present(token, signal);
    return challenge;
  };

  test("answers GET and HEAD for its token, 404 for all else", async () => {
    const port = await freePort();
    await present(`127.0.0.1:${port}`);
    expect(await ask(port, path(token.token))).toMatchObject({
      status: 200,
      body: "T0ken-_.thumb",
      headers: { "content-type": "application/octet-stream", "content-length": "13", connection: "close" },
    });
    expect(await ask(port, path(token.token), "127.0.0.1", "HEAD")).toMatchObject({ status: 200, body: "" });
    for (const other of [
      "/",
      "/.well-known/acme-challenge/",
      path("other"),
      `${path(token.token)}/x`,
      `${path(token.token)}?a=1`,
      path("../T0ken-_"),
      path("__proto__"),
    ])
      expect(await ask(port, other), other).toMatchObject({ status: 404, body: "" });
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"])
      expect(await ask(port, path(token.token), "127.0.0.1", method), method).toMatchObject({ status: 404, body: "" });
  });

  test("`:port` is every address of both families", async () => {
    const port = await freePort();
    const challenge = await present(`:${port}`);
    expect((await ask(port, path(token.token), "127.0.0.1")).body).toBe(token.keyAuthorization);
    const family = challenge.address()?.family;
    if (family === "IPv6") expect((await ask(port, path(token.token), "::1")).body).toBe(token.keyAuthorization);
    expect(family).toMatch(/^IPv[46]$/);
  });

  test("one address is that address only", async () => {
    const port = await freePort();
    await present(`127.0.0.2:${port}`);
    expect((await ask(port, path(token.token), "127.0.0.2")).status).toBe(200);
    expect(await refused(port, "127.0.0.1")).toBe(true);
  });

  test("closes at once although a client keeps its connection open", async () => {
    const port = await freePort();
    const challenge = await present(`127.0.0.1:${port}`);
    const agent = new Agent({ keepAlive: true });
    await new Promise((resolve) =>
      get({ port, host: "127.0.0.1", path: path("x"), agent }, (r) => r.resume().on("end", resolve)),
    );
    const idle = connect(port, "127.0.0.1");
    idle.on("error", () => undefined);
    await new Promise((resolve) => idle.once("connect", resolve));
    const begun = performance.now();
    await challenge.cleanUp(token);
    expect(performance.now() - begun).toBeLessThan(4000);
    expect(await refused(port)).toBe(true);
    agent.destroy();
    idle.destroy();
  });

  test("refuses a header that is too long instead of keeping it", async () => {
    const port = await freePort();
    await present(`127.0.0.1:${port}`);
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(port, "127.0.0.1", () =>
        socket.write(`GET / HTTP/1.1\r\nX: ${"y".repeat(20_000)}\r\n\r\n`),
      );
      let text = "";
      socket.on("data", (part) => (text += part.toString()));
      socket.on("error", () => resolve(text));
      socket.on("close", () => resolve(text));
    });
    expect(answer).toMatch(/^(HTTP\/1\.1 431|$)/);
    expect((await ask(port, path(token.token))).status).toBe(200);
  });

  test("a taken port: says by whom, and the ways out", async () => {
    const other = await hold(0, "127.0.0.1");
    open.push(() => closed(other));
    const { port } = other.address() as AddressInfo;
    for (const address of [`127.0.0.1:${port}`, `:${port}`]) {
      const failure = await present(address).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(Failure);
      const { kind, message, hints, facts } = failure as Failure;
      expect(kind).toBe("cannot-create");
      expect(message).toContain(String(port));
      expect(message).toContain(`(pid ${process.pid})`);
      expect(hints.join("\n")).toContain("--http-address");
      expect(facts).toMatchObject({ code: "EADDRINUSE", port });
    }
  });

  test("an address that this machine does not have", async () => {
    const failure = await present("192.0.2.250:8402").catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: "cannot-create", facts: { code: "EADDRNOTAVAIL" } });
    expect((failure as Failure).message).toContain("192.0.2.250:8402");
  });

  test.each(["80", "localhost:80", ":0", ":65536", "[192.0.2.1]:80", "::1:80", ":80 "])(
    "%j is no address",
    async (address) => {
      await expect(present(address)).rejects.toMatchObject({ kind: "config" });
    },
  );

  test("a token that is none is not served", async () => {
    const port = await freePort();
    const challenge = createHttp01({ httpAddress: `127.0.0.1:${port}` });
    await expect(challenge.present({ ...token, token: "../x" }, signal)).rejects.toBeInstanceOf(Failure);
    expect(await refused(port)).toBe(true);
  });

  test("wildcards are refused by the registry, hosts and addresses are not", async () => {
    expect(challenges["http-01"].refuses("*.example.org")).toMatch(/wildcard/);
    expect(challenges["http-01"].refuses("mail.example.org")).toBeUndefined();
    expect(challenges["http-01"].refuses("2001:db8::1")).toBeUndefined();
  });
});
