// What may stand on a command line that is being typed, for every command; the real shells are in test/e2e/completion.test.ts.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleFormatNames } from "../../src/domain/bundle-formats.ts";
import { checks } from "../../src/checks/index.ts";
import { commands } from "../../src/commands/index.ts";
import { actionPages } from "../../src/cli/actions.ts";
import { type Takes, argumentTakes, optionTakes } from "../../src/cli/takes.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { unquoted } from "../../src/cli/line.ts";
import { serverNames } from "../../src/domain/server-names.ts";
import { servers } from "../../src/servers/index.ts";
import type { CommandModule } from "../../src/cli/command.ts";
import type { Host } from "../../src/cli/host.ts";
import { runMainOn } from "../docs/run-main.ts";

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-complete-"));
  mkdirSync(join(dir, "etc/secrets"), { recursive: true });
  writeFileSync(join(dir, "etc/secrets/desec.yaml"), "");
  writeFileSync(
    join(dir, "etc/mailcert.yaml"),
    [
      "certificates:",
      "  mail.example.org: { names: [mail.example.org, '*.mx.example.org'], ca: office }",
      "  other.example.net: { issuer: nonsense }",
      "",
    ].join("\n"),
  );
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Lines as a script gets them, over the configuration of this test. */
const asked = async (...words: readonly string[]): Promise<readonly string[]> => {
  const { status, stdout, stderr } = await runMainOn(dir, {
    argv: ["__complete", ...words],
    sleep: () => new Promise(() => undefined),
    env: { MAILCERT_CONFIG: join(dir, "etc/mailcert.yaml") },
  });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout.split("\n").filter((line) => line !== "");
};
const wordsOf = async (...line: readonly string[]): Promise<readonly string[]> =>
  (await asked(...line)).map((one) => one.split("\t")[1] ?? one);

describe("completion", () => {
  it("offers commands with their summaries, and none behind a word that is none", async () => {
    const lines = await asked("");
    expect(lines).toContain("word\tverify\tcheck what mail servers really serve");
    expect(lines.length).toBe(Object.keys(commands).length + 1);
    expect(await asked("nonsense", "")).toEqual([]);
    expect(await wordsOf("help", "")).toEqual(Object.keys(commands));
    expect(await asked("help", "renew", "")).toEqual([]);
    expect(await wordsOf("help", "dns", "")).toEqual(["show", "check"]);
    expect(await asked("help", "dns", "show", "")).toEqual([]);
  });

  it("offers the options of an action, once each", async () => {
    const rotate = await wordsOf("ca", "rotate", "--");
    expect(rotate).toEqual(expect.arrayContaining(["--root-key", "--ca-domains", "--json", "--help"]));
    expect(rotate).not.toContain("--issuing");
    expect(rotate).not.toContain("--version");
    expect(await wordsOf("ca", "-")).not.toContain("--root-key");
    expect(await wordsOf("account", "-")).toEqual(expect.arrayContaining(["--issuer", "--acme", "--ca-file"]));
    expect(await wordsOf("ca", "--json", "revoke", "-")).toEqual(
      [
        "--reason",
        "--replace",
        "--config",
        "--state",
        "--quiet",
        "--verbose",
        "--no-color",
        "--dry-run",
        "--yes",
      ].concat("--help"),
    );
    expect(await asked("ca", "revoke", "--reason", "superseded", "--re")).not.toContainEqual(
      expect.stringContaining("--reason"),
    );
    expect(await wordsOf("account", "show", "-")).not.toContain("--no-email");
    expect(await wordsOf("account", "update", "-")).toContain("--no-email");
    const given = await wordsOf("renew", "--force", "--json", "-");
    expect(given).not.toContain("--force");
    expect(given).not.toContain("--json");
    expect(await wordsOf("verify", "--skip", "cert-name", "-")).toContain("--skip");
    expect(await asked("renew", "--", "-")).toEqual([
      "word\tmail.example.org\tmail.example.org *.mx.example.org",
      "word\tother.example.net\t",
    ]);
  });

  it("offers what options take: registries, choices, lists, files", async () => {
    expect(await wordsOf("verify", "--skip", "")).toEqual(checks.map(({ id }) => id));
    expect(await wordsOf("bundle", "--format", "")).toEqual(bundleFormatNames);
    expect(await wordsOf("setup", "--server", "dovecot,")).toEqual(
      [...serverNames.slice(1), "none"].map((name) => `dovecot,${name}`),
    );
    expect(await wordsOf("verify", "--expect=")).toEqual(["--expect=live", "--expect=sha256:", "files"]);
    expect(await asked("bundle", "--out", "")).toEqual(["folders"]);
    expect(await asked("-c", "")).toEqual(["files"]);
    expect(await wordsOf("issue", "--dns", "")).toEqual(["desec"]);
    expect(await wordsOf("deploy", "--harden", "m")).toEqual([
      "intermediate",
      "modern",
      "none",
      "mail.example.org",
      "other.example.net",
    ]);
    expect(await asked("verify", "--timeout", "")).toEqual([]);
    expect(await asked("renew", "--nonsense=", "x")).toEqual(await asked("renew", "x"));
  });

  it("offers names of the configuration, whatever else is wrong with it", async () => {
    expect(await wordsOf("renew", "")).toEqual(["mail.example.org", "other.example.net"]);
    expect(await wordsOf("verify", "imaps://")).toEqual(["imaps://mail.example.org", "imaps://other.example.net"]);
    expect(await wordsOf("ca", "show", "")).toEqual(["default", "office"]);
    expect(await wordsOf("ca", "restore", "")).toEqual(["files"]);
    expect(await wordsOf("ca", "revoke", "")).toEqual(["mail.example.org", "other.example.net", "files"]);
    expect(await asked("ca", "client", "")).toEqual([]);
    expect(await wordsOf("ca", "client", "a@example.org", "")).toEqual(["default", "office"]);
    // One name, two meanings: the action says which.
    expect(await asked("ca", "client", "--out", "")).toEqual(["folders"]);
    expect(await asked("ca", "crl", "--out", "")).toEqual(["files"]);
    const quoted = `'${join(dir, "etc/mailcert.yaml")}'`;
    expect(await wordsOf("--json", "-c", quoted, "log", "")).toEqual(["mail.example.org", "other.example.net"]);
    expect(await asked("-c", join(dir, "none.yaml"), "log", "")).toEqual([]);
    // Where nothing is taken, what can be added.
    expect(await wordsOf("schedule", "install", "")).toContain("--schedule");
  });

  it("offers nothing that is no name, whoever wrote it into a file or gave a file its name", async () => {
    writeFileSync(join(dir, "etc/secrets/$(id).yaml"), "");
    const config = join(dir, "hostile.yaml");
    writeFileSync(
      config,
      [
        "certificates:",
        "  '$(id>pwned)': { names: ['mail.example.org', '`id`.example.org'] }",
        '  "mx.example.org": { names: ["mx.example.org", "a\\u009b\\u202eb.example.org"], ca: \'a;id\' }',
        "",
      ].join("\n"),
    );
    expect(await asked("-c", config, "renew", "")).toEqual([
      expect.stringMatching(/^word\tmx\.example\.org\t[^\u0080-\u009f\u202e]*$/),
    ]);
    expect(await wordsOf("-c", config, "verify", "imaps://")).toEqual([
      "imaps://mail.example.org",
      "imaps://mx.example.org",
    ]);
    expect(await wordsOf("-c", config, "ca", "show", "")).toEqual(["default"]);
    expect(await wordsOf("issue", "--dns", "")).toEqual(["desec"]);
  });

  it("waits no longer than a person would", async () => {
    const { stdout, status } = await runMainOn(dir, {
      argv: ["__complete", "renew", ""],
      // The configuration is slower than the clock.
      sleep: () => Promise.resolve(),
      env: { MAILCERT_CONFIG: join(dir, "etc/mailcert.yaml") },
    });
    expect([status, stdout]).toEqual([0, ""]);
  });

  it("reads words as a shell would", () => {
    expect(["a\\ b", "'a b'", '"a \\" b', "'a", "x'y'\"z\"", "\\"].map(unquoted)).toEqual([
      "a b",
      "a b",
      'a " b',
      "a",
      "xyz",
      "",
    ]);
  });
});

