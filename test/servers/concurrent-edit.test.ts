// An administrator who saves a server's file while mailcert edits it: the edit waits, the administrator's text stays.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { applyFile, applyLine, revertFile, revertLine } from "../../src/servers/edits.ts";
import { applyPostfix, revertPostfix } from "../../src/servers/postfix/apply.ts";
import { installText } from "../../src/servers/postfix/install.ts";
import type { RunProgram } from "../../src/system/run.ts";

/** What happens right after a file was read for an edit. */
const hooks = vi.hoisted(() => ({ afterRead: (_path: string): void => undefined }));
vi.mock("../../src/system/files.ts", async (original) => {
  const real = await original<typeof import("../../src/system/files.ts")>();
  const readTextIfPresent = async (path: string): Promise<string | undefined> => {
    const text = await real.readTextIfPresent(path);
    hooks.afterRead(path);
    return text;
  };
  return { ...real, readTextIfPresent };
});

let dir = "";
const at = (name: string): string => join(dir, name);
const text = (name: string): string => readFileSync(at(name), "utf8");
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-edit-"));
});
afterEach(() => {
  hooks.afterRead = () => undefined;
  rmSync(dir, { recursive: true });
});

/** Saves the file once, as an administrator would. */
const saving = (name: string, content: string): void => {
  hooks.afterRead = () => {
    hooks.afterRead = () => undefined;
    writeFileSync(at(name), content);
  };
};

const later = (name: string) => ({
  kind: "try-later",
  message: `${at(name)} was changed by somebody else at this moment: nothing was edited`,
});

test("a line of dovecot.conf, applied and taken back", async () => {
  const change = { kind: "line", path: at("d.conf"), line: 2, before: "ssl = no", after: "ssl = yes" } as const;
  writeFileSync(at("d.conf"), "a\nssl = no\n");
  saving("d.conf", "a\nssl = no\n# saved\n");
  await expect(applyLine(change)).rejects.toMatchObject(later("d.conf"));
  expect(text("d.conf")).toBe("a\nssl = no\n# saved\n");
  await applyLine(change);
  expect(text("d.conf")).toBe("a\nssl = yes\n# saved\n");
  saving("d.conf", "a\nssl = yes\n# saved again\n");
  await expect(revertLine(change)).rejects.toMatchObject(later("d.conf"));
  expect(await revertLine(change)).toBe("reverted");
  expect(text("d.conf")).toBe("a\nssl = no\n# saved again\n");
  expect(readdirSync(dir)).toEqual(["d.conf"]);
});

test("a file of our own that somebody takes over at this moment", async () => {
  const change = { kind: "file", path: at("99.conf"), content: "ours\n", before: "old\n", mode: 0o644 } as const;
  writeFileSync(at("99.conf"), "old\n");
  saving("99.conf", "theirs\n");
  await expect(applyFile(change)).rejects.toMatchObject(later("99.conf"));
  writeFileSync(at("99.conf"), "ours\n");
  saving("99.conf", "theirs\n");
  await expect(revertFile(change)).rejects.toMatchObject(later("99.conf"));
  expect(text("99.conf")).toBe("theirs\n");
});

test("main.cf, saved while postconf looks at the edited copy", async () => {
  writeFileSync(at("main.cf"), "a = 1\n");
  writeFileSync(at("master.cf"), "");
  const edited = { base: "a = 1\n", text: "a = 2\n" };
  await expect(
    installText(dir, "main.cf", edited, async () => {
      writeFileSync(at("main.cf"), "a = 1\nb = 1\n");
      return true;
    }),
  ).rejects.toMatchObject(later("main.cf"));
  expect(text("main.cf")).toBe("a = 1\nb = 1\n");
});

/** A postconf that reads `name = value` from the files of the folder that it is given. */
const postconf: RunProgram = async (_program, args) => {
  const folder = args[args.indexOf("-c") + 1] ?? dir;
  return { status: 0, stdout: readFileSync(join(folder, "main.cf"), "utf8"), stderr: "" };
};

test("a parameter that an administrator sets between our question and our edit", async () => {
  const change = { kind: "parameter", parameter: "level", before: "none", after: "may" } as const;
  writeFileSync(at("main.cf"), "level = none\n");
  writeFileSync(at("master.cf"), "");
  saving("main.cf", "level = none\n# saved\n");
  await expect(applyPostfix(postconf, dir, change)).rejects.toMatchObject(later("main.cf"));
  await applyPostfix(postconf, dir, change);
  expect(text("main.cf")).toContain("level = may\n");
  saving("main.cf", `${text("main.cf")}# saved again\n`);
  await expect(revertPostfix(postconf, dir, change)).rejects.toMatchObject(later("main.cf"));
  expect(await revertPostfix(postconf, dir, change)).toBe("reverted");
  expect(text("main.cf")).toBe("level = none\n# saved\n# saved again\n");
});
