// http-01 by files below a web server's folder: its tokens alone, no way through links, nothing left behind.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ChallengeToken } from "../../src/challenges/challenge.ts";
import { createWebroot } from "../../src/challenges/webroot.ts";
import type { Failure } from "../../src/domain/failure.ts";
import { challengeContract } from "../contract/challenge.ts";

const { signal } = new AbortController();
const thumbprint = "t".repeat(43);
const tokenOf = (token: string): ChallengeToken => ({
  identifier: "mail.example.org",
  token,
  keyAuthorization: `${token}.${thumbprint}`,
});

const inWebroot = (webroot: string, token = ""): string => join(webroot, ".well-known/acme-challenge", token);
const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
};

challengeContract("webroot", async () => {
  const webroot = mkdtempSync(join(tmpdir(), "mailcert-webroot-"));
  return {
    challenge: createWebroot({ webroot }),
    look: async ({ token }) => read(inWebroot(webroot, token)),
    expected: ({ keyAuthorization }) => keyAuthorization,
    traces: async () => readdirSync(webroot).length > 0,
    obstruct: async () => {
      writeFileSync(join(webroot, ".well-known"), "");
      return async () => rmSync(join(webroot, ".well-known"));
    },
    close: async () => rmSync(webroot, { recursive: true }),
  };
});

describe("webroot", () => {
  let webroot = "";
  beforeEach(() => {
    webroot = mkdtempSync(join(tmpdir(), "mailcert-webroot-"));
  });
  afterEach(() => rmSync(webroot, { recursive: true, force: true }));

  const failing = async (token = tokenOf("a")): Promise<Failure> =>
    createWebroot({ webroot })
      .present(token, signal)
      .then(
        () => Promise.reject(new Error("it went well")),
        (error: unknown) => error as Failure,
      );

  test("a pipe or a large file among the tokens holds nothing up, and stays", async () => {
    mkdirSync(inWebroot(webroot), { recursive: true });
    execFileSync("sh", ["-c", `mkfifo ${inWebroot(webroot, "pipe")}`]);
    writeFileSync(inWebroot(webroot, "large"), "x".repeat(1 << 20));
    const challenge = createWebroot({ webroot });
    await challenge.present(tokenOf("a"), signal);
    expect(read(inWebroot(webroot, "a"))).toBe(tokenOf("a").keyAuthorization);
    await challenge.cleanUp(tokenOf("a"));
    expect(readdirSync(inWebroot(webroot)).toSorted()).toEqual(["large", "pipe"]);
  });

  test("the web server, which is somebody else, may read it, whatever the umask says", async () => {
    const before = process.umask(0o077);
    try {
      await createWebroot({ webroot }).present(tokenOf("a"), signal);
    } finally {
      process.umask(before);
    }
    for (const [path, mode] of [
      [join(webroot, ".well-known"), 0o755],
      [inWebroot(webroot), 0o755],
      [inWebroot(webroot, "a"), 0o644],
    ] as const)
      expect(lstatSync(path).mode & 0o777).toBe(mode);
  });

  test("what was there stays: folders, and files of others", async () => {
    mkdirSync(inWebroot(webroot), { recursive: true });
    writeFileSync(inWebroot(webroot, "theirs"), "theirs.another-thumbprint");
    writeFileSync(join(webroot, ".well-known/security.txt"), "Contact: x");
    const challenge = createWebroot({ webroot });
    await challenge.present(tokenOf("a"), signal);
    await challenge.cleanUp(tokenOf("a"));
    expect(readdirSync(inWebroot(webroot))).toEqual(["theirs"]);
    expect(read(join(webroot, ".well-known/security.txt"))).toBe("Contact: x");
    rmSync(inWebroot(webroot, "theirs"));
    await challenge.present(tokenOf("b"), signal);
    await challenge.cleanUp(tokenOf("b"));
    expect(readdirSync(inWebroot(webroot))).toEqual([]);
  });

  test("what a killed run of the same account left is taken away by the next, and its token may come again", async () => {
    mkdirSync(inWebroot(webroot), { recursive: true });
    for (const left of ["old", "again"]) writeFileSync(inWebroot(webroot, left), `${left}.${thumbprint}`);
    const challenge = createWebroot({ webroot });
    await challenge.present(tokenOf("again"), signal);
    expect(readdirSync(inWebroot(webroot))).toEqual(["again"]);
    await challenge.cleanUp(tokenOf("again"));
    expect(readdirSync(inWebroot(webroot))).toEqual([]);
  });

  test.each([".well-known", ".well-known/acme-challenge"])("a link at %s leads nowhere", async (link) => {
    const elsewhere = mkdtempSync(join(tmpdir(), "mailcert-elsewhere-"));
    try {
      mkdirSync(join(webroot, link, ".."), { recursive: true });
      symlinkSync(elsewhere, join(webroot, link));
      const failure = await failing();
      expect(failure).toMatchObject({ kind: "config" });
      expect(failure.message).toContain(`${join(webroot, link)} is no folder of its own`);
      expect(readdirSync(elsewhere)).toEqual([]);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  test("a folder that somebody led elsewhere meanwhile is not taken away", async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "mailcert-elsewhere-"));
    try {
      mkdirSync(join(elsewhere, "acme-challenge"));
      const challenge = createWebroot({ webroot });
      await challenge.present(tokenOf("a"), signal);
      renameSync(join(webroot, ".well-known"), join(webroot, "moved"));
      symlinkSync(elsewhere, join(webroot, ".well-known"));
      await challenge.cleanUp(tokenOf("a"));
      expect(readdirSync(elsewhere)).toEqual(["acme-challenge"]);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  test("a folder full of other names is looked through in part, and the token is shown all the same", async () => {
    mkdirSync(inWebroot(webroot), { recursive: true });
    // Each of them would have to be opened and read.
    for (let n = 0; n < 5000; n += 1) writeFileSync(inWebroot(webroot, `old${n}`), `old${n}.${thumbprint}`);
    const challenge = createWebroot({ webroot });
    await challenge.present(tokenOf("a"), signal);
    expect(read(inWebroot(webroot, "a"))).toBe(tokenOf("a").keyAuthorization);
    const left = readdirSync(inWebroot(webroot)).length - 1;
    expect(left).toBeGreaterThanOrEqual(3000);
    expect(left).toBeLessThan(5000);
  });

  test("a link in the token's place is not written through", async () => {
    const victim = join(webroot, "victim");
    writeFileSync(victim, "untouched");
    mkdirSync(inWebroot(webroot), { recursive: true });
    symlinkSync(victim, inWebroot(webroot, "a"));
    await createWebroot({ webroot }).present(tokenOf("a"), signal);
    expect(read(victim)).toBe("untouched");
    expect(lstatSync(inWebroot(webroot, "a")).isFile()).toBe(true);
  });

  test("a webroot that is not there, and a token that is a path", async () => {
    rmSync(webroot, { recursive: true });
    expect(await failing()).toMatchObject({ kind: "config", message: `the webroot ${webroot} does not exist` });
    mkdirSync(webroot);
    expect((await failing(tokenOf("../../x"))).message).toContain("not base64url");
    expect(readdirSync(webroot)).toEqual([]);
    chmodSync(webroot, 0o755);
  });
});
