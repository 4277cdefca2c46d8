// What `config show` prints is a configuration of its own, with the same meaning.
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";
import { configCheckDocument, configCheckText, configDocument, configText } from "../../src/reports/config.ts";

const text = `certificates:
  mail.example.org: { issuer: letsencrypt, email: "a@example.org", key: [ecdsa, rsa], servers: none }
  "123.example.org": { names: ["*.example.org", "2001:db8::1"], ca: "007", bundle: "/srv/a: b #c" }
`;

const parsed = (source: string) => {
  const result = parseConfig([{ path: "x", text: source }]);
  if ("problems" in result) throw new Error(JSON.stringify(result.problems));
  return result.config;
};

test("shown text reads back as the same configuration", () => {
  const shown = configText("/etc/mailcert/mailcert.yaml", parsed(text));
  expect(shown).toContain('    http_address: ":80"                  # default');
  expect(parsed(shown)).toEqual(parsed(text));
});

test("the JSON has every effective setting under the keys of the file", () => {
  expect(configDocument("/x", parsed("certificates: { mail.example.org: }"))).toEqual({
    schema: "mailcert.config/1",
    ok: true,
    path: "/x",
    certificates: {
      "mail.example.org": {
        names: ["mail.example.org"],
        issuer: "private-ca",
        days: 397,
        ca: "default",
        key: "ecdsa",
        reuse_key: true,
        on_dead_name: "fail",
        servers: "auto",
      },
    },
  });
});

test("a check says how many certificates, or every problem", () => {
  const good = { files: ["/a", "/conf.d/b.yaml"], certificates: ["x"], problems: [], warnings: [] };
  expect(configCheckText(good)).toBe("/a, /conf.d/b.yaml: 1 certificate, no problems");
  const bad = { ...good, certificates: [], problems: [{ file: "/a", line: 3, column: 5, message: "m", hint: "h" }] };
  expect(configCheckText(bad)).toBe("/a:3:5: m\n    h\n1 problem");
  expect(configCheckDocument(bad)).toMatchObject({
    schema: "mailcert.config-check/1",
    ok: false,
    problems: bad.problems,
  });
});
