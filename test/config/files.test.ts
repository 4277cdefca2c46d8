// `files:` of a certificate: what is read, what is refused with its line, and that setup keeps it.
import { describe, expect, it } from "vitest";
import { editConfig } from "../../src/config/edit.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { configText } from "../../src/reports/config.ts";

const yaml = (lines: readonly string[]): string =>
  [
    "certificates:",
    "  mail.example.org:",
    "    servers: none",
    "    files:",
    ...lines.map((line) => `      ${line}`),
    "",
  ].join("\n");
const parse = (lines: readonly string[]) => parseConfig([{ path: "f.yaml", text: yaml(lines) }]);
const read = (...lines: readonly string[]) => {
  const parsed = parse(lines);
  if (!("config" in parsed)) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
};
const problems = (...lines: readonly string[]): readonly string[] => {
  const parsed = parse(lines);
  return "config" in parsed ? [] : parsed.problems.map(({ line, message }) => `${line}: ${message}`);
};

describe("files", () => {
  it("reads paths, owners, a mode, a program and entry points", () => {
    const [certificate] = read(
      "app:",
      "  fullchain: /etc/app/chain.pem",
      "  privkey: /etc/app/key.pem",
      "  slot: rsa",
      "  owner: app",
      "  group: app",
      '  mode: "0660"',
      "  reload: [systemctl, reload, app]",
      '  entries: ["imaps://[::1]:993", smtp://192.0.2.1:25]',
    ).certificates;
    expect(certificate?.files).toMatchObject([
      {
        name: "app",
        paths: { privkey: "/etc/app/key.pem", fullchain: "/etc/app/chain.pem" },
        slot: "rsa",
        owner: "app",
        group: "app",
        keyMode: 0o660,
        reload: ["systemctl", "reload", "app"],
        entries: [
          { protocol: "imap", mode: "implicit", host: "::1", port: 993 },
          { protocol: "smtp", mode: "starttls", host: "192.0.2.1", port: 25 },
        ],
      },
    ]);
  });

  it.each([
    [
      "docker-mailserver",
      "/srv/dms/certs/",
      { fullchain: "/srv/dms/certs/public.crt", privkey: "/srv/dms/certs/private.key" },
    ],
    [
      "mailcow",
      "/opt/mailcow-dockerized",
      {
        fullchain: "/opt/mailcow-dockerized/data/assets/ssl/cert.pem",
        privkey: "/opt/mailcow-dockerized/data/assets/ssl/key.pem",
      },
    ],
  ])("preset %s", (preset, folder, paths) => {
    const [certificate] = read("box:", `  preset: ${preset}`, `  folder: ${folder}`).certificates;
    expect(certificate?.files).toMatchObject([{ name: "box", paths, keyMode: 0o600, entries: [] }]);
  });

  it.each([
    [["app:", "  reload: [x]"], '5: files: "app" names no file'],
    [["app:", "  privkey: key.pem"], '6: privkey: "key.pem" is not an absolute path'],
    [["app:", "  privkey: /etc/app/"], '6: privkey: "/etc/app/" is not the path of a file'],
    [["app:", "  privkey: /a", '  mode: "0644"'], '7: mode: "0644" is not for a private key'],
    [["app:", "  privkey: /a", "  mode: 0640"], "7: mode must be a text, not a number"],
    [["app:", "  privkey: /a", "  group: a b"], '7: group: "a b" is not the name of a group'],
    [["app:", "  privkey: /a", "  slot: dsa"], '7: slot: "dsa" is neither ecdsa nor rsa'],
    [["app:", "  privkey: /a", "  reload: systemctl reload app"], "7: reload is run without a shell"],
    [["app:", "  privkey: /a", "  entries: [mail.example.org]"], '7: "mail.example.org" is no entry point'],
    [["app:", "  privkey: /a", "  cert: /a"], '5: files: "app" has "/a" twice'],
    [["app:", "  privkey: /a", "other:", "  cert: /a"], '7: "/a" stands in files twice'],
    [["app:", "  preset: mailcow"], "5: preset needs a folder"],
    [["app:", "  preset: plesk", "  folder: /opt"], '6: unknown preset "plesk"'],
    [["app:", "  privkey: /a", "  folder: /opt"], "7: folder goes with preset only"],
    [["app:", "  privkey: /a", "  key: /b"], '7: unknown key "key" in files: "app"'],
  ])("refuses %j", (lines, message) => {
    expect(problems(...lines)).toContain(message);
  });

  it("an entry with files is kept by setup, and shown as it could be written", () => {
    const lines = ["app:", "  privkey: /a # the key", "  cert: /b", "  reload: [one, two]"];
    const config = read(...lines);
    const [certificate] = config.certificates;
    if (!certificate) throw new Error("none");
    const edited = editConfig(yaml(lines), { ...certificate, keys: ["rsa"] });
    expect(edited).toContain("privkey: /a # the key");
    expect(editConfig(edited, { ...certificate, keys: ["rsa"] })).toBe(edited);
    const shown = configText("f.yaml", config);
    expect(shown).toContain("files: { app: { privkey: /a, cert: /b, reload: [one, two] } }");
    expect(parseConfig([{ path: "shown", text: shown }])).toMatchObject({ config });
  });

  it("two certificates do not write one file, however many there are", () => {
    for (const count of [2, 40]) {
      const entries = Array.from(
        { length: count },
        (_, index) => `  m${index}.example.org:\n    servers: none\n    files: { app: { cert: /b } }\n`,
      );
      const parsed = parseConfig([{ path: "f.yaml", text: `certificates:\n${entries.join("")}` }]);
      const messages = "config" in parsed ? [] : parsed.problems.map(({ message }) => message);
      expect(messages).toHaveLength(count - 1);
      expect(messages[0]).toBe('"m1.example.org" and "m0.example.org" copy a file to "/b"');
    }
  });

  it("csr and files do not go together", () => {
    const text =
      "certificates:\n  mail.example.org:\n    issuer: letsencrypt\n    csr: /r.pem\n    servers: none\n    files: { app: { cert: /b } }\n";
    const parsed = parseConfig([{ path: "f.yaml", text }]);
    expect("config" in parsed ? [] : parsed.problems.map(({ message }) => message)).toContainEqual(
      expect.stringContaining("csr and files do not go together"),
    );
  });
});
