// Which variables of its environment a HAProxy configuration takes its values from.
import { describe, expect, test } from "vitest";
import { environmentFor, variablesIn } from "../../src/servers/haproxy/environment.ts";
import { parseHaproxy } from "../../src/servers/haproxy/parse.ts";

const sections = (text: string) => parseHaproxy([{ path: "/x.cfg", text }]);
const haproxy = (pid: number | undefined) => ({ version: "3.0", names: [], pid });

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
    expect(await environmentFor(haproxy(undefined), sections("frontend x\n bind :993\n"))).toEqual({});
    expect(await environmentFor(haproxy(undefined), sections('frontend x\n bind "${P-993}"\n'))).toEqual({});
  });
});
