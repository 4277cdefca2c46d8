// The climb to the CAA records that count (RFC 8659 §3), against a scripted resolver, and what a zone's own servers have.
import type { Answer } from "dns-packet";
import { describe, expect, it } from "vitest";
import { judgeCaa } from "../../src/domain/caa.ts";
import { caa, cname, noName, noRecord, openZones, own, servfail } from "./zones.ts";

const options = { timeoutMs: 5_000, signal: new AbortController().signal };
const nobody = { identities: ["ca1.example.net"], account: undefined, methods: ["http-01"], wildcard: false };
const record = (value: string, critical = false, tag = "issue") => ({ critical, tag, value });

describe("the climb", () => {
  it("takes the name's own records, and asks no further", async () => {
    const { dns, asked } = await openZones({
      "x.y.example.org CAA": { answers: [caa("x.y.example.org", "issue", "ca1.example.net")] },
      "example.org CAA": { answers: [caa("example.org", "issue", ";")] },
    });
    expect(await dns.caa("x.y.example.org", options)).toEqual({
      kind: "found",
      owner: "x.y.example.org",
      records: [record("ca1.example.net")],
    });
    expect(asked()).toEqual(["CAA x.y.example.org"]);
  });

  it("goes up to the closest domain that has some, over names that do not exist", async () => {
    const { dns, asked } = await openZones({
      "x.y.example.org CAA": noName,
      "y.example.org CAA": noRecord,
      "example.org CAA": {
        answers: [
          caa("example.org", "issue", "ca1.example.net", 128),
          caa("example.org", "iodef", "mailto:a@b.example"),
        ],
      },
    });
    expect(await dns.caa("x.y.example.org", options)).toEqual({
      kind: "found",
      owner: "example.org",
      records: [record("ca1.example.net", true), record("mailto:a@b.example", false, "iodef")],
    });
    expect(asked()).toEqual(["CAA x.y.example.org", "CAA y.example.org", "CAA example.org"]);
  });

  it("asks the top-level domain, too, and not the root", async () => {
    const { dns, asked } = await openZones({});
    expect(await dns.caa("mail.example.org", options)).toEqual({ kind: "none" });
    expect(asked()).toEqual(["CAA mail.example.org", "CAA example.org", "CAA org"]);
  });

  it("a wildcard begins below its star", async () => {
    const { dns, asked } = await openZones({
      "example.org CAA": { answers: [caa("example.org", "issuewild", "ca1.example.net")] },
    });
    expect(await dns.caa("*.example.org", options)).toMatchObject({ kind: "found", owner: "example.org" });
    expect(asked()).toEqual(["CAA example.org"]);
  });

  it("an alias is followed to its target, and not to what is above the target", async () => {
    const { dns, asked } = await openZones({
      "mail.example.org CAA": {
        answers: [cname("mail.example.org", "host.example.net"), caa("host.example.net", "issue", "ca1.example.net")],
      },
      "imap.example.org CAA": { answers: [cname("imap.example.org", "host.example.com")] },
      "example.com CAA": { answers: [caa("example.com", "issue", ";")] },
    });
    expect(await dns.caa("mail.example.org", options)).toMatchObject({ records: [record("ca1.example.net")] });
    expect(await dns.caa("imap.example.org", options)).toEqual({ kind: "none" });
    expect(asked()).not.toContain("CAA example.com");
  });

  it("records of another name in the answer are nobody's", async () => {
    const { dns } = await openZones({ "mail.example.org CAA": { answers: [caa("evil.example", "issue", ";")] } });
    expect(await dns.caa("mail.example.org", options)).toEqual({ kind: "none" });
  });

  it("hands values on as they are: to change them would change what they say", async () => {
    const value = `ca1.example.net; x=${"y".repeat(180)}\u001b[2J`;
    const { dns } = await openZones({ "mail.example.org CAA": { answers: [caa("mail.example.org", "issue", value)] } });
    expect(await dns.caa("mail.example.org", options)).toMatchObject({ records: [{ value }] });
  });

  it("a hundred records are all read", async () => {
    const many = Array.from({ length: 100 }, (_, index) => caa("mail.example.org", "issue", `ca${index}.example`));
    const { dns } = await openZones({ "mail.example.org CAA": { answers: many, truncated: true } });
    const found = await dns.caa("mail.example.org", options);
    expect(found.kind === "found" ? found.records.length : 0).toBe(100);
  });
});

