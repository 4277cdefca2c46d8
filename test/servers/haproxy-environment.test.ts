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

  test("what its user could have written there is believed where it is an address, a name or a place of root's, and nothing that is run depends on it", async () => {
    const child = spawn("sleep", ["600"], {
      env: {
        PATH: process.env["PATH"],
        VIP: "[::1]",
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
      const of = (line: string, around = "frontend x") =>
        environmentFor(haproxy(child.pid, false, true), sections(`${around}\n ${line}\n`));
      expect(await of('bind "$VIP:993" name "$NAME" crt "$CERTS/x.pem" "$NOBODY_HAS_THIS"')).toEqual({
        VIP: "[::1]",
        NAME: "mail.example.org",
        CERTS: "/etc/ssl",
      });
      for (const name of ["EVIL", "UP", "KERNEL", "ROUND"])
        await expect(of(`bind :993 ssl crt "$${name}/x.pem"`)).rejects.toMatchObject({
          kind: "config",
          message: expect.stringContaining(`(${name}), and its process ${child.pid} is not root's any more`) as string,
        });
      await expect(of('lua-load "$CERTS/x.lua"', "global")).rejects.toMatchObject({ kind: "config" });
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
