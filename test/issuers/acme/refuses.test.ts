// Names that are refused without asking the CA.
import { describe, expect, test } from "vitest";
import { challenges } from "../../../src/challenges/index.ts";
import { acmeCas } from "../../../src/domain/acme-directories.ts";
import type { AcmeSettings } from "../../../src/domain/certificate-config.ts";
import { refuses } from "../../../src/issuers/acme/refuses.ts";
import { usualAcme } from "../../fakes/settings.ts";

const settings = (directory: string, profile?: string): AcmeSettings => ({
  kind: "acme",
  directory,
  agreeTos: true,
  ...usualAcme,
  httpAddress: ":80",
  ...(profile === undefined ? {} : { profiles: [profile] }),
});
const own = settings("https://ca.example.org/directory");
const public_ = settings(acmeCas.letsencrypt.directory);

describe("refuses", () => {
  test.each(["mail.example.org", "mail.home.arpa", "mail.corp.internal", "10.0.0.1", "fe80::1"])(
    "a CA of one's own may certify %s",
    (name) => {
      expect(refuses(name, own, challenges)).toBeUndefined();
    },
  );

  test.each([
    ["*.example.org", own, /wildcard/],
    ["*.example.org", public_, /wildcard/],
    ["Mail.example.org", own, /canonical/],
    ["mail example", own, /space/],
    ["mail.corp.internal", public_, /\.internal/],
    ["mail.home.arpa", public_, /home\.arpa/],
    ["printer.local", public_, /\.local/],
    ["10.1.2.3", public_, /private or reserved/],
    ["2001:db8::1", public_, /private or reserved/],
    ["8.8.8.8", public_, /"shortlived"/],
  ])("%s is refused", (name, at, why) => {
    expect(refuses(name, at, challenges)).toMatch(why);
  });

  test("a public address goes with the profile that has addresses; a public name goes", () => {
    expect(refuses("8.8.8.8", settings(acmeCas.letsencrypt.directory, "shortlived"), challenges)).toBeUndefined();
    expect(refuses("mail.example.com", public_, challenges)).toBeUndefined();
  });
});
