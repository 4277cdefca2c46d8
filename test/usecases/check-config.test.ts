// config check looks at what the file names on this host: requests made elsewhere, the settings of DNS updaters, hooks, what an issuer would refuse.
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { ConfigCheck } from "../../src/domain/config-problem.ts";
import { Failure } from "../../src/domain/failure.ts";
import { configCheckDocument, configCheckText } from "../../src/reports/config.ts";
import { createMail } from "../../src/notify/mail.ts";
import { createPrometheus } from "../../src/notify/prometheus.ts";
import { createPrivateCa } from "../../src/issuers/private-ca/index.ts";
import { generateKey } from "../../src/system/keys.ts";
import { checkHook } from "../../src/system/hook-program.ts";
import { checkConfig } from "../../src/usecases/check-config.ts";
import type { PreflightTools } from "../../src/usecases/preflight-tools.ts";
import { makeRequest } from "../../src/x509/request.ts";
import type { World } from "../../src/usecases/world.ts";
import { complaints } from "../docs/schemas.ts";
import { type ImportingWorld, importingWorld } from "../fakes/importing-world.ts";

let here: ImportingWorld;
beforeEach(() => {
  here = importingWorld();
});
afterEach(() => rmSync(here.dir, { recursive: true, force: true }));

const checked = async (text: string, over: Partial<World> = {}): Promise<ConfigCheck> => {
  writeFileSync(here.configPath, text);
  const world = { ...here.world, ...over };
  const result = await checkConfig(world, world.config);
  expect(complaints(configCheckDocument(result))).toEqual([]);
  return result;
};
const hooks: World["hooks"] = async () => ({ hostName: "mail", run: async () => undefined, check: checkHook });
const withUpdater = async (updater: PreflightTools["updater"]): Promise<Partial<World>> => {
  const tools = await here.world.preflight();
  return { preflight: async () => ({ ...tools, updater }) };
};
const entry = (name: string, ...lines: readonly string[]): string =>
  [`  ${name}:`, "issuer: letsencrypt", "servers: none", ...lines].join("\n    ");

it("a request that is not what its entry asks for, and one that is not there", async () => {
  const path = join(here.dir, "request.pem");
  const privateKey = await here.world.generateKey("ecdsa");
  writeFileSync(path, (await makeRequest({ names: ["other.example.org"], privateKey })).pem);
  const { problems: said } = await checked(
    ["certificates:", entry("a.example.org", `csr: ${path}`), entry("b.example.org", "csr: /nowhere.pem"), ""].join(
      "\n",
    ),
  );
  expect(said).toHaveLength(2);
  expect(said[0]).toMatchObject({
    file: here.configPath,
    line: 5,
    message: expect.stringMatching(
      /^a\.example\.org: the request .* lacks a\.example\.org; it also has other\.example\.org$/,
    ) as string,
    hint: expect.stringMatching(/^write names: /) as string,
  });
  expect(said[1]).toMatchObject({ line: 9, message: expect.stringContaining("b.example.org: ") as string });
  expect(await checked(`certificates:\n${entry("other.example.org", `csr: ${path}`)}\n`)).toMatchObject({
    problems: [],
    warnings: [],
  });
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
  expect(await checked(text, await withUpdater(missing))).toMatchObject({
    warnings: ["c.example.org: dns means nothing with challenge http-01"],
    problems: [{ line: 6, column: 10, message: "a.example.org: there is no secrets/ns1.yaml", hint: "make it" }],
  });
  expect(asked).toEqual([`ns1 ${here.configPath}`]);
  // Somebody who may not read it does not know.
  const closed: PreflightTools["updater"] = async () => {
    throw new Failure("no-permission", "cannot read secrets/ns1.yaml: permission denied", { hints: ["as root"] });
  };
  expect(await checked(text, await withUpdater(closed))).toMatchObject({
    problems: [],
    warnings: [
      "c.example.org: dns means nothing with challenge http-01",
      "a.example.org: cannot read secrets/ns1.yaml: permission denied -> as root",
    ],
  });
});

it("a hook that is not there, and one that cannot be run: with its line, and the command that mends it apart", async () => {
  const bare = join(here.dir, "hook");
  writeFileSync(bare, "#!/bin/sh\n", { mode: 0o644 });
  const withHooks = async (text: string): Promise<ConfigCheck> => checked(text, { hooks });
  const text = (...lines: readonly string[]): string =>
    [...lines, "certificates:", entry("a.example.org"), ""].join("\n");
  const missing = await withHooks(text("hooks:", "  before_deploy: [/nowhere/hook, x]"));
  expect(missing.problems).toEqual([
    {
      file: here.configPath,
      line: 2,
      column: 19,
      message: "before_deploy: there is no program /nowhere/hook",
      hint: "put it there, or write the path of the one that is meant",
    },
  ]);
  expect(missing.certificates).toEqual([]);
  const closed = await withHooks(text("hooks: { after_deploy: { run: [" + bare + "], timeout: 9 } }"));
  expect(closed.problems).toMatchObject([
    { line: 1, message: `after_deploy: ${bare} is not executable`, command: `chmod 755 ${bare}` },
  ]);
  expect(configCheckText(closed)).toContain(`is not executable\n    run: chmod 755 ${bare}\n`);
  chmodSync(bare, 0o755);
  expect((await withHooks(text(`hooks: { after_deploy: [${bare}] }`))).problems).toEqual([]);
});

