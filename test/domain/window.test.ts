// Maintenance windows on the wall's clock: open, next, and never lost where the clock is put forward or back.
import { describe, expect, test } from "vitest";
import { type Window, nextOpening, openingText, parseWindow, windowMinutes } from "../../src/domain/window.ts";

const windows = (...texts: readonly string[]): readonly Window[] =>
  texts.map((text) => {
    const window = parseWindow(text);
    if ("problem" in window) throw new Error(`${text} ${window.problem}`);
    return window;
  });
const next = (text: string | readonly string[], now: string, zone = "Europe/Berlin"): string | undefined => {
  const opening = nextOpening(windows(...[text].flat()), new Date(now), zone);
  return opening && `${opening.start.toISOString().slice(0, 16)} ${opening.end.toISOString().slice(0, 16)}`;
};

describe("the next opening", () => {
  test.each([
    ["today, later", "02:00-05:00", "2026-11-20T00:30:00Z", "2026-11-20T01:00 2026-11-20T04:00"],
    ["tomorrow", "02:00-05:00", "2026-11-20T04:00:00Z", "2026-11-21T01:00 2026-11-21T04:00"],
    ["open from its first minute", "02:00-05:00", "2026-11-20T01:00:00Z", undefined],
    ["to its last", "02:00-05:00", "2026-11-20T03:59:59Z", undefined],
    ["over midnight, open in the evening", "22:00-02:00", "2026-11-20T22:00:00Z", undefined],
    ["over midnight, open in the morning", "22:00-02:00", "2026-11-21T00:30:00Z", undefined],
    ["over midnight, closed", "22:00-02:00", "2026-11-21T01:00:00Z", "2026-11-21T21:00 2026-11-22T01:00"],
    ["on its days", "Sat,Sun 02:00-05:00", "2026-11-20T12:00:00Z", "2026-11-21T01:00 2026-11-21T04:00"],
    ["a day counts by its beginning", "Sat 22:00-02:00", "2026-11-22T00:30:00Z", undefined],
    ["a range over the week's end", "Fri-Mon 02:00-05:00", "2026-11-24T12:00:00Z", "2026-11-27T01:00 2026-11-27T04:00"],
    ["a week ahead", "Fri 02:00-05:00", "2026-11-20T04:00:00Z", "2026-11-27T01:00 2026-11-27T04:00"],
    ["to midnight", "20:00-24:00", "2026-11-20T23:00:00Z", "2026-11-21T19:00 2026-11-21T23:00"],
    [
      "another zone than the host's",
      "02:00-05:00 America/New_York",
      "2026-11-20T00:00:00Z",
      "2026-11-20T07:00 2026-11-20T10:00",
    ],
  ])("%s", (_title, text, now, expected) => expect(next(text, now)).toBe(expected));

  test("the first of several", () => {
    expect(next(["Sat 02:00-05:00", "12:00-13:30"], "2026-11-20T13:00:00Z")).toBe("2026-11-21T01:00 2026-11-21T04:00");
    expect(next(["Sun 02:00-05:00", "12:00-13:30"], "2026-11-20T13:00:00Z")).toBe("2026-11-21T11:00 2026-11-21T12:30");
    expect(next(["Sun 02:00-05:00", "12:00-13:30"], "2026-11-20T12:00:00Z")).toBeUndefined();
  });
});

