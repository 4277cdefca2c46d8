// What ca restore says of records: they are those of the backup alone, or the replaced CA's as well.
import { expect, it } from "vitest";
import { restoreText } from "../../src/reports/ca.ts";

const restored = {
  ca: "office",
  folder: "/var/lib/mailcert/ca/office",
  contains: ["root.pem"],
  madeAt: "2026-11-22T12:00:00.000Z",
  findings: [],
};

it("onto an empty place: what came after the backup is not known, and the lists have to be made anew", () => {
  expect(restoreText(restored, false)).toMatch(/is not in its records; .*: mailcert ca crl office$/);
  expect(restoreText(restored, true)).not.toContain("records");
});

it("in the place of another: nothing that was issued or revoked is forgotten, and no command is asked for", () => {
  const text = restoreText({ ...restored, replaced: "/var/lib/mailcert/ca/.replaced-office-1" }, false);
  expect(text).toContain("what the one before issued and revoked since the backup stays known");
  expect(text).not.toContain("ca crl");
});
