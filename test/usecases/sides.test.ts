// Which changes go with a certificate that is taken out of a server: its own, and what is for all only with the last one.
import { expect, it } from "vitest";
import type { HostEvent } from "../../src/store/store.ts";
import { goes } from "../../src/usecases/sides.ts";

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
