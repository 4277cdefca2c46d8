// Which changes go with a certificate that is taken out of a server: its own, and what is for all only with the last one.
import { expect, it } from "vitest";
import type { HostEvent } from "../../src/store/store.ts";
import { changesInForce } from "../../src/usecases/changes-in-force.ts";
import { goes } from "../../src/usecases/sides.ts";
import { dropFromUnder, standingOn } from "../../src/usecases/standing-on.ts";
import { fakeWorld } from "../fakes/world.ts";

const event = (more: Pick<HostEvent, "policy"> = {}): HostEvent => ({
  at: "2026-11-21T12:00:00.000Z",
  run: "1",
  command: "deploy",
  certificate: "a.example.org",
  what: "postfix: main.cf: smtpd_tls_protocols = >=TLSv1.2",
  change: {
    server: "postfix",
    installation: "postfix",
    change: { kind: "parameter", parameter: "smtpd_tls_protocols", before: undefined, after: ">=TLSv1.2" },
  },
  ...more,
});
const going = new Set(["a.example.org"]);

it("a TLS policy stays while anybody is served, under whatever certificate it was written down", () => {
  const staying = { stay: ["b.example.org"], all: false, open: [] };
  expect(goes(event({ policy: true }), staying, going, undefined)).toBe(false);
  expect(goes(event(), staying, going, undefined)).toBe(true);
  expect(goes(event({ policy: true }), { ...staying, stay: [] }, going, undefined)).toBe(true);
  expect(goes(event({ policy: true }), { ...staying, all: true }, going, undefined)).toBe(true);
});

it("a policy that stands on another one stays a policy when the lower one goes", async () => {
  const fake = fakeWorld();
  const under = event({ policy: true });
  const { change } = under;
  if (!change || change.change.kind !== "parameter") throw new Error("no parameter");
  const above: HostEvent = {
    ...under,
    certificate: "b.example.org",
    undo: "mailcert deploy --harden=none",
    change: { ...change, change: { ...change.change, before: change.change.after, after: ">=TLSv1.3" } },
  };
  for (const one of [under, above]) await fake.world.store.record(one);
  const open = changesInForce(await fake.world.store.events());
  const [lower, upper] = open;
  if (!lower || !upper) throw new Error("two are in force");
  expect(standingOn(open, lower, () => false)).toBe(upper);
  // What goes itself is nothing that stays: both are taken back, the upper one first.
  expect(standingOn(open, lower, (later) => later === upper)).toBeUndefined();
  await dropFromUnder(fake.world, lower, upper);
  const [left, ...more] = changesInForce(await fake.world.store.events());
  expect(more).toEqual([]);
  expect(left).toMatchObject({
    certificate: "b.example.org",
    policy: true,
    undo: "mailcert deploy --harden=none",
    change: { change: { after: ">=TLSv1.3" } },
  });
  expect(left?.change?.change).not.toHaveProperty("before");
  fake.dispose();
});
