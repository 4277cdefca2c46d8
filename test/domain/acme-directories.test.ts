// The short names of CAs.
import { describe, expect, test } from "vitest";
import { acmeCaNames, acmeCaOf, acmeCas, isAcmeCaName } from "../../src/domain/acme-directories.ts";

describe("ACME CAs", () => {
  test("each short name leads to one https directory and back", () => {
    expect(acmeCaNames).toEqual(["letsencrypt", "letsencrypt-staging", "zerossl", "google"]);
    for (const name of acmeCaNames) {
      expect(new URL(acmeCas[name].directory).protocol).toBe("https:");
      expect(acmeCaOf(acmeCas[name].directory)?.name).toBe(name);
    }
  });

  test("only these are names", () => {
    expect(isAcmeCaName("letsencrypt")).toBe(true);
    expect(isAcmeCaName("toString")).toBe(false);
    expect(acmeCaOf("https://ca.example.org/directory")).toBeUndefined();
  });
});
