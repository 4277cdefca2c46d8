// Settings of mail programs: what each file says of which entry points and of trust, and that no name breaks out of a line.
import { array, assert, asyncProperty, constantFrom } from "fast-check";
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { BundleMaterial } from "../../src/bundles/bundle.ts";
import { bundles } from "../../src/bundles/index.ts";
import { readCertificate } from "../../src/domain/certificate.ts";
import { accountFailing } from "../../src/domain/account-gaps.ts";
import { accountFiles } from "../../src/domain/bundle-formats.ts";
import type { AccountEntry, MailAccount } from "../../src/domain/mail-account.ts";
import { type Situation, material } from "../contract/bundle.ts";
import { all, at, host, render, usual } from "../fakes/mail-account.ts";
import { issue } from "../fakes/pki.ts";

const situations = {
  "private-ca": material("private-ca"),
  "self-signed": material("self-signed"),
  public: material("public"),
};

const made = async (
  more: Partial<MailAccount> = {},
  situation: Situation = "private-ca",
  given: Partial<BundleMaterial> = {},
): Promise<Readonly<Record<string, string>>> => {
  const { material: whole } = await situations[situation];
  const files = (await bundles.programs())({ ...whole, account: { ...usual, ...more }, ...given }, render);
  return Object.fromEntries(files.map(({ path, content }) => [path, content.toString()]));
};
/** What programs read of it. */
const read = (text = ""): readonly string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));

