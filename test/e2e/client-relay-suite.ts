// Mail is relayed for whoever has a good client certificate, through a real Postfix's 587 and 465 (`client_certificates: relay`), for nobody else, and everything is taken back.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Suite } from "../lab/parts.ts";
import { serverSettings } from "./deployed-host.ts";
import { type RelayingHost, masterCf, startRelayingHost } from "./relaying-host.ts";

const wish = "client_certificates: { ca: default, relay: true }\n";

/** trixie has Debian's own entries, bookworm the other ways in which people write them. */
export const clientRelaySuite = (suite: Suite): void => {
  describe(`on ${suite}`, () => {
    let relaying: RelayingHost;
    /** master.cf with the certificate, and without the wish. */
    let deployed: string;
    const readMaster = (): Promise<string> => relaying.host.read(masterCf);

    beforeAll(async () => {
      relaying = await startRelayingHost(suite, suite === "trixie" ? "stock" : "other");
      await relaying.run(["ca", "init", "other", "--ca-domains", "example.org"]);
      await relaying.certificate({ name: "stranger", ca: "other" });
    }, 600_000);
    afterAll(() => relaying?.stop());

    it(
      "asks for nothing until the configuration says so, and shows what it will do",
      {
        timeout: 900_000,
      },
      async () => {
        const { host, run, submit, want } = relaying;
        deployed = await readMaster();
        expect(deployed).not.toContain("clientcerts");
        expect((await submit({ pem: "alice" })).to).toMatch(/^[45]54 /);
        await want(wish);
        const plan = await run(["deploy", "--dry-run"]);
        expect(plan).toMatch(/submission\/inet, submissions\/inet a client certificate counts where a login counts/);
        expect(plan).toContain(
          "master.cf submission/inet: -o relay_clientcerts=texthash:/var/lib/mailcert/clients/default.map",
        );
        expect(await readMaster()).toBe(deployed);
        await run(["deploy"]);
        const on = await readMaster();
        expect(on).toContain("permit_tls_clientcerts");
        await run(["deploy"]);
        expect(await readMaster()).toBe(on);
        expect((await host.exec("postfix check; postconf -n >/dev/null")).stderr).not.toMatch(/unused|fatal|error/);
      },
    );

    it("relays for a good certificate at 587 and 465, and a login counts as before", { timeout: 900_000 }, async () => {
      const { host, relayed, submit } = relaying;
      for (const port of [587, 465]) {
        await relayed({ port, pem: "alice" });
        expect((await submit({ port })).to).toMatch(/^[45]54 /);
        expect((await submit({ port, pem: "stranger" })).to).toMatch(/^[45]54 /);
        const { name, password } = host.user;
        const said = await relayed({ port, login: `${name}\0${password}` });
        expect(said.auth).toMatch(/^235 /);
      }
      // By the same CA, and for servers.
      await relaying.serverCertificate();
      expect((await submit({ pem: "server" })).to).toMatch(/^[45]54 /);
      expect((await submit({ port: 25, pem: "alice" })).to).toMatch(/^[45]54 /);
    });

    it(
      "a new one is good at once, and when revoked refused, also where the client brings a TLS session of before",
      { timeout: 900_000 },
      async () => {
        const { refused, relayed, run } = relaying;
        await relaying.certificate({ name: "bob", address: "bob@example.org" });
        // A ticket, and a session that the server remembers.
        const ticket = { pem: "bob", session: "/root/bob.ticket" } as const;
        const number = { pem: "bob", session: "/root/bob.number", resume: "id" } as const;
        for (const way of [ticket, number]) {
          await relayed(way);
          // One that a process of before the reload gave away is known to nobody any more.
          await expect
            .poll(async () => (await relayed(way)).resumed, { timeout: 20_000, message: way.session })
            .toBe(true);
        }
        await run(["ca", "revoke", "bob@example.org", "--yes"]);
        // And not at the second try either, whatever was remembered at the first.
        for (const way of [ticket, number, ticket, number, { port: 465, pem: "bob" }]) await refused(way);
        await relayed({ port: 465, pem: "alice" });
      },
    );

    it("goes as it came, with the key and with the certificate, to the last byte", { timeout: 900_000 }, async () => {
      const { host, before, refused, relayed, run, want } = relaying;
      if (suite === "trixie") {
        await want("client_certificates: { ca: default, relay: false }\n");
        expect(await run(["deploy"])).toContain("client certificates do not count any more at");
        expect(await readMaster()).toBe(deployed);
        await refused({ pem: "alice" });
        await want(wish);
        await run(["deploy"]);
        await relayed({ pem: "alice" });
      }
      await run(["deploy", "--remove"]);
      expect(await serverSettings(host)).toBe(before);
      await refused({ pem: "alice" });
    });
  });
};
