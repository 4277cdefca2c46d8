// Golden transcripts: command lines, and exactly what the built program says and ends with. One file for each scene, readable by a stranger.
// A scene is a line of "$ mailcert ..." commands; below each stand its stdout, its stderr behind "! ", and "= STATUS".
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const scenes = join(import.meta.dirname, "scenes");

/** What differs from run to run, made plain. */
const steady = (text: string, dir: string): string =>
  text
    .replaceAll(dir, "DIR")
    .replaceAll(root, "ROOT")
    .replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "TIME")
    .replaceAll(/\b\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, "TIME")
    .replaceAll(/\b20\d\d-\d\d-\d\d\b/g, "DAY")
    .replaceAll(/\b20\d{6}T\d{6}-\d+/g, "RUN")
    .replaceAll(/\b[0-9a-f]{64}\b/g, "SHA256")
    .replaceAll(/\b[0-9a-f]{40}\b/g, "SHA1")
    .replaceAll(/\b(?:[0-9A-F]{2}:){31}[0-9A-F]{2}\b/g, "FINGERPRINT")
    .replaceAll(/revoked, number \d+/g, "revoked, number N")
    .replaceAll(/"pid": \d+|process \d+/g, "PID")
    .replaceAll(/ CA [0-9a-f]{8}\b/g, " CA ID");

const run = (line: string, dir: string): string => {
  const args = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) =>
    (quoted ?? plain ?? "").replaceAll("DIR", dir),
  );
  const [program, ...rest] = args;
  if (program === "file") {
    const [path = "", ...words] = rest;
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, words.join(" ").replaceAll("\\n", "\n"));
    return "";
  }
  const result = spawnSync(process.execPath, [join(root, "bin/mailcert.js"), "--state", join(dir, "state"), ...rest], {
    encoding: "utf8",
    cwd: dir,
    // No mail server is found: the machine's own must not be touched.
    // No name server is asked either.
    env: {
      MAILCERT_PATH: join(dir, "bin"),
      MAILCERT_RESOLV_CONF: "/dev/null",
      MAILCERT_CONFIG: join(dir, "default.yaml"),
      NO_COLOR: "1",
    },
    timeout: 25_000,
  });
  const err = result.stderr.replaceAll(/^(?=.)/gm, "! ");
  return `${result.stdout}${err}= ${result.status}\n`;
};

const play = (text: string): string => {
  const dir = mkdtempSync(join(tmpdir(), "mailcert-cli-"));
  try {
    mkdirSync(join(dir, "bin"));
    symlinkSync("/usr/bin/flock", join(dir, "bin/flock"));
    const out: string[] = [];
    const lines = text.split("\n");
    // Comments stand at the top; below, a line of output may begin with the same sign.
    const first = lines.findIndex((line) => line.startsWith("$ "));
    for (const [index, line] of lines.entries()) {
      if (line.startsWith("#") && index < first) out.push(`${line}\n`);
      if (line.startsWith("$ ")) out.push(`\n${line}\n${steady(run(line.slice(2), dir), dir)}`);
    }
    return out.join("");
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
};

describe("transcripts", () => {
  const files = readdirSync(scenes).filter((file) => file.endsWith(".txt"));
  it("has scenes", () => expect(files.length).toBeGreaterThan(4));

  for (const file of files) {
    it(file, () => {
      const path = join(scenes, file);
      const before = readFileSync(path, "utf8");
      const now = play(before);
      if (process.env["MAILCERT_WRITE_SCENES"]) writeFileSync(path, now);
      else expect(now).toBe(before);
    });
  }
});
