// TLS policy where certificates have places of their own: every server is planned, and every entry point is looked at, whichever certificate comes first.
import { afterEach, beforeEach, expect, it } from "vitest";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import type { Listener, Server } from "../../src/servers/server.ts";
import { harden, planHardening } from "../../src/usecases/harden.ts";
import { issue } from "../../src/usecases/issue.ts";
import type { World } from "../../src/usecases/world.ts";
import { type PolicyWorld, policyWorld } from "../fakes/policy-world.ts";
import { certificate } from "../fakes/world.ts";

const main = certificate();
const own = certificate({
  name: "own.example.org",
  names: ["own.example.org"],
  places: { addresses: ["192.0.2.11"] },
});
const local = ["127.0.0.1", "192.0.2.10", "192.0.2.11", "192.0.2.12", "192.0.2.13", "192.0.2.14"];
const imaps: Listener = { protocol: "imap", mode: "implicit", port: 993, address: "0.0.0.0", service: "imaps" };

let host: PolicyWorld;
let world: World;
let connected: string[];
/** Where no handshake works once a policy is loaded. */
let weak: string;
/** What the placed server listens at. */
let listener: Listener;

beforeEach(async () => {
  host = await policyWorld();
  [connected, weak, listener] = [[], "none", imaps];
  const { fake } = await host.world.servers();
  if (!fake) throw new Error("no server");
  const as = (id: string, over: Partial<Server>): Server => ({
    ...fake,
    sni: true,
    ownDefault: true,
    detect: async () => [{ server: id, id, version: "1", configDir: "/etc", running: true }],
    listeners: async () => [listener],
    ...over,
  });
  const byPlace = {
    together: ({ port }: Listener, address: string) => `${port} ${address}`,
    apart: () => ({ why: "", mend: "" }),
  };
  const probe = await host.world.probe();
  world = {
    ...host.world,
    localAddresses: () => local,
    config: { ...host.world.config, read: async () => ({ certificates: [own, main] }) },
    servers: async () => ({
      dovecot: as("dovecot", { byPlace }),
      exim: as("exim", { listeners: async () => [{ ...imaps, port: 465 }] }),
    }),
    probe: async () => async (entry, options) => {
      connected.push(`${entry.host} ${entry.address} ${entry.port}`);
      const seen = await probe(entry, options);
      if (entry.address !== weak || host.settings.size === 0) return seen;
      const { tls: _tls, ...rest } = seen;
      return { ...rest, chain: [], error: { stage: "handshake", reason: "tls", message: "no shared cipher" } };
    },
  };
  await issue(world, own);
});
afterEach(() => host.fake.dispose());

const agreed = async (): Promise<void> => undefined;

it.each([
  ["its own place", [own, main]],
  ["everybody", [main, own]],
] as const)("the first is for %s: all servers, with all of their listeners", async (_, order) => {
  const { servers } = await planHardening(world, order, "intermediate");
  expect(
    servers.map(({ deployable: { installation, listeners }, owner }) => [installation.id, listeners, owner.name]),
  ).toEqual([
    ["dovecot", [imaps], main.name],
    ["exim", [{ ...imaps, port: 465 }], main.name],
  ]);
});

it("asked for one with places alone: the servers that have it", async () => {
  const { servers } = await planHardening(world, [own], "intermediate");
  expect(servers.map(({ deployable: { installation }, owner }) => [installation.id, owner.name])).toEqual([
    ["dovecot", own.name],
  ]);
});

it.each(["192.0.2.11", "192.0.2.10"])("a policy that ends every handshake at %s is taken back", async (address) => {
  weak = address;
  const only: CertificateConfig = { ...main, servers: ["dovecot"] };
  const { servers } = await harden(world, [own, only], "intermediate", agreed);
  expect(servers.map(({ outcome }) => outcome)).toEqual(["taken-back"]);
  expect(servers[0]?.findings[0]?.message).toContain(`at ${address} gave no TLS handshake`);
  expect([...host.settings]).toEqual([]);
  expect(connected).toContain("mail.example.org 192.0.2.11 993");
});

it("also where a service has a certificate that is not mailcert's", async () => {
  weak = "192.0.2.10";
  listener = { ...imaps, address: weak, ownCertificate: "-o smtpd_tls_chain_files=/etc/ssl/own.pem" };
  const { servers } = await harden(world, [{ ...main, servers: ["dovecot"] }], "intermediate", agreed);
  expect(servers.map(({ outcome }) => outcome)).toEqual(["taken-back"]);
});
