// The policy file through an upgrade of Dovecot: known as ours, in the installed words, and taken back whichever words the log has.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDovecot } from "../../src/servers/dovecot/dovecot.ts";
import { isPolicyText } from "../../src/servers/dovecot/policy-file.ts";
import { createDovecotUpgrade } from "../../src/servers/dovecot/upgrade.ts";
import type { Change, Installation } from "../../src/servers/server.ts";
import { createTemplates } from "../../src/system/templates.ts";

const renderTemplate = createTemplates("templates");
let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-policy-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const text = (...settings: readonly (readonly [string, string])[]): string =>
  renderTemplate(
    "dovecot-policy.conf",
    { profile: "intermediate", settings: settings.map(([name, value]) => ({ name, value })) },
    "dovecot",
  );
const both = [
  ["ssl", "required"],
  ["ssl_min_protocol", "TLSv1.2"],
] as const;
const old = text(...both, ["disable_plaintext_auth", "yes"], ["ssl_prefer_server_ciphers", "no"]);
const now = text(...both, ["auth_allow_cleartext", "no"], ["ssl_server_prefer_ciphers", "client"]);

const path = (): string => join(dir, "99-mailcert.policy.conf");
const put = (content: string): string => {
  writeFileSync(path(), content);
  return path();
};
const saying = (version: string) => createDovecotUpgrade(async () => ({ status: 0, stdout: version, stderr: "" }));
const installed = (version: string): Installation => ({
  server: "dovecot",
  id: "dovecot",
  version,
  configDir: dir,
  running: false,
});
const dovecot = createDovecot({
  run: async () => ({ status: 0, stdout: "", stderr: "" }),
  render: renderTemplate,
  ipv6: async () => true,
});
const set = (content: string, before?: string): Change => ({
  kind: "file",
  path: path(),
  content,
  mode: 0o644,
  before,
});

describe("an upgrade", () => {
  it.each([
    ["2.4.1-4\n", old, now],
    ["2.3.19.1\n", now, old],
  ])("to %j has it reworded, as what it was in the log of changes", async (version, before, content) => {
    expect(isPolicyText(old)).toBe(true);
    put(before);
    expect(await saying(version).outgrown([path()])).toMatchObject({
      changes: [{ kind: "file", path: path(), content, mode: 0o644, before, reworded: true }],
    });
    put(content);
    expect(await saying(version).outgrown([path()])).toMatchObject({ changes: [] });
  });

  it("cut down, it has what mailcert writes, and not what somebody wrote into it", async () => {
    put(`${old}no_such = setting\n`);
    const { changes } = (await saying("2.4.1").outgrown([path()], true)) as { changes: readonly Change[] };
    expect(changes).toMatchObject([{ content: now }]);
  });
});

describe("taken back", () => {
  it.each(["2.3.19", "2.4.1"])("on %s, in either generation's words: it goes", async (version) => {
    for (const stands of [old, now]) {
      for (const logged of [old, now]) {
        put(stands);
        const known = stands === logged || (version === "2.4.1" ? stands === now : stands === old);
        expect(await dovecot.revert(installed(version), set(logged)), `${stands}${logged}`).toBe(
          known ? "reverted" : "not-ours",
        );
      }
    }
  });

  it("to what an earlier policy had, in words that the installed Dovecot takes", async () => {
    const modern = (words: string): string => words.replaceAll("TLSv1.2", "TLSv1.3");
    put(modern(now));
    expect(await dovecot.revert(installed("2.4.1"), set(modern(old), old))).toBe("reverted");
    expect(readFileSync(path(), "utf8")).toBe(now);
    expect(await dovecot.revert(installed("2.4.1"), set(old))).toBe("reverted");
    expect(() => readFileSync(path())).toThrow(/ENOENT/);
  });

  it("a file that somebody changed stays as it is", async () => {
    put(`${now}# mine\n`);
    expect(await dovecot.revert(installed("2.4.1"), set(old))).toBe("not-ours");
    expect(readFileSync(path(), "utf8")).toBe(`${now}# mine\n`);
  });

  it("a line of somebody's that it had made a comment comes back in words that do not stop Dovecot", async () => {
    const theirs = join(dir, "10-auth.conf");
    const comment = "# mailcert: disable_plaintext_auth = no";
    const line = {
      kind: "line",
      path: theirs,
      line: 2,
      before: "disable_plaintext_auth = no",
      after: comment,
    } as const;
    for (const [version, word] of [
      ["2.3.19", "disable_plaintext_auth = no"],
      ["2.4.1", "auth_allow_cleartext = yes"],
    ] as const) {
      writeFileSync(theirs, `auth_mechanisms = plain\n${comment}\n`);
      expect(await dovecot.revert(installed(version), line)).toBe("reverted");
      expect(readFileSync(theirs, "utf8")).toBe(`auth_mechanisms = plain\n${word}\n`);
    }
  });
});

it("what doveconf says of a file of ours has what mends it as its hint", async () => {
  const refusing = (file: string) =>
    createDovecot({
      run: async () => ({
        status: 89,
        stdout: "",
        stderr: `doveconf: Fatal: Error in configuration file ${file} line 4: x: Unknown setting\n`,
      }),
      render: renderTemplate,
      ipv6: async () => true,
    }).check(installed("2.4.1"));
  for (const file of ["conf.d/99-mailcert.policy.conf", "conf.d/99-mailcert.conf", "mailcert.policy.conf"]) {
    await expect(refusing(`/etc/dovecot/${file}`)).rejects.toMatchObject({
      hints: [expect.stringMatching(/ is mailcert's own: `mailcert deploy --repair` writes it /)],
    });
  }
  await expect(refusing("/etc/dovecot/conf.d/10-mailcert.policy.conf")).rejects.toMatchObject({
    hints: [expect.stringMatching(/^mend line 4 of /)],
  });
});