describe("settings", () => {
  test("TLS at once and port of each program's own words; STARTTLS stands beside it as a comment", async () => {
    const files = await made();
    expect(Object.keys(files)).toEqual(accountFiles.programs);
    expect(read(files["msmtprc.txt"])).toEqual(
      expect.arrayContaining(["port 465", "tls on", "tls_starttls off", 'user "YOU@example.org"']),
    );
    expect(files["msmtprc.txt"]).toContain("\n#port 587\n#tls_starttls on\n");
    expect(read(files["mbsyncrc.txt"])).toEqual(expect.arrayContaining(["Port 993", "TLSType IMAPS"]));
    expect(read(files["fetchmailrc.txt"]).join("\n")).toMatch(
      /protocol imap\nport 993\n.*\nssl .*\nsslproto "TLS1.2\+"\nsslcertck\n/,
    );
    expect(read(files["offlineimaprc.txt"])).toEqual(
      expect.arrayContaining(["remoteport = 993", "ssl = yes", "starttls = no"]),
    );
    expect(read(files["muttrc.txt"])).toEqual(
      expect.arrayContaining([
        'set folder = "imaps://mail.example.org:993/"',
        'set smtp_url = "smtps://YOU%40example.org@mail.example.org:465/"',
        "set ssl_force_tls = yes",
      ]),
    );
    expect(read(files["alpine.txt"])).toEqual(
      expect.arrayContaining([
        "inbox-path={mail.example.org:993/ssl/user=YOU@example.org}INBOX",
        "smtp-server=mail.example.org:465/ssl/user=YOU@example.org",
      ]),
    );
    expect(read(files["aerc-accounts.txt"])).toEqual(
      expect.arrayContaining([
        "source = imaps://YOU%40example.org@mail.example.org:993",
        "outgoing = smtps+plain://YOU%40example.org@mail.example.org:465",
      ]),
    );
  });

  test("STARTTLS alone is insisted on", async () => {
    const files = await made({ proven: [at("imap", "starttls", 143), at("submission", "starttls", 587)] });
    expect(read(files["msmtprc.txt"])).toEqual(expect.arrayContaining(["port 587", "tls on", "tls_starttls on"]));
    expect(read(files["mbsyncrc.txt"])).toEqual(expect.arrayContaining(["Port 143", "TLSType STARTTLS"]));
    expect(files["mbsyncrc.txt"]).toContain("-connect mail.example.org:143 -starttls imap </dev/null");
    expect(read(files["fetchmailrc.txt"])).toContain('sslproto "TLS1.2+"');
    expect(read(files["fetchmailrc.txt"]).filter((line) => /^ssl\b/.test(line))).toEqual([]);
    expect(read(files["offlineimaprc.txt"])).toEqual(expect.arrayContaining(["ssl = no", "starttls = yes"]));
    expect(read(files["muttrc.txt"])).toContain('set folder = "imap://mail.example.org:143/"');
    expect(read(files["alpine.txt"]).join("\n")).toContain("{mail.example.org:143/tls/user=");
    expect(read(files["aerc-accounts.txt"])).toContain("smtp-starttls = yes");
  });

  test("whose account: a named person, the login that the server takes, an address literal as host", async () => {
    const files = await made({ address: "alice@example.org", login: "local-part", host: "2001:db8::1" });
    for (const text of Object.values(files)) expect(text).not.toContain("In the place of YOU");
    expect(read(files["msmtprc.txt"])).toEqual(expect.arrayContaining(['user "alice"', 'from "alice@example.org"']));
    expect(read(files["muttrc.txt"])).toContain('set smtp_url = "smtps://alice@[2001:db8::1]:465/"');
    // What might mean something to one of the programs is left to be typed.
    const odd = await made({ address: `o'br"ien#@example.org` });
    expect(read(odd["msmtprc.txt"])).toContain('user "YOU@example.org"');
    for (const text of Object.values(odd)) expect(text).not.toContain("ien#");
  });

  test("no password in any of them", async () => {
    for (const text of Object.values(await made())) {
      expect(text).not.toMatch(/^\s*(?:password |Pass |remotepass\s*=|set (?:imap|smtp)_pass = "[^`])/im);
    }
  });
});

describe("trust", () => {
  const trusting = {
    "muttrc.txt": 'set certificate_file = "~/.mail/ca.crt"',
    "msmtprc.txt": "tls_trust_file ~/.mail/ca.crt",
    "mbsyncrc.txt": "CertificateFile ~/.mail/ca.crt",
    "offlineimaprc.txt": "sslcacertfile = ~/.mail/ca.crt",
  };
  test("a private CA's root; both of them while an older one lives; a self-signed certificate by its own name", async () => {
    const files = await made();
    for (const [file, line] of Object.entries(trusting)) expect(read(files[file])).toContain(line);
    expect(files["fetchmailrc.txt"]).toContain('\n    sslcertfile "/home/YOU/.mail/ca.crt"');
    const older = await issue({ subject: "CN=Older Root", ca: true });
    for (const [file, text] of Object.entries(await made({}, "private-ca", { olderRoots: [older.pem] })))
      expect(text, file).toContain("cat ca.crt ca-older.crt > ~/.mail/ca.crt");
    const oldest = await issue({ subject: "CN=Oldest Root", ca: true });
    for (const [file, text] of Object.entries(await made({}, "private-ca", { olderRoots: [older.pem, oldest.pem] })))
      expect(text, file).toContain("cat ca.crt ca-older.crt ca-older-2.crt > ~/.mail/ca.crt");
    const next = await issue({ subject: "CN=Next Root", ca: true });
    const changing = { newerRoot: next.pem, olderRoots: [older.pem] };
    for (const [file, text] of Object.entries(await made({}, "private-ca", changing)))
      expect(text, file).toContain("cat ca.crt ca-newer.crt ca-older.crt > ~/.mail/ca.crt");
    expect(read((await made({}, "self-signed"))["msmtprc.txt"])).toContain("tls_trust_file ~/.mail/server.crt");
  });

  test("a public certificate: what the system trusts, and no file of ours", async () => {
    const files = await made({}, "public");
    for (const text of Object.values(files)) expect(text).not.toMatch(/ca\.crt|server\.crt/);
    expect(read(files["msmtprc.txt"])).toContain("tls_trust_file system");
    expect(read(files["offlineimaprc.txt"])).toContain("sslcacertfile = OS-DEFAULT");
    expect(read(files["fetchmailrc.txt"])).toContain("sslcertck");
    expect(read(files["mbsyncrc.txt"])).toContain("SystemCertificates yes");
  });

  test("pins of the certificate that is served, in each program's form, none in force, each with its end", async () => {
    const { der, notAfter } = readCertificate((await situations["private-ca"]).material.leaf);
    const hash = (name: string): string => createHash(name).update(der).digest("hex");
    const colons = (name: string): string => (hash(name).toUpperCase().match(/../g) ?? []).join(":");
    const files = await made();
    const pins = {
      "msmtprc.txt": `#tls_fingerprint ${colons("sha256")}`,
      "fetchmailrc.txt": `    #sslfingerprint "${colons("md5")}"`,
      "offlineimaprc.txt": `#cert_fingerprint = ${hash("sha256")}\n#cert_fingerprint = ${hash("sha1")}`,
      "mbsyncrc.txt": `#   ${colons("sha256")}`,
      "muttrc.txt": `#   ${colons("sha256")}`,
    };
    for (const [file, pin] of Object.entries(pins)) {
      expect(files[file]).toContain(`\n${pin}\n`);
      expect(files[file]).toContain(`renewal (at the latest on ${notAfter.toISOString().slice(0, 10)})`);
    }
  });
});

describe("what was not proven", () => {
  const failing = (file: string, proven: readonly AccountEntry[]): string =>
    accountFailing(
      "programs",
      {
        certificate: { name: host, names: [host], servers: "auto" },
        found: { ...usual, proven, account: { ...usual, proven } },
        imports: "root",
      },
      file,
    ).reason;
  test("each file needs what its program is for, and the reason is its own", async () => {
    const receiving = all.slice(0, 3);
    expect(Object.keys(await made({ proven: receiving }))).toEqual(
      accountFiles.programs.filter((file) => file !== "msmtprc.txt"),
    );
    expect(failing("msmtprc.txt", receiving)).toContain("nothing to send through");
    const sending = all.slice(3);
    expect(Object.keys(await made({ proven: sending }))).toEqual(["msmtprc.txt"]);
    expect(failing("muttrc.txt", sending)).toContain("nothing to receive from");
    const popAlone = all.slice(2, 3);
    const files = await made({ proven: popAlone });
    expect(Object.keys(files)).toEqual(["muttrc.txt", "fetchmailrc.txt", "alpine.txt"]);
    expect(read(files["muttrc.txt"])).toContain('set spoolfile = "pops://mail.example.org:995/"');
    expect(read(files["fetchmailrc.txt"])).toContain("protocol pop3");
    expect(read(files["alpine.txt"])).toContain("inbox-path={mail.example.org:995/pop3/ssl/user=YOU@example.org}INBOX");
    expect(failing("mbsyncrc.txt", popAlone)).toContain("IMAP alone");
    expect(await made({ proven: [], unproven: all })).toEqual({});
  });
});

test("hostile names: either the file has the lines that it always has, or it is not made", async () => {
  const part = constantFrom(
    "a",
    ".",
    "-",
    "é",
    '"',
    "'",
    "`",
    "\\",
    "#",
    ";",
    "$",
    "%",
    "{",
    "}",
    "/",
    " ",
    "\n",
    "\t",
    "@",
    "=",
    "~",
  );
  const text = array(part, { maxLength: 12 }).map((parts) => parts.join(""));
  const count = (files: Readonly<Record<string, string>>): readonly number[] =>
    Object.values(files).map((one) => one.split("\n").length);
  const whole = count(await made({ address: "alice@example.org" }));
  await assert(
    asyncProperty(text, text, text, async (local, left, right) => {
      const [domain, server] = [`${left}x.example.org`, `${right}x.example.org`];
      const address = `${local}@${domain}`;
      const proven = all.map((entry) => ({ ...entry, host: server }));
      const plain = /^[A-Za-z0-9][A-Za-z0-9.@=-]*$/;
      const files = made({ domain, host: server, address, proven });
      if (!plain.test(domain) || !plain.test(server)) await expect(files).rejects.toMatchObject({ kind: "data" });
      else {
        const known = /^[A-Za-z0-9][A-Za-z0-9.=-]*$/.test(local);
        const lines = count(await files);
        // One more where the name is left to be typed.
        expect(lines).toEqual(known ? whole : whole.map((one) => one + 1));
        for (const one of Object.values(await files))
          for (const line of read(one))
            expect(line.replaceAll("`pass show mail/", "")).not.toMatch(/[^\u0020-\u007e]|\$/);
      }
    }),
    { numRuns: 300 },
  );
});
