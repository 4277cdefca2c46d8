// What a further CA gets of the first one's settings, and what is said where it could not be used.
import { describe, expect, it } from "vitest";
import { acmeCas } from "../../src/domain/acme-directories.ts";
import { bindingWarnings } from "../../src/domain/binding-warnings.ts";
import { sameElsewhere } from "../../src/domain/fallback.ts";
import { acmeAt } from "../fakes/acme-cas.ts";
import { certificate } from "../fakes/world.ts";

const eab = { kid: "first", hmacFile: "/secrets/first" };
const own = acmeAt("ca.internal", { caFile: "/etc/internal.pem", eab, email: "a@example.org" });
const { directory } = acmeCas.google;

describe("a further CA", () => {
  it("has everything but the account binding, which is another CA's", () => {
    const other = sameElsewhere(own, { directory: "https://b.internal/dir" });
    const { eab: _eab, ...rest } = own;
    expect(other).toEqual({ ...rest, directory: "https://b.internal/dir" });
    const mine = { kid: "b", hmacFile: "/secrets/b" };
    expect(sameElsewhere(own, { directory: "https://b.internal/dir", eab: mine }).eab).toEqual(mine);
    expect(sameElsewhere({ ...own, ca: "letsencrypt" }, other).ca).toBeUndefined();
  });

  it("that the world knows is reached by the world's roots, unless the first was one with a file", () => {
    expect(sameElsewhere(own, { ca: "google", directory }).caFile).toBeUndefined();
    expect(sameElsewhere(own, { directory }).caFile).toBeUndefined();
    const known = { ...own, directory: acmeCas.letsencrypt.directory };
    expect(sameElsewhere(known, { ca: "google", directory }).caFile).toBe("/etc/internal.pem");
  });

  it("that takes no new account as it is configured is told, once for each CA", () => {
    const google = sameElsewhere(own, { ca: "google", directory });
    const many = ["a", "b", "c", "d"].map((name) => certificate({ name, issuer: own, fallbacks: [google] }));
    expect(bindingWarnings(many)).toEqual([
      "a, b, c and 1 more: google takes a new account only with an account binding, and eab: has none for it (RFC 8555 §7.3.4)",
    ]);
    expect(bindingWarnings([certificate({ issuer: own, fallbacks: [{ ...google, eab }] })])).toEqual([]);
    expect(bindingWarnings([certificate({ issuer: google })])).toEqual([]);
  });
});
