// mailcert without a command, as built: the overview at a terminal, what it always was for a script.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { complaints } from "../docs/schemas.ts";

const program = join(import.meta.dirname, "../../bin/mailcert.js");
const dir = mkdtempSync(join(tmpdir(), "mailcert-bare-"));
mkdirSync(join(dir, "bin"));
for (const name of ["flock", "hostname"]) symlinkSync(`/usr/bin/${name}`, join(dir, "bin", name));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

// The machine's own servers, state and configuration must not be looked at.
const env = {
  PATH: process.env["PATH"],
  MAILCERT_PATH: join(dir, "bin"),
  MAILCERT_CONFIG: join(dir, "mailcert.yaml"),
  TERM: "xterm",
};
const state = ["--state", join(dir, "state")];

const script = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: "utf8", env });
  return { status, stdout, stderr };
};

/** With a terminal on all three streams. */
const terminal = (...args: readonly string[]) => {
  const line = [process.execPath, program, ...args].map((word) => `'${word}'`).join(" ");
  const { status, stdout } = spawnSync("script", ["-qec", line, "/dev/null"], { encoding: "utf8", env });
  return { status, said: stdout.replaceAll("\r\n", "\n") };
};

it("a person at a terminal gets the overview, also with options", () => {
  const { status, said } = terminal(...state, "--no-color");
  expect(status, said).toBe(0);
  const lines = said.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^mailcert \d+\.\d+\.\d+ on \S/);
  expect(lines[1]).toBe("mail servers  none was found");
  expect(lines[2]).toBe("certificates  none of mailcert's");
  expect(said).toMatch(/\nnext {10}mailcert (?:setup|import)/);
  expect(lines.at(-1)).toBe("all commands  mailcert --help");
  expect(lines.length).toBeLessThanOrEqual(10);
  // Nothing but text: no colour, no cursor.
  expect(said).not.toContain("\u001b");
});

it("a script is told that a command is missing, and nothing is looked at", () => {
  expect(script()).toMatchObject({ status: 64, stderr: "", stdout: expect.stringContaining("Usage: mailcert") });
  const options = script(...state, "--quiet");
  expect(options.status).toBe(64);
  expect(options.stdout + options.stderr).toContain("Usage: mailcert");
});

it("--json asks for the document", () => {
  const { status, stdout } = script(...state, "--json");
  expect(status).toBe(0);
  const document = JSON.parse(stdout) as { schema: string };
  expect(document).toMatchObject({ schema: "mailcert.overview/1", servers: [], certificates: [] });
  expect(complaints(document)).toEqual([]);
});

it("a mistyped command or option, and a call for help, are what they always were", () => {
  expect(script("setpu").stderr).toContain("Did you mean setup?");
  const mistyped = terminal("--jsno");
  expect(mistyped.status).toBe(64);
  expect(mistyped.said).toContain("unknown option '--jsno'");
  expect(terminal("--help")).toMatchObject({ status: 0, said: script("--help").stdout });
  expect(terminal("help").said).toBe(script("help").stdout);
});
