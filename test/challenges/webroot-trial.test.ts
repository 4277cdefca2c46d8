// A token of our own through a web server's folder: shown, not shown, redirected, refused; and nothing left behind.
import { createServer as createHttp, type Server } from "node:http";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type WebrootTrial, tryWebroot } from "../../src/challenges/webroot-trial.ts";
import type { Fetched } from "../../src/domain/preflight-webroot.ts";
import { freePort } from "../free-ports.ts";

const name = "mail.example.org";
let webroot = "";
let server: Server;
let port = 0;
const asked: string[] = [];
/** What the web server answers; undefined: what is in the folder. */
let instead: ((path: string) => { status: number; location?: string; text?: string } | "silence") | undefined;

beforeEach(async () => {
  webroot = mkdtempSync(join(tmpdir(), "mailcert-webroot-"));
  instead = undefined;
  asked.length = 0;
  server = createHttp((request, response) => {
    const path = request.url ?? "";
    asked.push(`${request.headers.host ?? ""} ${path.replace(/[^/]*$/, "")}`);
    const other = instead?.(path);
    if (other === "silence") return;
    const file = join(webroot, path);
    if (other) response.writeHead(other.status, other.location ? { Location: other.location } : {}).end(other.text);
    else if (existsSync(file)) response.writeHead(200).end(`${readFileSync(file, "utf8")}\n`);
    else response.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  rmSync(webroot, { recursive: true, force: true });
});

const trial = (over: Partial<WebrootTrial> = {}): Promise<readonly Fetched[]> =>
  tryWebroot({
    webroot,
    hosts: [{ name, addresses: ["127.0.0.1"] }],
    random: (size) => randomBytes(size),
    timeoutMs: 60_000,
    userAgent: "mailcert/test",
    signal: new AbortController().signal,
    port,
    ...over,
  });
const answer = async (over: Partial<WebrootTrial> = {}): Promise<string> => {
  const [one] = await trial(over);
  return [one?.answer, one?.why].filter((part) => part !== undefined).join(": ");
};

describe("a token in a web server's folder", () => {
  it("is shown at each address, asked for by the name, and taken away with the folders that were made", async () => {
    const hosts = [
      { name, addresses: ["127.0.0.1"] },
      { name: "imap.example.org", addresses: ["127.0.0.1"] },
    ];
    expect((await trial({ hosts })).map((one) => `${one.name} ${one.answer}`)).toEqual([
      `${name} shown`,
      "imap.example.org shown",
    ]);
    expect(asked.toSorted()).toEqual([
      "imap.example.org /.well-known/acme-challenge/",
      `${name} /.well-known/acme-challenge/`,
    ]);
    expect(readdirSync(webroot)).toEqual([]);
    mkdirSync(join(webroot, ".well-known/acme-challenge"), { recursive: true });
    expect(await answer()).toBe("shown");
    expect(readdirSync(join(webroot, ".well-known/acme-challenge"))).toEqual([]);
  });

  it("another folder, another page, a redirect", async () => {
    const other = mkdtempSync(join(tmpdir(), "mailcert-other-"));
    expect(await answer({ webroot: other })).toBe("other: HTTP 404");
    rmSync(other, { recursive: true });
    instead = () => ({ status: 200, text: "welcome" });
    expect(await answer()).toBe("other: HTTP 200 with another content");
    instead = () => ({ status: 200, text: "x".repeat(1 << 20) });
    expect(await answer()).toBe("other: HTTP 200 with another content");
    instead = (path) =>
      path.includes("?") ? { status: 404 } : { status: 301, location: `http://${name}:${port}/a?b` };
    expect(await answer()).toBe("other: HTTP 404");
    instead = () => ({ status: 302, location: "https://www.example.net/" });
    expect(await answer()).toBe("elsewhere: a redirect to https://www.example.net/");
    instead = () => ({ status: 302, location: "ftp://mail.example.org/" });
    expect(await answer()).toContain("other: a redirect to ftp:");
    instead = () => ({ status: 302, location: `http://${name}:${port}/again` });
    expect(await answer()).toBe("other: more than 10 redirects");
    expect(readdirSync(webroot)).toEqual([]);
  });

  it("a redirect that leads to the folder after all is followed", async () => {
    instead = (path) => {
      if (path.endsWith("?on"))
        return { status: 200, text: readFileSync(join(webroot, path.replace("?on", "")), "utf8") };
      return { status: 308, location: `http://${name}:${port}${path}?on` };
    };
    expect(await answer()).toBe("shown");
  });

  it("a redirect to another port than CAs follow to is not followed: that service is not asked", async () => {
    let reached = 0;
    const internal = createHttp((_request, response) => {
      reached += 1;
      response.end();
    }).listen(0, "127.0.0.1");
    await once(internal, "listening");
    const { port: inside } = internal.address() as AddressInfo;
    instead = () => ({ status: 302, location: `http://${name}:${inside}/admin` });
    expect(await answer()).toBe(
      `other: a redirect to http://${name}:${inside}/admin, which no CA follows: ports 80 and 443 alone`,
    );
    internal.close();
    await once(internal, "close");
    expect(reached).toBe(0);
  });

  it("many names are asked, a bounded number at a time", async () => {
    let [open, most] = [0, 0];
    server.on("request", (_request, response) => {
      most = Math.max(most, (open += 1));
      response.on("finish", () => (open -= 1));
    });
    const hosts = Array.from({ length: 120 }, (_, index) => ({
      name: `n${index}.example.org`,
      addresses: ["127.0.0.1"],
    }));
    const found = await trial({ hosts });
    expect(found.map((one) => `${one.name} ${one.answer}`)).toEqual(hosts.map((one) => `${one.name} shown`));
    expect(asked).toHaveLength(120);
    expect(most).toBeLessThanOrEqual(50);
  });

  it("nobody listens, nobody answers, the run is stopped: it ends, and nothing is left", async () => {
    expect(await answer({ port: await freePort() })).toBe("refused");
    instead = () => "silence";
    expect(await answer({ timeoutMs: 100 })).toMatch(/^silent/);
    await expect(trial({ signal: AbortSignal.abort(new Error("stopped")) })).rejects.toThrow("stopped");
    expect(readdirSync(webroot)).toEqual([]);
  });

  it("a folder that is not there", async () => {
    await expect(trial({ webroot: join(webroot, "nope") })).rejects.toMatchObject({
      kind: "config",
      message: `the webroot ${join(webroot, "nope")} does not exist`,
    });
  });
});