describe("where the clock is changed", () => {
  // Berlin: 2027-03-28 01:00Z from 02:00 to 03:00, 2026-10-25 01:00Z from 03:00 to 02:00.
  test.each([
    [
      "an hour that is left out is shifted, and as long as ever",
      "02:00-03:00",
      "2027-03-28T00:00:00Z",
      "2027-03-28T01:00 2027-03-28T02:00",
    ],
    ["one that begins in it, too", "02:30-04:00", "2027-03-28T00:00:00Z", "2027-03-28T01:30 2027-03-28T03:00"],
    [
      "one that ends in it keeps to the clock",
      "01:00-02:30",
      "2027-03-27T12:00:00Z",
      "2027-03-28T00:00 2027-03-28T01:30",
    ],
    ["one around it is an hour shorter", "01:00-05:00", "2027-03-27T12:00:00Z", "2027-03-28T00:00 2027-03-28T03:00"],
    [
      "weekly on that very day: not lost",
      "Sun 02:00-02:30",
      "2027-03-27T12:00:00Z",
      "2027-03-28T01:00 2027-03-28T01:30",
    ],
    [
      "put back: the first of two, an hour longer",
      "02:00-03:00",
      "2026-10-24T22:00:00Z",
      "2026-10-25T00:00 2026-10-25T02:00",
    ],
    ["the day after is as usual", "02:00-03:00", "2027-03-28T02:00:00Z", "2027-03-29T00:00 2027-03-29T01:00"],
  ])("%s", (_title, text, now, expected) => expect(next(text, now)).toBe(expected));

  test("open both times while the clock shows it twice", () => {
    expect(next("02:00-03:00", "2026-10-25T00:30:00Z")).toBeUndefined();
    expect(next("02:00-03:00", "2026-10-25T01:30:00Z")).toBeUndefined();
    expect(next("02:00-03:00", "2026-10-25T02:00:00Z")).toBe("2026-10-26T01:00 2026-10-26T02:00");
  });

  test("half an hour forward (Lord Howe), at midnight (Beirut), and a day that a zone never had (Apia)", () => {
    expect(next("02:00-02:30", "2026-10-03T12:00:00Z", "Australia/Lord_Howe")).toBe(
      "2026-10-03T15:30 2026-10-03T16:00",
    );
    expect(next("00:00-00:45", "2026-03-28T12:00:00Z", "Asia/Beirut")).toBe("2026-03-28T22:00 2026-03-28T22:45");
    const opening = nextOpening(windows("02:00-05:00"), new Date("2011-12-30T05:00:00Z"), "Pacific/Apia");
    expect(opening?.start.getTime()).toBeLessThan(Date.parse("2011-12-31T16:00:00Z"));
  });

  test("every day of a year has an opening, wherever the host is, and none is empty", () => {
    const days = Array.from({ length: 370 }, (_, day) => Date.UTC(2026, 0, 1, 12) + day * 86_400_000);
    for (const zone of ["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]) {
      for (const text of ["02:00-02:45", "23:30-00:15"]) {
        const seen = days.map((now) => nextOpening(windows(text), new Date(now), zone));
        const bad = seen.filter(
          (one, index) =>
            one === undefined ||
            one.end.getTime() - one.start.getTime() < 45 * 60_000 ||
            one.start.getTime() - (days[index] ?? 0) > 25 * 3_600_000,
        );
        // Open at noon UTC is where the zone is far away.
        expect(bad.filter((one) => one !== undefined)).toEqual([]);
      }
    }
  });
});

describe("as it is written", () => {
  test.each([
    ["2:00-5:00", [], 180],
    ["Mon-Fri 22:00 - 04:00 Europe/Berlin", [1, 2, 3, 4, 5], 360],
    ["sat,sun 02:00-05:00", [6, 0], 180],
  ])("%s", (text, days, minutes) => {
    const [window] = windows(text);
    expect(window?.days).toEqual(days);
    expect(window && windowMinutes(window)).toBe(minutes);
  });

  test.each([
    ["at night", "is no window"],
    ["25:00-26:00", "is no window"],
    ["02:60-05:00", "is no window"],
    ["24:00-05:00", "is no window"],
    ["02:00-02:00", "is open all day: leave it out"],
    ["0:00-24:00", "is open all day: leave it out"],
    ["Sam 02:00-05:00", "names a day that is none of Mon, Tue, Wed, Thu, Fri, Sat, Sun"],
    ["Mon--Fri 02:00-05:00", "is no window"],
    ["02:00-05:00 Europe/Atlantis", "names a time zone that is not known"],
  ])("%s is refused", (text, problem) => expect(parseWindow(text)).toEqual({ problem }));

  test("an opening is told in its own zone, with the date where it is far", () => {
    const [opening] = [nextOpening(windows("Sat 02:00-05:00"), new Date("2026-11-20T12:00:00Z"), "Europe/Berlin")];
    expect(opening && openingText(opening, new Date("2026-11-20T12:00:00Z"))).toBe("Sat 02:00 (Europe/Berlin)");
    expect(opening && openingText(opening, new Date("2026-11-14T12:00:00Z"))).toBe("Sat 21 Nov 02:00 (Europe/Berlin)");
  });
});