it("a program that is told of new copies", async () => {
  const { problems } = await checked(
    `certificates:\n${entry("a.example.org", "files: { app: { combined: /srv/a.pem, reload: [/nowhere/rl] } }")}\n`,
    { hooks },
  );
  expect(problems).toMatchObject([{ line: 5, message: "files: app: there is no program /nowhere/rl" }]);
});

it("names that a private CA is not for: one that is there, and one that the first entry would make", async () => {
  const stateDir = join(here.dir, "state");
  mkdirSync(stateDir, { recursive: true });
  const ca = createPrivateCa({
    stateDir,
    random: (size) => Buffer.alloc(size, 7),
    generateKey,
    relying: async () => [],
  });
  const issuer: World["issuer"] = async (kind) => (kind === "private-ca" ? ca : here.world.issuer(kind));
  const text = [
    "certificates:",
    "  mail.example.org:",
    "  imap.one.example:",
    "  pop.two.example: { ca: default }",
    "  mx.three.example: { ca: another }",
    "",
  ].join("\n");
  const before = await checked(text, { issuer });
  const said = before.problems.map(({ line, message }) => `${line} ${message}`);
  expect(said).toEqual([
    expect.stringMatching(
      /^3 imap\.one\.example: private-ca cannot certify imap\.one\.example: the private CA "default" is limited to example\.org /,
    ),
    expect.stringMatching(/^4 pop\.two\.example: private-ca cannot certify /),
  ]);
  // What suits one of them must suit the others, too.
  for (const { hint } of before.problems) {
    for (const domain of ["example.org", "one.example", "two.example"]) expect(hint).toContain(`"${domain}"`);
    expect(hint).not.toContain("three.example");
    expect(hint).not.toContain("rm -r");
  }
  await ca.issue({
    names: ["mail.example.org"],
    algorithm: "ecdsa",
    privateKey: await generateKey("ecdsa"),
    settings: { kind: "private-ca", ca: "default", days: 30 },
    now: new Date(),
    signal: new AbortController().signal,
    step: () => undefined,
  });
  expect((await checked(text, { issuer })).problems.map(({ line, message }) => `${line} ${message}`)).toEqual(said);
});

it("nothing of it where the file has problems of its own", async () => {
  writeFileSync(here.configPath, "certificates: [");
  expect((await checkConfig(here.world, here.world.config)).problems.length).toBeGreaterThan(0);
});

it("a program that fills a database of Postfix's is looked at as hooks are", async () => {
  const { problems } = await checked(
    ["postfix_sni_rows: /usr/local/sbin/nope", "certificates:", entry("a.example.org"), ""].join("\n"),
    { hooks },
  );
  expect(problems).toMatchObject([
    { line: 1, column: 19, message: "postfix_sni_rows: there is no program /usr/local/sbin/nope" },
  ]);
});

it("what is missing on this host is told along with the mistakes of the file: nobody mends it twice", async () => {
  const text = [
    "hooks: { before_deploy: { run: [/nowhere/hook], timeout: 0 } }",
    "nonsense: 1",
    "certificates:",
    entry("a.example.org"),
    "",
  ].join("\n");
  const { problems, certificates } = await checked(text, { hooks });
  expect(problems.map(({ message }) => message)).toEqual([
    "timeout of before_deploy must be between 1 and 3600 seconds",
    expect.stringContaining("nonsense"),
    "before_deploy: there is no program /nowhere/hook",
  ]);
  expect(certificates).toEqual([]);
});

it("those who are told, where this host lacks what it takes", async () => {
  const folder = join(here.dir, "textfile");
  const notifying: World["notifying"] = async () => ({
    hostName: "mail",
    memory: { read: async () => ({ causes: {}, told: {} }), write: async () => undefined },
    open: async (settings) => [
      {
        name: "mail",
        channel: createMail(settings, {
          run: async () => ({ status: 0, stdout: "", stderr: "" }),
          randomId: () => "1",
          userAgent: "test",
          sendmail: "/nowhere/sendmail",
        }),
      },
      {
        name: "prometheus",
        channel: createPrometheus(settings, {
          run: async () => ({ status: 0, stdout: "", stderr: "" }),
          randomId: () => "1",
          userAgent: "test",
        }),
      },
    ],
  });
  const text = [
    "notify:",
    "  mail: root",
    `  prometheus: ${folder}/mailcert.prom`,
    "certificates:",
    entry("a.example.org"),
    "",
  ].join("\n");
  expect((await checked(text, { notifying })).problems).toMatchObject([
    {
      line: 2,
      message: "notify: mail: there is no program /nowhere/sendmail",
      hint: expect.stringContaining("Postfix and Exim have one") as string,
    },
    {
      line: 3,
      message: `notify: prometheus: there is no folder ${folder}`,
      hint: expect.stringContaining(`mkdir -p ${folder}, then`) as string,
    },
  ]);
  mkdirSync(folder);
  expect((await checked(text, { notifying })).problems).toHaveLength(1);
});
