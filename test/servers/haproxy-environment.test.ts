// Which variables of its environment a HAProxy configuration takes its values from.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { environmentFor, variablesIn } from "../../src/servers/haproxy/environment.ts";
import { parseHaproxy } from "../../src/servers/haproxy/parse.ts";

const sections = (text: string) => parseHaproxy([{ path: "/x.cfg", text }]);
const haproxy = (pid: number | undefined, ofRoot = true, noted = false) => ({
  version: "3.0",
  names: [],
  pid,
  ofRoot,
  noted,
});

describe("variables of HAProxy's files", () => {
  test("in double quotes alone; those with a default, set in the files, or its own are not needed", () => {
    const { needed, all } = variablesIn(
      sections(`global
 setenv SET yes
 presetenv PRESET "$FROM"
frontend x # "$COMMENT"
 bind "\${VIP}:993" ssl crt '$SINGLE' crt "$CERTS/a.pem"
 bind $PLAIN:995
 bind "\${PORTS-993}" name "\${SET} $PRESET \${HAPROXY_LOCALPEER}"
 log "\${LOGS[*]}" local0
 http-request set-header x %[env(SEEN)]
 .if defined(ASKED)
`),
    );
    expect(needed).toEqual(["FROM", "VIP", "CERTS", "LOGS"]);
    expect([...all].toSorted()).toEqual(
      ["ASKED", "CERTS", "FROM", "HAPROXY_LOCALPEER", "LOGS", "PORTS", "PRESET", "SEEN", "SET", "VIP"].toSorted(),
    );
  });

  test("those of the running one are handed on, and nothing else of its environment; without it they are not guessed", async () => {
    const text = 'frontend x\n bind "$PATH:993" name "$MAILCERT_NOBODY_HAS_THIS"\n';
    expect(Object.keys(await environmentFor(haproxy(process.pid), sections(text)))).toEqual(["PATH"]);
    await expect(environmentFor(haproxy(undefined), sections(text))).rejects.toMatchObject({
      kind: "config",
      message: expect.stringContaining("(PATH, MAILCERT_NOBODY_HAS_THIS), and it does not run") as string,
    });
    // One that gave its rights up, and that only its words name: anybody who works as its user can start such a one.
    await expect(environmentFor(haproxy(process.pid, false), sections(text))).rejects.toMatchObject({
      kind: "config",
      message: expect.stringContaining("anybody who works as that user could have started it") as string,
    });
    expect(await environmentFor(haproxy(undefined), sections("frontend x\n bind :993\n"))).toEqual({});
    expect(await environmentFor(haproxy(undefined), sections('frontend x\n bind "${P-993}"\n'))).toEqual({});
  });

  test("what its user could have written there is believed where it is an address or a name, and no file and nothing that is run depends on it", async () => {
    const child = spawn("sleep", ["600"], {
      env: {
        PATH: process.env["PATH"],
        VIP: "[::1]",
        SOCKET: "unix@x",
        NAME: "mail.example.org",
        CERTS: "/etc/ssl",
        EVIL: "/tmp/evil",
        UP: "..",
        KERNEL: "/proc/self/cwd",
        ROUND: "/etc/../proc/self/cwd",
      },
    });
    try {
      await once(child, "spawn");
      const of = (line: string, around = "frontend x", values: Record<string, string> = {}) =>
        environmentFor({ ...haproxy(child.pid, false, true), values }, sections(`${around}\n ${line}\n`), "/none");
      expect(await of('bind "$VIP:993" name "$NAME" "$NOBODY_HAS_THIS"')).toEqual({
        VIP: "[::1]",
        NAME: "mail.example.org",
      });
      // Root would read whatever key, or file, that user likes, and its successor is that user's: a path, and a name in the midst of one.
      for (const [name, line] of [
        ["EVIL", 'bind :993 ssl crt "$EVIL/x.pem"'],
        ["UP", 'bind :993 ssl crt "$UP/x.pem"'],
        ["KERNEL", 'bind :993 ssl crt "$KERNEL/x.pem"'],
        ["ROUND", 'bind :993 ssl crt "$ROUND/x.pem"'],
        ["CERTS", 'bind :993 ssl crt "$CERTS/x.pem"'],
        ["CERTS", 'bind :993 ssl crt "$CERTS"'],
        ["NAME", 'bind :993 ssl crt "$NAME"'],
        ["NAME", 'bind :993 ssl crt "/etc/ssl/$NAME.pem"'],
        ["NAME", 'errorfile 500 "$NAME"'],
        ["NAME", 'http-request return file "$NAME"'],
        ["NAME", 'http-request set-header X %[src,"map_ip(/etc/$NAME)"]'],
        ["NAME", 'acl x src -f "$NAME"'],
        ["NAME", 'external-check command "$NAME"'],
        ["SOCKET", 'bind "$SOCKET"'],
      ] as const)
        await expect(of(line), line).rejects.toMatchObject({
          kind: "config",
          message: expect.stringContaining(`(${name}), and its process ${child.pid} is not root's any more`) as string,
        });
      await expect(of('lua-load "$CERTS/x.lua"', "global")).rejects.toMatchObject({ kind: "config" });
      // What root gives it by that name is root's word: the unit's Environment=, or /etc/default/haproxy.
      const crt = 'bind :993 ssl crt "$CERTS/x.pem"';
      expect(await of(crt, "frontend x", { CERTS: "/etc/ssl" })).toEqual({ CERTS: "/etc/ssl" });
      await expect(of(crt, "frontend x", { CERTS: "/etc/ssl/other" })).rejects.toMatchObject({ kind: "config" });
      // One that has a default is left out.
      expect(await of('bind "${EVIL-:993}"')).toEqual({});
      expect(Object.keys(await environmentFor(haproxy(child.pid), sections('global\n lua-load "$EVIL"\n')))).toEqual([
        "EVIL",
      ]);
    } finally {
      child.kill("SIGKILL");
    }
  });
});
