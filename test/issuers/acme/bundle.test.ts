// What the ACME room brings along when it is bundled: acme-client, not axios; and that this bundle works.
import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Metafile, build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAcmeIssuer } from "../../../src/issuers/acme/index.ts";
import * as noAxios from "../../../src/issuers/acme/no-axios.ts";
import { generateKey } from "../../../src/system/keys.ts";
import { startPage } from "../../fakes/acme-page.ts";
import { usualAcme } from "../../fakes/settings.ts";
import { noChallengeWorld } from "../../fakes/challenge-world.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
let folder = "";
let metafile: Metafile;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mailcert-bundle-"));
  // The settings that matter are those of bin/build.js.
  ({ metafile } = await build({
    absWorkingDir: root,
    entryPoints: ["src/issuers/acme/index.ts"],
    outfile: join(folder, "acme.mjs"),
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    metafile: true,
    logLevel: "error",
    alias: { axios: "./src/issuers/acme/no-axios.ts" },
    banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
  }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the ACME room, bundled", () => {
  test("has acme-client and our stub in it, not axios", () => {
    const packages = Object.keys(metafile.inputs).map(
      (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path,
    );
    expect(packages).toContain("acme-client");
    expect(packages).toContain("src/issuers/acme/no-axios.ts");
    expect(packages).not.toContain("axios");
  });

  test("nothing in it is left to be found at run time but Node itself", () => {
    const external = Object.values(metafile.outputs).flatMap((output) => output.imports.map((entry) => entry.path));
    expect(external.length).toBeGreaterThan(0);
    expect(external.filter((path) => !isBuiltin(path))).toEqual([]);
  });

  test("the bundle loads and talks to a server", async () => {
    const bundled = (await import(join(folder, "acme.mjs"))) as { createAcmeIssuer: typeof createAcmeIssuer };
    const agents: (string | undefined)[] = [];
    const page = await startPage((request, response) => {
      agents.push(request.headers["user-agent"]);
      const url = (name: string): string => `https://localhost:${page.port}/${name}`;
      if (request.url === "/directory") {
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify({ newNonce: url("nonce"), newAccount: url("account"), newOrder: url("order") }));
      } else if (request.url === "/nonce") response.writeHead(200, { "replay-nonce": "n1" }).end();
      else
        response
          .writeHead(400, { "content-type": "application/problem+json" })
          .end(JSON.stringify({ type: "urn:ietf:params:acme:error:malformed", detail: "enough" }));
    });
    const issuer = bundled.createAcmeIssuer({
      challengeWorld: noChallengeWorld,
      stateDir: folder,
      challenges: {
        "http-01": { summary: "", refuses: () => undefined, load: () => Promise.reject(new Error("not reached")) },
      },
      now: () => new Date(),
      elapsed: () => performance.now(),
      sleep: () => Promise.resolve(),
      userAgent: "mailcert-test/1",
    });
    const settings = {
      kind: "acme",
      directory: page.url,
      caFile: page.caFile,
      agreeTos: true,
      ...usualAcme,
      httpAddress: ":1",
    } as const;
    const { signal } = new AbortController();
    const request = {
      names: ["mail.example.org"],
      algorithm: "ecdsa",
      settings,
      now: new Date(),
      signal,
      step: () => undefined,
    } as const;
    await expect(issuer.issue({ ...request, privateKey: await generateKey("ecdsa") })).rejects.toThrow(
      /malformed: enough/,
    );
    expect(agents).toEqual(["mailcert-test/1", "mailcert-test/1", "mailcert-test/1"]);
    await page.stop();
  });

  test("the stub refuses to send anything", () => {
    const instance = noAxios.create() as { request: () => unknown; get: () => unknown };
    expect(() => instance.request()).toThrow(/not part of mailcert/);
    expect(() => instance.get()).toThrow(/not part of mailcert/);
  });
});
