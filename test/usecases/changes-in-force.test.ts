// Which changes still stand, read from the log: the same as by going through it line by line, and without that cost.
import { array, assert, boolean, constantFrom, integer, nat, property, record } from "fast-check";
import { expect, it } from "vitest";
import type { Change } from "../../src/servers/server.ts";
import type { HostEvent } from "../../src/store/store.ts";
import { changesInForce } from "../../src/usecases/changes-in-force.ts";

const change = (kind: number, place: number): Change => {
  const path = `/etc/${place}`;
  const file = { kind: "file", path, content: "", mode: 0o644, before: undefined } as const;
  if (kind === 0) return file;
  if (kind === 1) return { ...file, shared: true };
  if (kind === 2) return { kind: "parameter", parameter: path, before: undefined, after: "x" };
  return { kind: "copies", files: [{ path, from: "/live", mode: 0o600, uid: 0, gid: 0 }] };
};

const events = array(
  record({
    certificate: constantFrom("a", "b", undefined),
    kind: nat(3),
    place: nat(2),
    reverts: boolean(),
    silent: integer({ min: 0, max: 9 }).map((one) => one === 0),
  }),
  { maxLength: 60 },
);

/** As its rule reads. */
const plainly = (all: readonly HostEvent[]): readonly HostEvent[] => {
  const open: HostEvent[] = [];
  const same = (one: HostEvent, other: HostEvent): boolean =>
    JSON.stringify(one.change) === JSON.stringify(other.change);
  for (const event of all) {
    if (event.certificate === undefined || !event.change) continue;
    const { change: made } = event.change;
    const once = made.kind === "copies" || (made.kind === "file" && made.shared === true);
    if (event.reverts) {
      const last = open.findLastIndex((one) => one.certificate === event.certificate && same(one, event));
      if (last >= 0) open.splice(last, 1);
    } else if (!once || !open.some((one) => same(one, event))) open.push(event);
  }
  return open;
};

it("is what the rule says, for any log", () => {
  assert(
    property(events, (given) => {
      const log = given.map(({ certificate, kind, place, reverts, silent }, index): HostEvent => ({
        at: `${index}`,
        run: "r",
        command: "c",
        what: "x",
        ...(certificate === undefined ? {} : { certificate }),
        ...(silent ? {} : { change: { server: "s", installation: "s", change: change(kind, place) } }),
        ...(reverts ? { reverts } : {}),
      }));
      expect(changesInForce(log)).toEqual(plainly(log));
    }),
  );
});

it("takes each line once, however many stand", () => {
  let looks = 0;
  const log = Array.from({ length: 6000 }, (_, index): HostEvent => {
    const made = change(3, index % 500);
    return {
      at: `${index}`,
      run: "r",
      command: "c",
      what: "x",
      certificate: `h${index % 500}`,
      get change() {
        looks += 1;
        return { server: "files", installation: `files/h${index % 500}/app`, change: made };
      },
    };
  });
  expect(changesInForce(log)).toHaveLength(500);
  expect(looks).toBeLessThan(10 * log.length);
  // Asked again, nothing is looked at.
  const before = looks;
  expect(changesInForce(log)).toHaveLength(500);
  expect(looks).toBe(before);
});

/** A line that counts how often somebody looks at what it changed. */
const counting = (index: number, path: string, looks: { count: number }, reverts = false): HostEvent => ({
  at: `${index}`,
  run: "r",
  command: "c",
  what: "x",
  certificate: "a",
  ...(reverts ? { reverts } : {}),
  get change() {
    looks.count += 1;
    return { server: "files", installation: "f", change: change(3, Number(path)) };
  },
});

it("a line that is added costs what one line costs, however long the log is", () => {
  const looks = { count: 0 };
  let log = Array.from({ length: 2000 }, (_, index) => counting(index, `${index % 50}`, looks));
  expect(changesInForce(log)).toHaveLength(50);
  looks.count = 0;
  for (let index = 0; index < 100; index += 1) {
    // As the store does: a new array whenever the file has grown.
    log = [...log, counting(log.length, `${1000 + index}`, looks)];
    changesInForce(log);
    changesInForce(log);
  }
  expect(changesInForce(log)).toHaveLength(150);
  // A few looks at each new one: not 2000 at the old ones, a hundred times.
  expect(looks.count).toBeLessThan(1000);
});

it("an earlier state of a log, and another one that begins alike, are read for what they are", () => {
  const looks = { count: 0 };
  const first = counting(0, "1", looks);
  const second = counting(1, "2", looks);
  const back = counting(2, "1", looks, true);
  expect(changesInForce([first, second, back])).toEqual([second]);
  expect(changesInForce([first, second])).toEqual([first, second]);
  const other = counting(1, "3", looks);
  expect(changesInForce([first, other])).toEqual([first, other]);
  // A part of a log: the lines of one server, say.
  expect(changesInForce([first, back])).toEqual([]);
  expect(changesInForce([second, back])).toEqual([second]);
  expect(changesInForce([first, second, back, counting(3, "1", looks)])).toHaveLength(2);
});
