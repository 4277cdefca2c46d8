// hooks:, window: and notify: as they stand in a configuration: read, inherited, shown, and every mistake with its place.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { editConfig } from "../../src/config/edit.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { configWarnings } from "../../src/domain/config-warnings.ts";
import { hooksOf } from "../../src/domain/hook.ts";
import { windowsOf } from "../../src/domain/window-hold.ts";
import { configDocument, configText } from "../../src/reports/config.ts";
import { complaints } from "../docs/schemas.ts";

const file = (text: string, path = "mailcert.yaml") => ({ path, text });
const read = (...texts: readonly string[]) => {
  const parsed = parseConfig(texts.map((text, index) => file(text, `${index}.yaml`)));
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
};
const problemsOf = (...texts: readonly string[]): readonly string[] => {
  const parsed = parseConfig(texts.map((text, index) => file(text, `${index}.yaml`)));
  return "problems" in parsed
    ? parsed.problems.map(({ file: where, line, column, message }) => `${where}:${line}:${column}: ${message}`)
    : [];
};
const oneCertificate = "certificates:\n  mail.example.org:\n";
const whole = `hooks:
  before_deploy: [/usr/local/sbin/before, an argument]
  on_failure: /usr/local/sbin/failed
window: [Sat 02:00-05:00, "22:00-02:00 Europe/Berlin"]
notify:
  mail: postmaster@example.org
  webhook: https://chat.example.org/T0KEN
  ping: http://127.0.0.1:8000/ping/UU1D
  prometheus: /srv/mailcert.prom
postfix_sni_rows: [/usr/local/sbin/sni-rows, mail]
certificates:
  mail.example.org:
    hooks:
      before_deploy: { run: [/usr/local/sbin/own], timeout: 90 }
  mx.example.org:
    servers: none
    hooks: none
    window: none
`;

describe("what stands at the top", () => {
  it("holds for certificates without their own, event by event", () => {
    const { certificates, notify } = read(whole);
    const [mail, mx] = certificates;
    expect(mail && hooksOf(mail)).toEqual({
      before_deploy: { run: ["/usr/local/sbin/own"], timeout: 90 },
      on_failure: { run: ["/usr/local/sbin/failed"], timeout: 60 },
    });
    expect(mail && windowsOf(mail).map(({ text }) => text)).toEqual(["Sat 02:00-05:00", "22:00-02:00 Europe/Berlin"]);
    expect(mx && [hooksOf(mx), windowsOf(mx)]).toEqual([{}, []]);
    expect(notify?.mail).toEqual(["postmaster@example.org"]);
  });

  it("client_certificates: whose, whether nobody logs in without one, whether Postfix relays for one; shown as it holds", () => {
    expect(read(oneCertificate).clients).toBeUndefined();
    expect(read(`client_certificates: {}\n${oneCertificate}`).clients).toEqual({
      ca: "default",
      require: false,
      relay: false,
    });
    const config = read("client_certificates: { ca: office, require: true, relay: true }\n", oneCertificate);
    expect(config.clients).toEqual({ ca: "office", require: true, relay: true });
    expect(configText("mailcert.yaml", config)).toContain(
      "client_certificates:\n  ca: office\n  require: true\n  relay: true",
    );
    const document = configDocument("mailcert.yaml", config);
    expect(complaints(document)).toEqual([]);
    expect(document).toMatchObject({ client_certificates: { ca: "office", require: true, relay: true } });
    expect(problemsOf(`client_certificates: { ca: a/b, require: maybe, relay: 1, x: 1 }\n${oneCertificate}`)).toEqual([
      expect.stringContaining("the CA's name"),
      expect.stringContaining("require must be true or false"),
      expect.stringContaining("relay must be true or false"),
      expect.stringContaining('unknown key "x" in client_certificates'),
    ]);
    expect(problemsOf(`client_certificates: yes\n${oneCertificate}`)).toEqual([expect.stringContaining("mapping")]);
  });

  it("may stand in another file than the certificates, and in one only", () => {
    expect(read(oneCertificate, "notify: { mail: [root, a@example.org] }\n").notify).toEqual({
      mail: ["root", "a@example.org"],
    });
    expect(
      problemsOf("notify: { mail: a@example.org }\n", `${oneCertificate}notify: { mail: a@example.org }\n`),
    ).toEqual(["1.yaml:3:1: notify stands in two files"]);
  });

  it("is nothing that setup writes into an entry", () => {
    const [mail] = read(whole).certificates;
    if (!mail) throw new Error("none");
    expect(editConfig(whole, mail)).toBe(whole);
    const changed = editConfig(whole, { ...mail, reuseKey: false });
    const flow = changed.replaceAll("[ ", "[").replaceAll(" ]", "]");
    expect(flow).toBe(whole.replace("timeout: 90 }\n", "timeout: 90 }\n    reuse_key: false\n"));
  });

  it("is shown, so that it could be used, but for what is secret of a URL", () => {
    const config = read(whole);
    const text = configText("mailcert.yaml", config);
    expect(text).not.toMatch(/T0KEN|UU1D/);
    const again = read(text);
    expect(again.certificates).toEqual(config.certificates);
    expect(again.notify).toEqual({
      ...config.notify,
      webhook: "https://chat.example.org/...",
      ping: "http://127.0.0.1:8000/...",
    });
    expect(complaints(configDocument("mailcert.yaml", config))).toEqual([]);
  });

  it.each(["hooks.md", "notifications.md"])("docs/%s shows what can be written", (page) => {
    const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), "utf8");
    const examples = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = ""]) => yaml);
    const complete = examples.filter((yaml) => yaml.includes("certificates:"));
    expect(complete.length).toBeGreaterThan(0);
    for (const yaml of complete) expect(configWarnings(read(yaml).certificates)).toEqual([]);
  });
});

