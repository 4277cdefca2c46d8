// What each run has to load, held in numbers that do not depend on the machine. test/bench measures what they cost (docs/performance.md).
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

interface Output {
  readonly inputs: Readonly<Record<string, unknown>>;
}

const root = join(import.meta.dirname, "../..");
const { outputs } = JSON.parse(readFileSync(join(root, "dist/meta.json"), "utf8")) as {
  readonly outputs: Readonly<Record<string, Output>>;
};

/** Files of ours that a run really loads, and what they are made of. It ends before it does anything: the state folder cannot be made. */
const loadedBy = (args: readonly string[]): { readonly files: number; readonly inputs: readonly string[] } => {
  const told = `process.once("exit", () => require("node:fs").writeSync(3, JSON.stringify(Object.keys(require.cache))))`;
  const watch = `data:text/javascript,import{createRequire}from"node:module";const require=createRequire("${root}/");${encodeURIComponent(told)}`;
  const { output } = spawnSync(process.execPath, ["--import", watch, join(root, "bin/mailcert.js"), ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] },
  });
  const files = (JSON.parse(output[3] ?? "") as readonly string[]).map((file) => file.slice(root.length + 1));
  return { files: files.length, inputs: files.flatMap((file) => Object.keys(outputs[file]?.inputs ?? {})) };
};

const packagesOf = (inputs: readonly string[]): readonly string[] => [
  ...new Set(inputs.flatMap((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? [])),
];

describe("start-up", () => {
  it("--version loads the entry and nothing behind it", () => {
    const { files, inputs } = loadedBy(["--version"]);
    expect(inputs).toContain("src/main.ts");
    expect(packagesOf(inputs)).toEqual([]);
    // The launcher, the host, the loader, the entry and the bundler's helpers.
    expect(files).toBeLessThanOrEqual(5);
  });

  it("a run loads a few files, not one for every file that commands share", () => {
    const { files, inputs } = loadedBy(["status", "-c", "/dev/null/none.yaml", "--state", "/dev/null/none"]);
    expect(inputs).toContain("src/commands/status.ts");
    expect(packagesOf(inputs)).toEqual(["commander"]);
    expect(files).toBeLessThanOrEqual(29);
  });

  it("a renewal with nothing due loads nothing of hooks and notifications, unless somebody is to be told", () => {
    const dir = mkdtempSync(join(tmpdir(), "mailcert-start-"));
    try {
      const config = join(dir, "mailcert.yaml");
      const certificates = "certificates:\n  mail.example.org: { issuer: self-signed, servers: none }\n";
      const args = ["renew", "-c", config, "--state", join(dir, "state")];
      const oursIn = (inputs: readonly string[]): readonly string[] =>
        inputs.filter((input) =>
          /^src\/(?:notify\/|compose-notify|usecases\/(?:hooks|notify|run-causes)\.)/.test(input),
        );
      writeFileSync(config, `hooks: { after_deploy: [/bin/true] }\nwindow: "02:00-05:00"\n${certificates}`);
      expect(oursIn(loadedBy(args).inputs)).toContain("src/usecases/hooks.ts");
      const idle = loadedBy(args);
      expect(oursIn(idle.inputs)).toEqual([]);
      writeFileSync(config, `notify: { prometheus: ${dir}/mailcert.prom }\n${certificates}`);
      const told = loadedBy(args);
      expect(oursIn(told.inputs)).toEqual(
        expect.arrayContaining(["src/usecases/notify.ts", "src/notify/prometheus.ts"]),
      );
      expect(oursIn(told.inputs)).not.toContain("src/notify/mail.ts");
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  it("parts of Node that few commands need are not loaded by all", () => {
    const told = `process.once("exit", () => require("node:fs").writeSync(3, JSON.stringify(process.moduleLoadList)))`;
    const { output, status } = spawnSync(
      process.execPath,
      [
        "--eval",
        `${told}; process.argv.splice(1, 0, "${root}/bin/mailcert.js"); require("${root}/bin/mailcert.js")`,
        "verify",
        "--help",
      ],
      {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe", "pipe"],
        env: { PATH: process.env["PATH"] },
      },
    );
    expect([status, output[1]]).toEqual([0, expect.stringContaining("Usage:")]);
    const loaded = JSON.parse(output[3] ?? "") as readonly string[];
    expect(loaded).toContain("NativeModule fs");
    expect(loaded).not.toContain("NativeModule child_process");
  });

  it("@peculiar/x509 comes without what we do not use of it, and not a second time by acme-client", () => {
    const all = Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs));
    expect(all.some((input) => input.includes("@peculiar/x509/"))).toBe(true);
    expect(
      all.filter((input) =>
        /@peculiar\/asn1-cms\/.*\/(?:signed|enveloped)_data\.js|@peculiar\/.*\/build\/cjs\//.test(input),
      ),
    ).toEqual([]);
    expect(all).toContain("src/issuers/acme/no-x509.ts");
  });

  it("yaml comes as ES modules, which can be taken in parts", () => {
    const reader = Object.values(outputs).find(({ inputs }) => "src/config/parse.ts" in inputs);
    expect(reader).toBeDefined();
    const parts = Object.keys(reader?.inputs ?? {}).filter((input) => input.includes("node_modules/yaml/"));
    expect(parts.filter((input) => input.includes("/yaml/dist/"))).toEqual([]);
  });
});
