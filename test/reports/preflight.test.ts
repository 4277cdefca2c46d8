// Pre-flight for people and as JSON: marks, hints below what is not well, and whether it ends with a fault.
import { expect, it } from "vitest";
import type { Finding } from "../../src/domain/finding.ts";
import type { PreflightFinding } from "../../src/domain/preflight.ts";
import { issueDocument, issueText } from "../../src/reports/issue.ts";
import { hasFaults, preflightText } from "../../src/reports/preflight.ts";
import { acmeAt } from "../fakes/acme-cas.ts";
import { certificate } from "../fakes/world.ts";
import { setupQuestion } from "../../src/reports/setup.ts";
import type { SetupResult } from "../../src/usecases/setup.ts";

const finding = (severity: Finding["severity"], message: string, hint?: string): Finding => ({
  check: "preflight-port",
  severity,
  message,
  ...(hint === undefined ? {} : { hint }),
});
const all = [
  finding("ok", "the port answers", "never shown"),
  finding("info", "somebody could say"),
  finding("warning", "the clock is wrong", "set it"),
  finding("fault", `${"long ".repeat(40)}end`, `${"hint ".repeat(30)}end`),
];

it("a line for each, what to do below those that are not well, nothing wider than a terminal", () => {
  const text = preflightText(all);
  expect(text).toContain("  ok      the port answers\n");
  expect(text).toContain("  note    somebody could say (preflight-port)\n");
  expect(text).toContain("  warning the clock is wrong (preflight-port)\n          -> set it\n");
  expect(text).toContain("  FAULT   long long");
  expect(text).not.toContain("never shown");
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
});

it("several CAs: each stands above its lines", () => {
  const of = (ca: string, message: string): PreflightFinding => ({ ...finding("ok", message), ca });
  expect(preflightText([finding("ok", "port"), of("one", "a"), of("one", "b"), of("two", "c")])).toBe(
    ["  ok      port", "  at one:", "  ok      a", "  ok      b", "  at two:", "  ok      c"].join("\n"),
  );
});

it("only a fault stands in the way", () => {
  expect(hasFaults(all)).toBe(true);
  expect(hasFaults(all.slice(0, 3))).toBe(false);
  expect(hasFaults([])).toBe(false);
});

it("stands in what `issue --dry-run` says, with the same verdict as JSON", () => {
  const asked = { certificate: certificate({ issuer: acmeAt("ca.example") }), configured: true };
  const text = issueText({ ...asked, preflight: all }, new Date());
  expect(text.split("\n")[0]).toBe("mail.example.org: would ask acme for mail.example.org (ecdsa)");
  expect(text).toContain("FAULT");
  expect(issueDocument({ ...asked, preflight: all })).toMatchObject({ ok: false, dryRun: true, preflight: all });
  expect(issueDocument({ ...asked, preflight: all.slice(0, 2) })).toMatchObject({ ok: true });
  expect(issueText({ ...asked, preflight: [] }, new Date()).split("\n")).toHaveLength(1);
});

it("who is asked below a plan with a fault in its way is asked for that", () => {
  const plan = { plan: {} as SetupResult["plan"] };
  expect(setupQuestion({ ...plan, preflight: all })).toBe("Do all of this, in spite of the fault above?");
  expect(setupQuestion({ ...plan, preflight: all.slice(0, 3) })).toBe("Do all of this?");
  expect(setupQuestion(plan)).toBe("Do all of this?");
});
