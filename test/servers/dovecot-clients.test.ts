// The part of Dovecot's include file that lets people log in with certificates: both generations' words, in and out of each, and what a broken configuration leaves.
import { describe, expect, it } from "vitest";
import {
  type ClientLogin,
  clientLoginIn,
  clientNotes,
  clientPart,
  userdbNotes,
} from "../../src/servers/dovecot/clients.ts";
import { parseDoveconf } from "../../src/servers/dovecot/doveconf.ts";
import { essentials, translate } from "../../src/servers/dovecot/translate.ts";

const login: ClientLogin = { file: "/var/lib/mailcert/clients/default.pem", require: false };
const certificate = {
  "2.3": "# Written by mailcert for mail.example.org.\nssl_cert = </x/fullchain.pem\nssl_key = </x/privkey.pem\n",
  "2.4":
    "# Written by mailcert for mail.example.org.\nssl_server_cert_file = /x/fullchain.pem\nssl_server_key_file = /x/privkey.pem\n",
} as const;
const requirement = "auth_ssl_require_client_cert = yes\nprotocol smtp {\n  auth_ssl_require_client_cert = no\n}\n";
const behind = "local_name a.example.org {\n}\n";

describe.each([
  ["2.3", "2.4"],
  ["2.4", "2.3"],
] as const)("Dovecot %s", (version, other) => {
  it.each([false, true])("is in the other generation's words as that would write it, require %s", (require) => {
    const wish = { ...login, require };
    const text = `${certificate[version]}${clientPart(wish, { version })}${behind}`;
    expect(translate(text, version)).toBe(text);
    expect(translate(text, other)).toBe(`${certificate[other]}${clientPart(wish, { version: other })}${behind}`);
    expect(clientLoginIn(text)).toEqual(wish);
    // At least the certificate, where nothing else is taken; and whoever needed one to log in needs it still.
    const least = `${certificate[other]}${require ? requirement : ""}`;
    expect(essentials(text, other)).toBe(least);
    expect(essentials(least, other)).toBe(least);
    expect(translate(least, version)).toBe(`${certificate[version]}${require ? requirement : ""}`);
  });

  it("is nothing where nobody asked for it", () => {
    expect(clientPart(undefined, { version })).toBe("");
    expect(clientLoginIn(certificate[version])).toBeUndefined();
  });

  it("asks nobody but IMAP's, POP3's and ManageSieve's clients for one", () => {
    expect(clientPart(login, { version })).not.toContain("require_client_cert");
    const text = clientPart({ ...login, require: true }, { version });
    expect(text).toContain(requirement);
    // Beside Debian's `protocol !indexer-worker` it stops the auth process.
    expect(text).not.toContain("!smtp");
  });

  it("says what changes, once", () => {
    expect(clientNotes(login, login, { version })).toEqual([]);
    const [begun] = clientNotes(undefined, login, { version });
    expect(begun).toMatchObject({ check: "clients-login", severity: "info" });
    expect(begun?.message).toContain("with passwords as before: ");
    expect(begun?.message).toContain("auth_ssl_username_from_cert = yes");
    expect(clientNotes(login, { ...login, require: true }, { version })[0]?.message).toContain("nobody without one");
    expect(clientNotes(login, undefined, { version })[0]?.message).toContain("passwords alone");
  });
});

describe("a userdb that knows every name", () => {
  const block = (head: string, ...lines: readonly string[]): string =>
    [`${head} {`, ...lines.map((line) => `  ${line}`), "}", ""].join("\n");
  const passwd = block("userdb", "driver = passwd");
  const everybody = block("userdb", "args = uid=vmail gid=vmail home=/srv/mail/%u", "driver = static");
  const ours = block("passdb", "args = nopassword=y", "driver = static", "mechanisms = external");
  const everybodyOf24 = block("userdb static", "fields {", "  uid = vmail", "}");

  it.each([
    ["2.3, alone", everybody],
    ["2.4, alone", everybodyOf24],
    ["2.4, under another name", block("userdb all", "driver = static")],
    ["behind a list, which passes on whom it does not know", passwd + everybody],
    ["behind fields of a passdb", block("userdb prefetch") + everybodyOf24],
  ])("is told: %s", (_, text) => {
    for (const require of [false, true]) {
      const [finding, ...more] = userdbNotes({ ...login, require }, parseDoveconf(ours + text));
      expect(more).toEqual([]);
      expect(finding).toMatchObject({ check: "clients-userdb", severity: "warning" });
      expect(finding?.hint).toContain("mailcert ca revoke");
    }
    expect(userdbNotes(undefined, parseDoveconf(text))).toEqual([]);
  });

  it.each([
    ["2.3, a list", passwd],
    ["2.4, a list", block("userdb passwd")],
    ["2.4, a list under that name", block("userdb static", "driver = passwd-file")],
    ["none", ""],
    [
      "behind a list that passes on nobody",
      block("userdb", "driver = ldap", "result_failure = return-fail") + everybody,
    ],
  ])("is not there: %s", (_, text) => {
    expect(userdbNotes(login, parseDoveconf(ours + text))).toEqual([]);
  });
});
