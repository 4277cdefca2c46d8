// config check looks at what the file names on this host: requests made elsewhere, the settings of DNS updaters.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { checkConfig } from "../../src/usecases/check-config.ts";
import type { PreflightTools } from "../../src/usecases/preflight-tools.ts";
import { makeRequest } from "../../src/x509/request.ts";
import { type ImportingWorld, importingWorld } from "../fakes/importing-world.ts";

let here: ImportingWorld;
beforeEach(() => {
  here = importingWorld();
});
afterEach(() => rmSync(here.dir, { recursive: true, force: true }));

const warnings = async (text: string, updater?: PreflightTools["updater"]): Promise<readonly string[]> => {
  writeFileSync(here.configPath, text);
  const tools = await here.world.preflight();
  const world = { ...here.world, preflight: async () => ({ ...tools, ...(updater ? { updater } : {}) }) };
  return (await checkConfig(world, world.config)).warnings;
};
const entry = (name: string, ...lines: readonly string[]): string =>
  [`  ${name}:`, "issuer: letsencrypt", "servers: none", ...lines].join("\n    ");

it("a request that is not what its entry asks for, and one that is not there", async () => {
  const path = join(here.dir, "request.pem");
  const privateKey = await here.world.generateKey("ecdsa");
  writeFileSync(path, (await makeRequest({ names: ["other.example.org"], privateKey })).pem);
  const said = await warnings(
    ["certificates:", entry("a.example.org", `csr: ${path}`), entry("b.example.org", "csr: /nowhere.pem"), ""].join(
      "\n",
    ),
  );
  expect(said).toHaveLength(2);
  expect(said[0]).toMatch(
    /^a\.example\.org: the request .* lacks a\.example\.org; it also has other\.example\.org -> write names: /,
  );
  expect(said[1]).toContain("b.example.org: ");
  expect(await warnings(`certificates:\n${entry("other.example.org", `csr: ${path}`)}\n`)).toEqual([]);
});

it("an updater without its settings, once for each updater that is in use", async () => {
  const asked: string[] = [];
  const missing: PreflightTools["updater"] = async (name, path) => {
    asked.push(`${name} ${path ?? ""}`);
    throw new Failure("config", `there is no secrets/${name}.yaml`, { hints: ["make it"] });
  };
  const text = [
    "certificates:",
    entry("a.example.org", "challenge: dns-01", "dns: ns1"),
    entry("b.example.org", "challenge: [http-01, dns-01]", "dns: ns1"),
    entry("c.example.org", "dns: unused"),
    "",
  ].join("\n");
  expect(await warnings(text, missing)).toEqual([
    "c.example.org: dns means nothing with challenge http-01",
    "a.example.org: there is no secrets/ns1.yaml -> make it",
  ]);
  expect(asked).toEqual([`ns1 ${here.configPath}`]);
});

it("nothing of it where the file has problems of its own", async () => {
  writeFileSync(here.configPath, "certificates: [");
  expect((await checkConfig(here.world, here.world.config)).problems.length).toBeGreaterThan(0);
});
