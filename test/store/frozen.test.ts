// What released versions wrote is read for ever: frozen files of each schema, never regenerated.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";
import { readState } from "../../src/store/state.ts";
import { usualAcme, usualCertificate } from "../fakes/settings.ts";

const fixture = (path: string): string => readFileSync(join(import.meta.dirname, "../fixtures", path), "utf8");

it("state.json, schema 1", () => {
  const text = fixture("state/1.json");
  expect(readState(text, "state.json")).toEqual(JSON.parse(text));
});

it("mailcert.yaml, schema 1", () => {
  const result = parseConfig([{ path: "1.yaml", text: fixture("config/1.yaml") }]);
  expect("config" in result && result.config.certificates).toEqual([
    {
      name: "mail.example.org",
      names: ["mail.example.org", "imap.example.org"],
      keys: ["ecdsa", "rsa"],
      issuer: { kind: "private-ca", ca: "default", caDomains: ["example.org"], days: 200 },
      servers: ["dovecot"],
      bundle: "/srv/www/mail",
      ...usualCertificate,
    },
    {
      name: "mx.example.net",
      names: ["mx.example.net"],
      keys: ["ecdsa"],
      issuer: {
        kind: "acme",
        directory: "https://acme-v02.api.letsencrypt.org/directory",
        ca: "letsencrypt",
        email: "postmaster@example.net",
        agreeTos: true,
        ...usualAcme,
        httpAddress: ":80",
      },
      servers: "auto",
      ...usualCertificate,
    },
    {
      name: "test.example.com",
      names: ["test.example.com"],
      keys: ["ecdsa"],
      issuer: { kind: "self-signed", days: 397 },
      servers: [],
      ...usualCertificate,
    },
  ]);
});
