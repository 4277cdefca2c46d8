// kill -9 of a process that issues, at each request to the CA: the account and the order are continued, never placed twice, and the next run completes.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readCertificate } from "../../src/domain/certificate.ts";
import { keyMatches } from "../../src/domain/key-match.ts";
import { generateKey } from "../../src/system/keys.ts";
import { usualAcme } from "../fakes/settings.ts";
import { type AcmeProxy, type Seen, startAcmeProxy } from "../fakes/acme-proxy.ts";
import { type Pebble, startPebble } from "./pebble.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let folder = "";
let pebble: Pebble;
let proxy: AcmeProxy;

/** The issuer as a process of its own; it reads the request from its argument and prints the chain. */
const program = `
import { createAcmeIssuer } from "./src/issuers/acme/index.ts";
import { challenges } from "./src/challenges/index.ts";
import { noChallengeWorld as challengeWorld } from "./test/fakes/challenge-world.ts";
import { readFileSync } from "node:fs";
const { stateDir, keyFile, settings, staged } = JSON.parse(process.argv[2]);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const issuer = createAcmeIssuer({ stateDir, challenges, challengeWorld, now: () => new Date(), elapsed: () => performance.now(), sleep, userAgent: "mailcert-lab/1" });
const { leaf } = await issuer.issue({
  names: ["mail.example.org"], algorithm: "ecdsa", privateKey: readFileSync(keyFile, "utf8"), settings,
  now: new Date(), signal: new AbortController().signal, step: () => undefined, ...(staged === undefined ? {} : { staged }),
});
console.log(leaf);
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mailcert-acme-kill-"));
  pebble = await startPebble();
  proxy = await startAcmeProxy(pebble);
  await build({
    absWorkingDir: root,
    stdin: { contents: program, resolveDir: root, loader: "ts" },
    outfile: join(folder, "issue.mjs"),
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "error",
    alias: { axios: "./src/issuers/acme/no-axios.ts" },
    banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
  });
});
afterAll(async () => {
  await proxy.stop();
  await pebble.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Ended {
  readonly signal: NodeJS.Signals | null;
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `staged`: what is kept already, for a caller that keeps the next one, too (SHA-256). */
const run = (
  state: string,
  keyFile: string,
  staged?: readonly string[],
): { child: ChildProcess; ended: Promise<Ended> } => {
  const settings = {
    kind: "acme",
    directory: proxy.directory,
    caFile: proxy.caFile,
    agreeTos: true,
    ...usualAcme,
    httpAddress: `:${pebble.httpPort}`,
  };
  const argument = JSON.stringify({ stateDir: state, keyFile, settings, staged });
  const child = spawn(process.execPath, [join(folder, "issue.mjs"), argument], { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (part: Buffer) => (stdout += part.toString()));
  child.stderr.on("data", (part: Buffer) => (stderr += part.toString()));
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
  return { child, ended };
};

const freshKey = async (): Promise<{ state: string; keyFile: string; privateKey: string }> => {
  const state = await mkdtemp(join(folder, "state-"));
  const keyFile = join(state, "leaf.pem");
  const privateKey = await generateKey("ecdsa");
  await writeFile(keyFile, privateKey, { mode: 0o600 });
  return { state, keyFile, privateKey };
};

describe("kill -9 of the issuer", () => {
  const instants: readonly (readonly [string, (request: Seen, nth: number) => boolean])[] = [
    ["the directory is asked for", ({ resource }) => resource === "directory"],
    ["the account is registered", ({ resource }) => resource === "account"],
    ["the order is placed", ({ path }) => path === "/order-plz"],
    ["the authorization is read", ({ resource }) => resource === "authorization"],
    ["the challenge is started", ({ resource }) => resource === "challenge"],
    ["the authorization is polled", ({ resource }, nth) => resource === "authorization" && nth === 2],
    ["the order is finalized", ({ resource }) => resource === "finalize"],
    ["the order is polled", ({ path }) => path.startsWith("/my-order")],
    ["the certificate is fetched", ({ resource }) => resource === "certificate"],
  ];
  // `heard`: the CA acts on the request and its reply is lost; otherwise the request itself is.
  const cases = instants.flatMap(([what, when]) => [true, false].map((heard) => [what, heard, when] as const));

  test.each(cases)("when %s (heard by the CA: %s)", async (what, heard, when) => {
    const { state, keyFile, privateKey } = await freshKey();
    const from = proxy.seen.length;
    const since = (): readonly Seen[] => proxy.seen.slice(from);
    const first = run(state, keyFile);
    let killed = false;
    proxy.script = (request) => {
      const nth = since().filter((entry) => entry.resource === request.resource).length;
      if (killed || !when(request, nth)) return undefined;
      killed = true;
      first.child.kill("SIGKILL");
      return heard ? { swallow: true } : { hang: true };
    };
    expect((await first.ended).signal, (await first.ended).stderr).toBe("SIGKILL");
    // What the CA was to hear it may hear later than that.
    if (heard) await expect.poll(() => proxy.seen.at(-1)?.answered, { timeout: 10_000 }).toBeDefined();
    const second = await run(state, keyFile).ended;
    expect(second.stderr).toBe("");
    expect(second.status).toBe(0);
    expect(keyMatches(privateKey, second.stdout)).toBe(true);
    expect(readCertificate(second.stdout).dnsNames).toEqual(["mail.example.org"]);

    const [accounts = ""] = await readdir(join(state, "accounts"));
    const registered = await readdir(join(state, "accounts", accounts));
    expect(registered).toHaveLength(1);
    // A second order only where the first one's URL never came back, or where the CA looked for the token after we were gone.
    const placed = since().filter((entry) => entry.path === "/order-plz").length;
    const looking = (what === "the challenge is started" && heard) || what === "the authorization is polled";
    const excused = what === "the order is placed" || looking;
    expect(placed).toBeGreaterThanOrEqual(1);
    expect(placed).toBeLessThanOrEqual(excused ? 2 : 1);
    // Nothing is left under way.
    expect(await readdir(join(state, "accounts", accounts, registered[0] ?? "", "orders"))).toEqual([]);
  });

  const late = cases.filter(([what, heard]) => heard && /finalized|fetched/.test(what));
  test.each(late)("where its caller keeps the certificate: when %s", async (_what, _heard, when) => {
    const { state, keyFile } = await freshKey();
    const from = proxy.seen.length;
    const placed = (): number => proxy.seen.slice(from).filter(({ path }) => path === "/order-plz").length;
    const first = run(state, keyFile, []);
    let killed = false;
    proxy.script = (request) => {
      if (killed || !when(request, 1)) return undefined;
      killed = true;
      first.child.kill("SIGKILL");
      return { swallow: true };
    };
    expect((await first.ended).signal, (await first.ended).stderr).toBe("SIGKILL");
    await expect.poll(() => proxy.seen.at(-1)?.answered, { timeout: 10_000 }).toBeDefined();
    const leafOf = async (staged: readonly string[]): Promise<string> => {
      const { status, stdout, stderr } = await run(state, keyFile, staged).ended;
      expect(status, stderr).toBe(0);
      return readCertificate(stdout).sha256;
    };
    const leaf = await leafOf([]);
    // That one died before it was kept: it is found again, until it is.
    expect([await leafOf([]), placed()]).toEqual([leaf, 1]);
    const next = await leafOf([leaf]);
    expect([next === leaf, placed()]).toEqual([false, 2]);
  });
});
