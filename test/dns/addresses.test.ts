// Whether a name has addresses: a name is dead only where the resolver, this host itself and the zone's own servers know none.
import { describe, expect, it } from "vitest";
import { createDns } from "../../src/dns/index.ts";
import { address, cname, noName, noRecord, openZones, own, servfail } from "./zones.ts";

const options = { timeoutMs: 5_000, signal: new AbortController().signal };
const name = "mail.example.org";
const none = { kind: "none", exists: false };

describe("what the resolver says", () => {
  it("A and AAAA together", async () => {
    const { dns } = await openZones({
      [`${name} A`]: { answers: address(name, "192.0.2.10", "192.0.2.11") },
      [`${name} AAAA`]: { answers: address(name, "2001:db8::10") },
    });
    expect(await dns.addresses(name, options)).toEqual({
      kind: "found",
      addresses: ["192.0.2.10", "192.0.2.11", "2001:db8::10"],
    });
  });

  it("one family is enough, whatever becomes of the other", async () => {
    for (const other of [noRecord, noName, servfail, { rcode: 5 }, { silent: true }]) {
      const { dns } = await openZones({
        [`${name} A`]: { answers: address(name, "192.0.2.10") },
        [`${name} AAAA`]: other,
      });
      expect(await dns.addresses(name, { ...options, timeoutMs: 1_000 })).toEqual({
        kind: "found",
        addresses: ["192.0.2.10"],
      });
    }
  });

  it("an alias is followed", async () => {
    const { dns } = await openZones({
      [`${name} A`]: { answers: [cname(name, "host.example.net"), ...address("host.example.net", "192.0.2.10")] },
    });
    expect(await dns.addresses(name, options)).toEqual({ kind: "found", addresses: ["192.0.2.10"] });
  });

  it("more addresses than any name has are not kept", async () => {
    const many = Array.from({ length: 60 }, (_, index) => `192.0.2.${index + 1}`);
    const { dns } = await openZones({ [`${name} A`]: { answers: address(name, ...many) } });
    const found = await dns.addresses(name, options);
    expect(found.kind === "found" ? found.addresses.length : 0).toBe(32);
  });
});

describe("nobody could say", () => {
  it.each([
    ["SERVFAIL for one family", { [`${name} A`]: noRecord, [`${name} AAAA`]: servfail }, "SERVFAIL"],
    ["SERVFAIL for the other", { [`${name} A`]: servfail, [`${name} AAAA`]: noName }, "SERVFAIL"],
    ["REFUSED", { [`${name} A`]: { rcode: 5 }, [`${name} AAAA`]: { rcode: 5 } }, "REFUSED"],
    [
      "silence for one",
      { [`${name} A`]: noName, [`${name} AAAA`]: { silent: true } },
      "no name server answered in time",
    ],
  ])("%s", async (_what, records, why) => {
    const { dns } = await openZones(records, [{}, {}]);
    expect(await dns.addresses(name, { ...options, timeoutMs: 1_000 })).toEqual({
      kind: "unknown",
      why: `${name}: ${why}`,
    });
  });

  it("an answer with addresses behind more aliases than are followed", async () => {
    const chain = Array.from({ length: 12 }, (_, index) =>
      cname(index === 0 ? name : `a${index}.example`, `a${index + 1}.example`),
    );
    const { dns } = await openZones({
      [`${name} A`]: { answers: [...chain, ...address("a12.example", "192.0.2.10")] },
    });
    expect(await dns.addresses(name, options)).toMatchObject({ kind: "unknown" });
  });

  it("no name server at all", async () => {
    const dns = createDns({
      servers: [{ address: "127.0.0.1", port: 1 }],
      trustAd: false,
      randomId: () => 1,
      ticks: () => performance.now(),
      roots: async () => [],
    });
    expect(await dns.addresses(name, options)).toEqual({
      kind: "unknown",
      why: `${name}: no name server can be reached`,
    });
  });
});

describe("a name that seems dead", () => {
  it("is dead where its zone's servers say so as well; whether it exists is told apart", async () => {
    const { dns } = await openZones({}, [{}, {}]);
    expect(await dns.addresses(name, options)).toEqual(none);
    const { dns: empty } = await openZones({ [`${name} A`]: noRecord, [`${name} AAAA`]: noRecord }, [{}, {}]);
    expect(await empty.addresses(name, options)).toEqual({ kind: "none", exists: true });
  });

  it("is so by the resolver's word alone where they cannot be asked, or say nothing for one family", async () => {
    const { dns } = await openZones({});
    expect(await dns.addresses(name, options)).toEqual({ ...none, unconfirmed: true });
    const half = { [`${name} AAAA`]: servfail };
    const { dns: other } = await openZones({}, [half, half]);
    expect(await other.addresses(name, options)).toEqual({ ...none, unconfirmed: true });
  });

  it("is dead where one of them says so, whatever becomes of the others", async () => {
    const { dns } = await openZones({}, [{}]);
    expect(await dns.addresses(name, options)).toEqual(none);
  });

  it("lives where they have it already: the resolver remembers for hours that it was not there", async () => {
    const { dns } = await openZones({}, [{}, { [`${name} AAAA`]: own(...address(name, "2001:db8::10")) }]);
    expect(await dns.addresses(name, options)).toEqual({ kind: "found", addresses: ["2001:db8::10"] });
  });

  it("lives where this host's own programs find it (/etc/hosts)", async () => {
    const { dns } = await openZones({}, [{}, {}], { [name]: ["192.168.1.5"] });
    expect(await dns.addresses(name, options)).toEqual({ kind: "found", addresses: ["192.168.1.5"] });
    expect(await dns.addresses("imap.example.org", options)).toEqual(none);
  });
});
