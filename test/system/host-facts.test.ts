// What this host can do right now: answers about folders, disks, ports and addresses, and nothing left behind.
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { type AddressInfo, type Server, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { accessTrouble, freeBytes, listenTrouble, writeTrouble } from "../../src/system/host-facts.ts";
import { freePort } from "../free-ports.ts";

let folder = "";
const servers: Server[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mailcert-facts-"));
});
afterEach(async () => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
  for (const server of servers.splice(0)) {
    server.close();
    await once(server, "close");
  }
});

const listen = async (host = "127.0.0.1"): Promise<number> => {
  const server = createServer((socket) => socket.destroy());
  servers.push(server);
  server.listen(0, host);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
};

describe("folders", () => {
  it("one that can be written to, and one that is not there yet: the next one above counts", async () => {
    expect(await writeTrouble(folder)).toBeUndefined();
    expect(await writeTrouble(join(folder, "a/b/c"))).toBeUndefined();
    expect(await accessTrouble(join(folder, "a/b/c"))).toBeUndefined();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("a file in its place", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    expect(await writeTrouble(join(file, "state"))).toBe("it is no folder");
    expect(await writeTrouble(file)).toBe("it is no folder");
    expect(await accessTrouble(join(file, "state"))).toBe("it is no folder");
    expect(await freeBytes(join(file, "state"))).toBeUndefined();
  });

  it("a file system that takes no files says so, also to root", async () => {
    expect(await writeTrouble("/proc")).toMatch(/^no file can be made there$|^permission denied$/);
  });

  it("a link into nowhere leaves nothing behind", async () => {
    symlinkSync(join(folder, "gone"), join(folder, "link"));
    await writeTrouble(join(folder, "link"));
    expect(readdirSync(folder)).toEqual(["link"]);
  });

  it("says what is left on the disk, also for a folder that is not there yet", async () => {
    mkdirSync(join(folder, "x"));
    const bytes = await freeBytes(join(folder, "x/y/z"));
    expect(bytes).toBeGreaterThan(0);
    expect(Number.isSafeInteger(bytes)).toBe(true);
  });
});

describe("ports", () => {
  it("one that is free, and is free again afterwards", async () => {
    const port = await freePort();
    expect(await listenTrouble(`127.0.0.1:${port}`)).toBeUndefined();
    expect(await listenTrouble(`127.0.0.1:${port}`)).toBeUndefined();
  });

  it("one that is held: by whom", async () => {
    const port = await listen();
    const held = new RegExp(`^port ${port} is held by .*\\(pid ${process.pid}\\)`);
    expect(await listenTrouble(`127.0.0.1:${port}`)).toMatch(held);
    expect(await listenTrouble(`:${port}`)).toMatch(held);
  });

  it("an address that is not this host's, and one that is none", async () => {
    expect(await listenTrouble("192.0.2.200:4711")).toBe("this host does not have that address");
    expect(await listenTrouble("localhost:80")).toContain("must be an IP address");
    expect(await listenTrouble("80")).toContain("write it as");
  });
});