describe("mistakes", () => {
  it.each([
    ["hooks: { after_deploy: ./relative }", '0.yaml:1:24: after_deploy: "./relative" is not an absolute path'],
    ["hooks: { after_deploy: /bin/reload now }", "0.yaml:1:24: after_deploy is run without a shell"],
    ["hooks: { after_deploi: [/bin/true] }", '0.yaml:1:10: unknown key "after_deploi" in hooks'],
    ["hooks: { after_deploy: { timeout: 5 } }", "0.yaml:1:10: after_deploy names no program"],
    [
      "hooks: { after_deploy: { run: [/bin/true], timeout: 4000 } }",
      "0.yaml:1:53: timeout of after_deploy must be between 1 and 3600 seconds",
    ],
    ["hooks: {}", "0.yaml:1:1: hooks names no event"],
    ["window: at night", '0.yaml:1:9: window: "at night" is no window'],
    ["window: 02:00-02:00", '0.yaml:1:9: window: "02:00-02:00" is open all day: leave it out'],
    ["notify: {}", "0.yaml:1:1: notify names nobody"],
    ["notify: { mail: postmaster@ }", '0.yaml:1:17: "postmaster@" is not an e-mail address: the part after @ is empty'],
    [
      'notify: { mail: "a@example.org\\r\\nBcc: b@example.org" }',
      '0.yaml:1:17: "a@example.org Bcc: b@example.org" is not an e-mail address',
    ],
    [
      "notify: { webhook: http://chat.example.org/T0KEN }",
      "0.yaml:1:20: webhook is neither https, nor http to this host (127.0.0.1)",
    ],
    ["notify: { ping: https://me:secret@hc.example.org/ }", "0.yaml:1:17: ping has a user name or password in it"],
    ["notify: { prometheus: /srv/mailcert.txt }", '0.yaml:1:23: prometheus: "/srv/mailcert.txt" does not end in .prom'],
    ["notify: { ping: https://hc.example.org/x, from: a@example.org }", "0.yaml:1:43: from means nothing without mail"],
  ])("%s", (text, problem) => expect(problemsOf(`${text}\n${oneCertificate}`)).toEqual([problem]));

  it("a window that a run may miss is warned of, once where it holds for all", () => {
    const text = `window: "02:00-03:00"\n${oneCertificate}  mx.example.org: { servers: none }\n  mx2.example.org: { servers: none, window: "02:00-03:29" }\n`;
    const warnings = configWarnings(read(text).certificates).filter((warning) => warning.includes("window"));
    expect(warnings.map((warning) => warning.slice(0, 40))).toEqual([
      'window "02:00-03:00" is shorter than the',
      'mx2.example.org: window "02:00-03:29" is',
    ]);
  });
});
