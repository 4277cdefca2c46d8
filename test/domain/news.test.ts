// What comes and goes: told when it comes, when it is over, once more when it is back, and then only when it has stayed away for a day.
import { expect, it } from "vitest";
import { type Cause, type Causes, type Told, asCause, distinct, newsFor, toldAfter } from "../../src/domain/news.ts";

const start = Date.parse("2026-11-20T12:00:00Z");
const at = (hours: number): Date => new Date(start + hours * 3_600_000);

const causeOf = (severity: "fault" | "warning", hours: number, message = "stale"): Cause => {
  const cause = asCause({ check: "deploy-stale", severity, message }, "mail.example.org", "", at(hours));
  if (!cause) throw new Error("no cause");
  return cause;
};

/** A run each hour; what it finds, and what was told, as `hour kind`. */
const hourly = (hours: number, found: (hour: number) => Cause | undefined): readonly string[] => {
  let told: Readonly<Record<string, Told>> = {};
  const lines: string[] = [];
  for (let hour = 0; hour < hours; hour += 1) {
    const cause = found(hour);
    const causes: Causes = cause ? distinct([cause]) : {};
    const news = newsFor(causes, told, () => 0, at(hour));
    told = toldAfter(causes, told, news, () => 0, at(hour));
    lines.push(...news.map(({ kind }) => `${hour} ${kind}`));
  }
  expect(Object.keys(told).length).toBeLessThanOrEqual(1);
  return lines;
};

it("a fault that comes and goes each hour for two days, and then stays away", () => {
  const flapping = (hour: number): Cause | undefined =>
    hour < 48 && hour % 2 === 0 ? causeOf("fault", hour) : undefined;
  // At 46 it was there for the last time.
  expect(hourly(100, flapping)).toEqual(["0 new", "1 over", "2 new", "71 over"]);
});

it("one that comes back after more than a day is new, and its end is told at once", () => {
  const seldom = (hour: number): Cause | undefined => ([0, 40, 80].includes(hour) ? causeOf("fault", hour) : undefined);
  expect(hourly(100, seldom)).toEqual(["0 new", "1 over", "40 new", "41 over", "80 new", "81 over"]);
});

it("a warning that comes and goes is told once a day, and its end never", () => {
  const flapping = (hour: number): Cause | undefined => (hour % 2 === 0 ? causeOf("warning", hour) : undefined);
  expect(hourly(48, flapping)).toEqual(["0 new", "24 new"]);
});

it("what gets worse is told at once, what gets better or speaks other words once a day", () => {
  expect(hourly(5, (hour) => causeOf(hour < 3 ? "warning" : "fault", hour))).toEqual(["0 new", "3 changed"]);
  expect(hourly(50, (hour) => causeOf(hour % 2 === 0 ? "fault" : "warning", hour))).toEqual([
    "0 new",
    "25 changed",
    "26 changed",
  ]);
  const words = ["one", "two", "three"];
  expect(hourly(60, (hour) => causeOf("fault", hour, words[hour % 3]))).toEqual(["0 new", "25 changed", "50 changed"]);
});

it("a warning that went and comes back as a fault is told at once", () => {
  const found = (hour: number): Cause | undefined =>
    hour === 0 ? causeOf("warning", hour) : hour === 2 ? causeOf("fault", hour) : undefined;
  expect(hourly(4, found)).toEqual(["0 new", "2 new", "3 over"]);
});
