// Which listeners are a certificate's: its own places, or all but those of others; and what is said of places that it cannot have.
import { describe, expect, it } from "vitest";
import type { Places } from "../../src/domain/places.ts";
import { byPlace, servicesOf } from "../../src/servers/postfix/places.ts";
import type { ByPlace, Installation, Listener, Server } from "../../src/servers/server.ts";
import type { Claims } from "../../src/usecases/claims.ts";
import { ownListeners, unheard } from "../../src/usecases/own-listeners.ts";
import type { World } from "../../src/usecases/world.ts";

const world = {
  localAddresses: () => ["127.0.0.1", "192.0.2.10", "192.0.2.11", "::1"],
  store: { dir: "/state" },
} as unknown as World;
const installation: Installation = {
  server: "postfix",
  id: "postfix",
  version: "3.10",
  configDir: "/etc",
  running: true,
};
const listener = (port: number, address = "0.0.0.0", more: Partial<Listener> = {}): Listener => ({
  protocol: "smtp",
  mode: "starttls",
  port,
  address,
  service: `${port}/inet`,
  ...more,
});
const perAddress: ByPlace = {
  together: ({ port }, address) => `${port} ${address}`,
  apart: () => ({ why: "", mend: "" }),
};

const claims = (...placed: readonly (readonly [string, Places])[]): Claims => ({
  placed: placed.map(([name, places]) => ({ name, places, servers: "auto" })),
  others: [
    { name: "main", servers: "auto" },
    { name: "named", servers: "auto" },
  ],
});
const look = (
  name: string,
  listeners: readonly Listener[],
  of: Claims,
  able = perAddress,
  at: Installation = installation,
) => {
  const server = { byPlace: able } as unknown as Server;
  const places = of.placed.find((one) => one.name === name)?.places;
  const own = ownListeners(world, { server, installation: at }, listeners, { name, ...(places ? { places } : {}) }, of);
  return { ...own, addresses: own.listeners.map(({ address, port }) => `${address} ${port}`) };
};

describe("a certificate's listeners", () => {
  const address = claims(["own", { addresses: ["192.0.2.11"] }]);

  it("by address: its own, and the others have the rest", () => {
    expect(look("own", [listener(25)], address).addresses).toEqual(["192.0.2.11 25"]);
    // What other machines connect to comes first: of many names each is asked for there.
    expect(look("main", [listener(25)], address).addresses).toEqual(["192.0.2.10 25", "127.0.0.1 25"]);
    expect(look("main", [listener(25, "::")], address).addresses).toEqual([":: 25"]);
    expect(look("main", [listener(25)], claims()).addresses).toEqual(["0.0.0.0 25"]);
  });

  it("a server that cannot: nothing of it, and the others as ever", () => {
    const server = {} as unknown as Server;
    const of = (name: string, places?: Places) =>
      ownListeners(world, { server, installation }, [listener(25)], { name, ...(places ? { places } : {}) }, address)
        .listeners.length;
    expect([of("own", { addresses: ["192.0.2.11"] }), of("main")]).toEqual([0, 1]);
  });

  it("one that left the configuration keeps its places where it has them, and there alone", () => {
    const left: Claims = {
      placed: [{ name: "left", places: { services: ["smtp"] }, servers: "auto", installations: ["postfix"] }],
      others: [],
    };
    expect(look("main", [listener(25)], left).addresses).toEqual([]);
    expect(look("main", [listener(25)], left, perAddress, { ...installation, id: "other" }).addresses).toEqual([
      "0.0.0.0 25",
    ]);
  });

  it("a service of Postfix's cannot be divided, and what to do is said with its own words", () => {
    const { addresses, notes } = look("own", [listener(25, "0.0.0.0", { service: "smtp/inet" })], address, byPlace);
    expect(addresses).toEqual([]);
    expect(notes).toMatchObject([
      {
        check: "deploy-place",
        severity: "fault",
        message:
          "postfix: own is not served at 192.0.2.11 port 25: a service of master.cf takes one certificate, and `smtp inet ...` is for other addresses as well",
        hint: "in master.cf, put a line for each address, `192.0.2.11:smtp inet ...`, `127.0.0.1:smtp inet ...`, `[::1]:smtp inet ...` and its like, in place of `smtp inet ...`; then: postfix reload; mailcert deploy",
      },
    ]);
    expect(look("main", [listener(25)], address, byPlace).addresses).toEqual(["0.0.0.0 25"]);
  });

  it("postscreen has everybody's", () => {
    const screened = listener(25, "192.0.2.11", { everybodys: "tlsproxy does its TLS" });
    expect(look("own", [screened], address)).toMatchObject({
      addresses: [],
      notes: [{ message: "postfix: own is not served at 192.0.2.11 port 25: tlsproxy does its TLS" }],
    });
  });

  it("a setting of the service that names our files is no certificate of its own; another one is", () => {
    const theirs = listener(25, "192.0.2.11", { ownCertificate: "-o smtpd_tls_chain_files=/etc/ssl/x.pem" });
    const ours = listener(465, "192.0.2.11", {
      ownCertificate: "-o smtpd_tls_chain_files=/state/certificates/own/live/ecdsa/combined.pem",
    });
    expect(look("own", [theirs, ours], address).listeners.map(({ ownCertificate }) => ownCertificate)).toEqual([
      "-o smtpd_tls_chain_files=/etc/ssl/x.pem",
      undefined,
    ]);
  });

  it("names leave an address that is divided, where the server says so; the default stays", () => {
    const divided = claims(["own", { addresses: ["192.0.2.11"], services: ["smtp"] }]);
    const leaving: ByPlace = { ...perAddress, namesLeave: () => true };
    const pop = { ...listener(110, "192.0.2.11"), protocol: "pop3" as const };
    expect(look("named", [pop], divided, leaving).addresses).toEqual([]);
    expect(look("named", [pop], divided).addresses).toEqual(["192.0.2.11 110"]);
    expect(look("main", [pop], divided, leaving).addresses).toEqual(["192.0.2.11 110"]);
  });
});

