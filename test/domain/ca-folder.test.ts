// The folder of a CA's accounts: readable, safe, and never shared by two directory URLs.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caFolder } from "../../src/domain/ca-folder.ts";

describe("caFolder", () => {
  test("is the host for the usual form of a directory URL", () => {
    expect(caFolder("https://acme-v02.api.letsencrypt.org/directory")).toBe("acme-v02.api.letsencrypt.org");
  });

  test("tells ports and paths apart", () => {
    expect(caFolder("https://127.0.0.1:14000/dir")).toMatch(/^127\.0\.0\.1_14000-[0-9a-f]{8}$/);
    expect(caFolder("https://ca.example.org/acme/one/directory")).toMatch(
      /^ca\.example\.org_acme_one_directory-[0-9a-f]{8}$/,
    );
  });

  test("is a plain folder name, another for each URL", () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), fc.webUrl(), (a, b) => {
        for (const url of [a, b]) expect(caFolder(url)).toMatch(/^[a-z0-9][a-z0-9._-]{0,110}$/);
        if (new URL(a).href !== new URL(b).href) expect(caFolder(a)).not.toBe(caFolder(b));
      }),
    );
  });
});
