// What purging the package takes away, in a folder that stands for the host's own: links, mounts, pipes and settings that still name a key.
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let root = "";
const at = (path: string): string => join(root, path);
const write = (path: string, text: string): void => {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
};
const key = "var/lib/mailcert/certificates/mail.example.org/key.pem";
/** A debconf whose person says yes to everything. */
const sayYes = "db_fset() { :; }\ndb_input() { :; }\ndb_go() { :; }\ndb_purge() { :; }\ndb_get() { RET=true; }\n";
/** A program of this name that comes before the real one. */
const standIn = (program: string, text: string): void => {
  write(`bin/${program}`, `#!/bin/sh\n${text}\n`);
  chmodSync(at(`bin/${program}`), 0o755);
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mailcert-postrm-"));
  write("usr/share/debconf/confmodule", sayYes);
  mkdirSync(at("etc/mailcert/conf.d"), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const purge = (): string => {
  const script = readFileSync(new URL("../../bin/package/debian/postrm", import.meta.url), "utf8");
  writeFileSync(at("postrm"), script.replaceAll(/(?<=[\s="'])\/(?=etc\b|var\/|usr\/|run\/)/g, `${root}/`));
  const env = { PATH: `${at("bin")}:${String(process.env["PATH"])}` };
  const { status, stderr, error } = spawnSync("sh", [at("postrm"), "purge"], {
    encoding: "utf8",
    env,
    timeout: 15_000,
  });
  expect({ error, status, stderr }).toMatchObject({ error: undefined, status: 0 });
  return stderr;
};

describe("purge, where the answer is yes", () => {
  it("takes keys and settings, and says nothing", () => {
    write(key, "secret");
    write("etc/mailcert/mailcert.yaml", "certificates: {}\n");
    expect(purge()).toBe("");
    expect([existsSync(at("etc/mailcert")), existsSync(at("var/lib/mailcert"))]).toEqual([false, false]);
  });

  it.each(["with settings", "without settings"])(
    "keeps a state folder that is a link, and what it leads to, %s",
    (how) => {
      write("srv/mailcert/key.pem", "secret");
      mkdirSync(at("var/lib"), { recursive: true });
      symlinkSync(at("srv/mailcert"), at("var/lib/mailcert"));
      if (how === "with settings") write("etc/mailcert/mailcert.yaml", "certificates: {}\n");
      expect(purge()).toContain(`are kept: ${at("var/lib/mailcert")} is a link to ${at("srv/mailcert")}`);
      expect(readFileSync(at("var/lib/mailcert/key.pem"), "utf8")).toBe("secret");
      expect(existsSync(at("etc/mailcert"))).toBe(true);
    },
  );

  it("does not take a folder that cannot be read for an empty one", () => {
    write(key, "secret");
    writeFileSync(at("usr/share/debconf/confmodule"), sayYes.replace("true", "false"));
    const real = execFileSync("sh", ["-c", "command -v find"], { encoding: "utf8" }).trim();
    standIn("find", `case "$*" in *-quit*) exit 1 ;; esac\nexec ${real} "$@"`);
    expect(purge()).toContain("are kept: that was not asked for");
    expect(existsSync(at(key))).toBe(true);
  });

  it("leaves a mounted folder, empty, and comes to its end", () => {
    write(key, "secret");
    standIn("rmdir", `echo "rmdir: failed to remove '$1': Device or resource busy" >&2; exit 1`);
    expect(purge()).toContain(`mailcert: left: ${at("var/lib/mailcert")}\n`);
    expect(existsSync(at("var/lib/mailcert/certificates"))).toBe(false);
    rmSync(at("bin"), { recursive: true });
    expect(purge()).toBe("");
    expect(existsSync(at("var/lib/mailcert"))).toBe(false);
  });
});

describe("settings that still name a key", () => {
  const state = (): string => at("var/lib/mailcert");
  const lines: readonly (readonly [file: string, line: () => string])[] = [
    ["etc/postfix/main.cf", () => `smtpd_tls_key_file=${at(key)}`],
    ["etc/nginx/sites-enabled/mail", () => `  server { listen 443 ssl; ssl_certificate_key ${at(key)}; }`],
    ["etc/dovecot/local.conf", () => `ssl_key = <\${x#y}${at(key)}`],
    ["etc/haproxy/haproxy.cfg", () => `  crt-base ${state()}`],
    ["etc/stunnel/mail.conf", () => `CApath="${state()}"`],
    ["etc/other/daemon.conf", () => `key ${at(key)}`],
  ];
  it.each(lines)("in %s", (file, line) => {
    write(key, "secret");
    write(file, `# a comment\n${line()}\n`);
    expect(purge()).toContain(`still name what is in there:\n  ${at(file)}\n`);
    expect(existsSync(at(key))).toBe(true);
  });

  it("by a link", () => {
    write(key, "secret");
    mkdirSync(at("etc/ssl"), { recursive: true });
    symlinkSync(at(key), at("etc/ssl/mail.key"));
    expect(purge()).toContain(`still name what is in there:\n  ${at("etc/ssl/mail.key")}\n`);
    expect(existsSync(at(key))).toBe(true);
  });

  it("are none where a comment or another program's folder has its name", () => {
    write(key, "secret");
    write("etc/postfix/main.cf", `# ${at(key)}\n  ; ${at(key)}\nqueue = ${state()}2/queue\nother = ${state()}-old\n`);
    expect(purge()).toBe("");
    expect(existsSync(state())).toBe(false);
  });

  it("are not looked for in pipes", () => {
    write(key, "secret");
    mkdirSync(at("etc/postfix"), { recursive: true });
    execFileSync("mkfifo", [at("etc/postfix/pipe"), at("etc/pipe")]);
    expect(purge()).toBe("");
    expect(existsSync(state())).toBe(false);
  });
});