describe("what nobody could say", () => {
  it.each<[string, Buffer]>([
    ["nothing in it", Buffer.alloc(0)],
    ["flags only", Buffer.from([0])],
    ["a tag longer than the record", Buffer.from([0, 200, 105])],
    ["no tag", Buffer.from([0, 0])],
    ["bytes that are no text", Buffer.from([0, 5, 0x69, 0x73, 0x73, 0x75, 0x65, 0xff, 0x00, 0x1b])],
  ])("a record that is none: %s", async (_what, data) => {
    const odd = { type: "UNKNOWN_257", name: "mail.example.org", data } as unknown as Answer;
    const { dns } = await openZones({ "mail.example.org CAA": { answers: [odd] } });
    const found = await dns.caa("mail.example.org", { ...options, timeoutMs: 500 });
    // Not understood, or understood as something that permits nobody: never as permission.
    if (found.kind !== "found") expect(["unknown", "blocked"]).toContain(found.kind);
    else expect(judgeCaa([...found.records, record("other.example")], nobody).kind).toBe("forbidden");
  });

  it("SERVFAIL at any step: a CA has to take it for a no", async () => {
    const { dns } = await openZones({ "example.org CAA": servfail });
    expect(await dns.caa("mail.example.org", options)).toEqual({
      kind: "blocked",
      owner: "example.org",
      why: "SERVFAIL",
    });
  });

  it("a resolver that will not do it, or cannot, says nothing about the zone", async () => {
    const { dns } = await openZones({ "a.example.org CAA": { rcode: 5 }, "b.example.org CAA": { rcode: 4 } });
    expect(await dns.caa("a.example.org", options)).toEqual({ kind: "unknown", why: "a.example.org: REFUSED" });
    expect(await dns.caa("b.example.org", options)).toEqual({ kind: "unknown", why: "b.example.org: NOTIMP" });
  });

  it("silence, within the deadline for all steps", async () => {
    const { dns } = await openZones({ "example.org CAA": { silent: true } });
    const started = performance.now();
    expect(await dns.caa("mail.example.org", { ...options, timeoutMs: 300 })).toEqual({
      kind: "unknown",
      why: "mail.example.org: no name server answered in time",
    });
    expect(performance.now() - started).toBeGreaterThan(250);
  });

  it("a run that was stopped", async () => {
    const stop = new AbortController();
    stop.abort(new Error("stopped"));
    const { dns } = await openZones({});
    expect(await dns.caa("mail.example.org", { ...options, signal: stop.signal })).toMatchObject({ kind: "unknown" });
  });
});

describe("what the zone's own servers have", () => {
  const mine = own(caa("example.org", "issue", "ca1.example.net"));

  it("is asked at each of them, past the resolver's memory", async () => {
    const { dns } = await openZones({ "example.org CAA": { answers: [caa("example.org", "issue", ";")] } }, [
      { "example.org CAA": mine },
      { "example.org CAA": own() },
    ]);
    const sets = await dns.caaEverywhere("example.org", options);
    expect(sets.toSorted((left, right) => left.length - right.length)).toEqual([[], [record("ca1.example.net")]]);
  });

  it("those that do not answer are left out", async () => {
    const { dns } = await openZones({}, [{ "example.org CAA": mine }]);
    expect(await dns.caaEverywhere("example.org", options)).toEqual([[record("ca1.example.net")]]);
    const { dns: alone } = await openZones({});
    expect(await alone.caaEverywhere("example.org", options)).toEqual([]);
    expect(await alone.caaEverywhere("example.net", options)).toEqual([]);
  });
});
