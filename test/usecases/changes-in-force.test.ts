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
