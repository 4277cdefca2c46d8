// What a renewal run says: quiet where all is well, and one line where many certificates have nothing to do.
import { expect, test } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { renewDocument, renewText } from "../../src/reports/renew.ts";
import type { RenewedCertificate } from "../../src/usecases/renew.ts";

const now = new Date("2026-11-20T12:00:00Z");
const idle = (count: number): readonly RenewedCertificate[] =>
  Array.from({ length: count }, (_, index) => ({
    certificate: `mail${index}.example.org`,
    decision: { action: "nothing", dueAt: new Date(Date.UTC(2027, 1, count - index)) },
    findings: [],
  }));
const failed: RenewedCertificate = {
  certificate: "broken.example.org",
  decision: { action: "issue", why: "it has expired" },
  failure: new Failure("unavailable", "the CA does not answer", { hints: ["try again"] }),
  findings: [],
};
const text = (certificates: readonly RenewedCertificate[], quiet = false): string =>
  renewText({ certificates, findings: [], outcome: "done" }, now, quiet);

test("a few certificates each have their line", () => {
  expect(text(idle(2))).toBe(
    "mail0.example.org: nothing to do; renewal is due on 2027-02-02\n\nmail1.example.org: nothing to do; renewal is due on 2027-02-01",
  );
});

test("at a terminal it says when it was last seen to be served, and what looks now", () => {
  const seen = idle(1).map((one) => ({ ...one, provenAt: new Date("2026-11-20T03:00:00Z") }));
  const line = "mail0.example.org: nothing to do; renewal is due on 2027-02-01";
  const said = (terminal: boolean): string =>
    renewText({ certificates: seen, findings: [], outcome: "done" }, now, false, terminal);
  expect(said(true)).toBe(
    `${line}\n  -> seen at its entry points at 2026-11-20 03:00 UTC, which is looked at once a day; now: mailcert deploy mail0.example.org`,
  );
  expect(said(false)).toBe(line);
  expect(renewDocument({ certificates: seen, findings: [], outcome: "done" })).not.toHaveProperty(
    "certificates.0.provenAt",
  );
});

test("many with nothing to do share one line, with the first that is due; what failed keeps its own", () => {
  expect(text([...idle(20), failed])).toBe(
    "broken.example.org: FAILED: the CA does not answer\n  -> try again\n\n" +
      "20 certificates: nothing to do; the first renewal is due on 2027-02-01 (mail19.example.org)",
  );
});

test("quiet says nothing of those", () => {
  expect(text(idle(20), true)).toBe("");
  expect(text([...idle(20), failed], true)).toBe("broken.example.org: FAILED: the CA does not answer\n  -> try again");
});

test("what a CA did not do as wished for is said, also by a quiet run; without it that says nothing", () => {
  const note = "the CA does not offer the profile shortlived: its default was taken";
  const generation = {
    number: 2,
    names: ["mail.example.org"],
    issuer: "acme",
    authority: "https://ca.example/dir",
    createdAt: now.toISOString(),
    notBefore: now.toISOString(),
    notAfter: "2027-02-18T12:00:00Z",
    leaves: {},
  } as const;
  const renewed = (notes?: readonly string[]): RenewedCertificate => ({
    certificate: "mail.example.org",
    decision: { action: "issue", why: "due" },
    issued: {
      certificate: "mail.example.org",
      names: generation.names,
      generation,
      ...(notes === undefined ? {} : { notes }),
    },
    findings: [],
  });
  for (const quiet of [false, true])
    expect(text([renewed([note])], quiet)).toMatch(
      /\n {2}the CA does not offer the\s+profile shortlived:\s+its default was taken/,
    );
  expect(text([renewed()], true)).toBe("");
  const result = { certificates: [renewed([note])], findings: [], outcome: "done" } as const;
  expect(renewDocument(result)).toMatchObject({ certificates: [{ notes: [note] }] });
});