const says = ({ words = [], names, files, beginnings }: Takes): boolean =>
  typeof words === "function" || words.length > 0 || [names, files, beginnings].some((one) => one !== undefined);

describe("every declaration", () => {
  /** Values that only the person knows. */
  const free = /[<[](?:ADDRESS|ADDR:PORT|CN|DOMAIN|IP|KID|LIST|N|NAME|SECONDS|TIME|URL|version)[>\]]/;

  const mine = ["setup name", "ca client address"];

  it("says what its options and arguments take", async () => {
    const host = { version: "", stdout: { write: () => undefined } } as unknown as Host;
    const modules = new Map<string, CommandModule>();
    const program = await buildProgram({ host, commands }, Object.keys(commands), () => Promise.resolve());
    for (const [name, { load }] of Object.entries(commands)) modules.set(name, (await load()).command);
    const silent: string[] = [];
    const stale: string[] = [];
    for (const whole of program.commands) {
      const { completion, actions } = modules.get(whole.name()) ?? {};
      const pages = actions === undefined ? [whole] : [...actionPages(whole, actions).values()];
      for (const command of pages) {
        for (const option of command.options.filter(({ required, optional }) => required || optional)) {
          if (!says(optionTakes(option, completion, [])) && !free.test(option.flags))
            silent.push(`${command.name()} ${option.flags}`);
        }
        for (const argument of command.registeredArguments) {
          const known = `${command.name()} ${argument.name()}`;
          if (!says(argumentTakes(argument, completion, ["show"])) && !mine.includes(known)) silent.push(known);
        }
      }
      const declared = pages.flatMap(({ options, registeredArguments }) => [
        ...options.flatMap(({ long }) => long ?? []),
        ...registeredArguments.map((one) => one.name()),
      ]);
      const told = Object.keys(completion?.takes ?? {});
      stale.push(...told.filter((one) => !declared.includes(one)).map((one) => `${whole.name()} ${one}`));
    }
    expect({ silent, stale }).toEqual({ silent: [], stale: [] });
  });

  it("names every server", () => {
    expect(Object.keys(servers).toSorted()).toEqual([...serverNames, "files"].toSorted());
  });
});
