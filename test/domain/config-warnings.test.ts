// What config check warns of: allowed, and no good.
import { expect, test } from "vitest";
import type { AcmeSettings, CertificateConfig } from "../../src/domain/certificate-config.ts";
import { configWarnings } from "../../src/domain/config-warnings.ts";
import { acmeAt } from "../fakes/acme-cas.ts";
import { certificate } from "../fakes/world.ts";

const warned = (acme: Partial<AcmeSettings>, over: Partial<CertificateConfig> = {}): readonly string[] =>
  configWarnings([certificate({ issuer: acmeAt("ca.example", acme), ...over })]).map((sentence) =>
    sentence.replace("mail.example.org: ", ""),
  );

test("names that no challenge of the entry can prove", () => {
  const wildcard = { names: ["mail.example.org", "*.mail.example.org"] };
  const [said, ...more] = warned({}, wildcard);
  expect(said).toMatch(
    /^\*\.mail\.example\.org cannot be proven by http-01: .*dns-01 and dns: NAME \(docs\/dns\.md\)$/,
  );
  expect(more).toEqual([]);
  expect(warned({ challenges: ["http-01", "dns-01"], dns: "ns1" }, wildcard)).toEqual([]);
  expect(warned({ challenges: ["dns-01"], dns: "ns1" }, { names: ["192.0.2.10"] })).toEqual([
    "192.0.2.10 cannot be proven by dns-01: an address takes challenge: http-01",
  ]);
  expect(configWarnings([certificate({ names: ["*.example.org"] })])).toEqual([]);
});

test("settings of a challenge that is not in force", () => {
  expect(warned({ webroot: "/srv/www", httpAddress: "127.0.0.1:8402" })).toEqual([
    "http_address means nothing with webroot: the web server shows the tokens",
  ]);
  expect(warned({ webroot: "/srv/www" })).toEqual([]);
  expect(
    warned({ challenges: ["tls-alpn-01"], webroot: "/srv/www", httpAddress: "127.0.0.1:8402", dns: "ns1" }),
  ).toEqual([
    "http_address means nothing with challenge tls-alpn-01",
    "webroot means nothing with challenge tls-alpn-01",
    "dns means nothing with challenge tls-alpn-01",
  ]);
  expect(warned({ tlsAlpnAddress: ":8443" })).toEqual(["tls_alpn_address means nothing with challenge http-01"]);
  expect(warned({ challenges: ["dns-persist-01"], dns: "ns1" })).toEqual([]);
});

test("a thousand of a kind are a few", () => {
  const many = Array.from({ length: 1000 }, (_, index) =>
    certificate({ name: `n${index}`, names: [`*.n${index}.example.org`], issuer: acmeAt("ca.example"), servers: [] }),
  );
  expect(configWarnings(many)).toHaveLength(5);
});