describe("an address that this host does not have now, and may get", () => {
  const standby = claims(["own", { addresses: ["192.0.2.99"] }]);

  it("is its certificate's where a listener is bound to all, and nobody else's", () => {
    expect(look("own", [listener(25)], standby).addresses).toEqual(["192.0.2.99 25"]);
    expect(look("main", [listener(25)], standby).addresses).toEqual(["0.0.0.0 25"]);
    expect(look("own", [listener(25, "192.0.2.10")], standby).addresses).toEqual([]);
    expect(look("own", [listener(25, "::")], standby).addresses).toEqual([]);
  });

  it("settings and proof agree: of a service for several addresses it has what it will have", () => {
    const service = listener(25, "0.0.0.0", { service: "smtp/inet" });
    const local = world.localAddresses();
    const served = (places: Places) => ({ name: "own", names: [], slots: {}, places });
    const settings = (places: Places) => servicesOf([served(places)], [service], local).get("smtp/inet")?.name;
    const proof = (places: Places) => look("own", [service], claims(["own", places]), byPlace).addresses.length > 0;
    for (const places of [
      { addresses: ["192.0.2.99"] },
      { addresses: ["192.0.2.10", "192.0.2.11"] },
      { addresses: ["192.0.2.10"] },
    ])
      expect(proof(places), places.addresses.join()).toBe(settings(places) === "own");
    const all = { addresses: ["192.0.2.10", "192.0.2.11", "192.0.2.99"] };
    expect(look("own", [service], claims(["own", all]), byPlace).addresses).toEqual([
      "127.0.0.1 25",
      "192.0.2.10 25",
      "192.0.2.11 25",
      "192.0.2.99 25",
    ]);
  });
});

describe("hundreds of certificates by address", () => {
  it("whose each listener is at each address is found once for all of them", () => {
    const addresses = Array.from({ length: 250 }, (_, index) => `198.51.100.${index + 1}`);
    const many = { localAddresses: () => addresses, store: { dir: "/state" } } as unknown as World;
    const listeners = [110, 143, 587, 993, 995, 4190].map((port) => listener(port));
    const counted = { together: 0, places: 0 };
    const able: ByPlace = {
      ...perAddress,
      together: ({ port }, address) => {
        counted.together += 1;
        return `${port} ${address}`;
      },
    };
    const placed = addresses.map((one, index) => ({
      name: `n${index}`,
      servers: "auto" as const,
      get places(): Places {
        counted.places += 1;
        return { addresses: [one] };
      },
    }));
    const server = { byPlace: able } as unknown as Server;
    const all = { placed, others: [] };
    for (const [index, address] of addresses.entries()) {
      const own = { name: `n${index}`, places: { addresses: [address] } };
      const found = ownListeners(many, { server, installation }, listeners, own, all).listeners;
      expect(found.map((one) => `${one.address} ${one.port}`)).toEqual(
        listeners.map(({ port }) => `${address} ${port}`),
      );
    }
    expect(ownListeners(many, { server, installation }, listeners, { name: "main" }, all).listeners).toEqual([]);
    // 1,500 entry points, each asked about once; each certificate compared with a few, not with all of them.
    expect(counted.together).toBe(1_500);
    expect(counted.places).toBeLessThan(250 * 10);
  });
});

describe("what nobody could be served at", () => {
  it("an address of another host, a service that nothing offers", () => {
    const said = (places: Places) =>
      unheard(world, { name: "own", places }, [listener(25)]).map(({ severity, message }) => `${severity}: ${message}`);
    expect(said({ addresses: ["192.0.2.99", "192.0.2.11"] })).toEqual([
      "warning: own: 192.0.2.99 is no address of this host, which has 192.0.2.10, 192.0.2.11",
    ]);
    expect(said({ services: ["imap", "smtp"] })).toEqual([
      "warning: own: no server of this host that it could be given to offers imap",
    ]);
    expect(said({ services: ["smtp"] })).toEqual([]);
  });
});
