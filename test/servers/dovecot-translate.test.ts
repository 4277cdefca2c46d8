// The include file in the words of the other Dovecot generation, and back.
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { essentials, translate } from "../../src/servers/dovecot/translate.ts";
import { createTemplates } from "../../src/system/templates.ts";

const render = createTemplates(fileURLToPath(new URL("../../templates", import.meta.url)));
const paths = (slot: string) => ({ fullchain: `/l/${slot}/fullchain.pem`, privkey: `/l/${slot}/privkey.pem` });
const file = (version: string, view: object = {}): string =>
  render(
    `dovecot-${version}.conf`,
    {
      name: "x",
      everybody: { main: paths("ecdsa"), alt: false, ...view },
      ssl: false,
      blocks: [],
      snippet: false,
      ...view,
    },
    "dovecot",
  );

describe("translate", () => {
  it.each([
    ["one slot", {}],
    ["two slots", { alt: paths("rsa") }],
    ["TLS switched on", { ssl: true }],
  ])(
    "what deploy writes for one generation becomes what it writes for the other, byte for byte: %s",
    (_title, view) => {
      expect(translate(file("2.3", view), "2.4")).toBe(file("2.4", view));
      expect(translate(file("2.4", view), "2.3")).toBe(file("2.3", view));
      for (const version of ["2.3", "2.4"] as const)
        expect(translate(file(version, view), version)).toBe(file(version, view));
    },
  );

  const blocks = `# Written by mailcert
ssl_cert = </a
ssl_prefer_server_ciphers = yes
disable_plaintext_auth = yes
local_name mail.example.net {
  ssl_cert = </b
  ssl_key = < /c
}
`;
  const newBlocks = `# Written by mailcert
ssl_server_cert_file = /a
ssl_server_prefer_ciphers = server
auth_allow_cleartext = no
local_name mail.example.net {
  ssl_server_cert_file = /b
  ssl_server_key_file = /c
}
`;
  it("reaches into blocks, and turns values that were turned", () => {
    expect(translate(blocks, "2.4")).toBe(newBlocks);
    expect(translate(newBlocks, "2.3")).toBe(blocks.replace("< /c", "</c"));
  });

  it("names stay before the wildcards above them in 2.3, and come behind them in 2.4", () => {
    const one = (host: string, old: boolean): string =>
      `local_name ${host} {\n  ${old ? "ssl_cert = <" : "ssl_server_cert_file = "}/${host}\n}\n`;
    const first = ["a.example.net", "b.example.org", "*.example.net"].map((host) => one(host, true)).join("");
    const last = ["*.example.net", "a.example.net", "b.example.org"].map((host) => one(host, false)).join("");
    expect(translate(`ssl = yes\n# by name\n${first}`, "2.4")).toBe(`ssl = yes\n# by name\n${last}`);
    expect(translate(last, "2.3")).toBe(first);
    expect(translate(last, "2.4")).toBe(last);
  });

  it("cut down to what every client needs, no block and no policy is left", () => {
    expect(essentials(`ssl = yes\n${blocks}ssl_key = </k\n`, "2.4")).toBe(
      "ssl = yes\n# Written by mailcert\nssl_server_cert_file = /a\nssl_server_key_file = /k\n",
    );
  });
});
