// Certificates by address and by service on Debian's real Dovecot and Postfix, both generations, on a host with two addresses.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Change, Installation, PlacedCertificate, ServedCertificate } from "../../src/servers/server.ts";
import { type PlacesUnderTest, placesContract } from "../contract/server-places.ts";
import { type MailHost, startMailHost } from "./mail-host.ts";
import { installDriver, remoteServer } from "./remote-server.ts";
import {
  bySni,
  certificate,
  leafOfCertificate,
  makeBySni,
  makeCertificate,
  makePair,
  pathsIn,
  served,
  snapshot,
} from "./server-judge.ts";

const [usual, other] = ["192.0.2.10", "192.0.2.11"] as const;
const folderOf = (name: string): string => `/var/lib/mailcert/certificates/${name}`;
const single = (name: string): ServedCertificate => ({
  name,
  names: [`${name}.example.com`],
  slots: { ecdsa: pathsIn(`${folderOf(name)}/live/ecdsa`) },
});
const [two, wild] = bySni;
const [three, four] = [single("three"), single("four")];
if (!two || !wild) throw new Error("two certificates are needed");
// The wildcard alone: by name everywhere but where a place is.
const byName = [{ ...wild, names: ["*.example.net"] }];

const starttls = (protocol: "imap" | "pop3" | "sieve" | "smtp", port: number) =>
  ({ protocol, mode: "starttls", port }) as const;
const implicit = (protocol: "imap" | "pop3" | "submission", port: number) =>
  ({ protocol, mode: "implicit", port }) as const;

const dovecotPlaced: readonly PlacedCertificate[] = [
  { ...two, places: { addresses: [other] } },
  { ...three, places: { services: ["pop3"] } },
  { ...four, places: { addresses: [other], services: ["managesieve"] } },
];
const postfixPlaced: readonly PlacedCertificate[] = [
  { ...two, places: { addresses: [other] } },
  { ...three, places: { services: ["smtp"] } },
  { ...four, places: { addresses: [usual], services: ["submission"] } },
];

for (const suite of ["bookworm", "trixie"] as const) {
  describe(suite, () => {
    let host: MailHost;
    let dovecot: ReturnType<typeof remoteServer>;
    let postfix: ReturnType<typeof remoteServer>;
    beforeAll(async () => {
      host = await startMailHost({ suite });
      await host.must(`ip addr add ${other}/24 dev eth0`);
      await installDriver(host);
      await makeCertificate(host);
      await makeBySni(host);
      for (const { name } of [three, four]) {
        await makePair(host, `${folderOf(name)}/generations/0001/ecdsa`, "ecdsa", name);
        await host.must(`ln -s generations/0001 ${folderOf(name)}/live`);
      }
      await makePair(host, "/root/own", "ecdsa", "own");
      const service = (at: string, port: string, more = ""): string =>
        `postconf -M '${at}:${port}/inet=${at}:${port} inet n - y - - smtpd${more}'`;
      const wrapped = " -o smtpd_tls_wrappermode=yes";
      await host.must(
        [
          service(usual, "submissions", wrapped),
          service(other, "submissions", wrapped),
          service(usual, "submission"),
          "touch -d '1 hour ago' /etc/postfix/*.cf",
          "mkdir /root/etc",
          "cp -a /etc/dovecot /etc/postfix /root/etc/",
        ].join(" && "),
      );
      [dovecot, postfix] = [remoteServer(host, "dovecot"), remoteServer(host, "postfix")];
      await Promise.all([host.startDovecot(), host.startPostfix([25, 465, 587])]);
    });
    afterAll(() => host?.stop());
    const reset = async (): Promise<void> => {
      await host.must(
        "rm -rf /etc/dovecot /etc/postfix && cp -a /root/etc/dovecot /root/etc/postfix /etc/ && doveadm reload && postfix reload 2>&1",
      );
    };
    const shared = () =>
      ({
        reset,
        certificate,
        bySni: byName,
        leaf: (slot, of = certificate) => leafOfCertificate(host, of, slot),
        served: (spot, slot, name) => served(host, spot, slot, name, spot.address),
      }) satisfies Partial<PlacesUnderTest>;

    placesContract(`dovecot on ${suite}`, async () => ({
      ...shared(),
      server: dovecot,
      snapshot: () => snapshot(host, "/etc/dovecot"),
      placed: dovecotPlaced,
      spots: [
        { ...implicit("imap", 993), address: usual, whose: undefined },
        { ...starttls("imap", 143), address: other, whose: two },
        { ...implicit("pop3", 995), address: usual, whose: three },
        // By address is closer than by service.
        { ...implicit("pop3", 995), address: other, whose: two, afterwards: three },
        { ...starttls("sieve", 4190), address: other, whose: four },
      ],
    }));

    placesContract(`postfix on ${suite}`, async () => ({
      ...shared(),
      server: postfix,
      snapshot: () => snapshot(host, "/etc/postfix"),
      placed: postfixPlaced,
      spots: [
        // One service for both addresses: by address it cannot be, by service it is.
        { ...starttls("smtp", 25), address: usual, whose: three },
        { ...starttls("smtp", 25), address: other, whose: three },
        { ...implicit("submission", 465), address: usual, whose: undefined },
        { ...implicit("submission", 465), address: other, whose: two },
        { protocol: "submission", mode: "starttls", port: 587, address: usual, whose: four },
      ],
    }));

    const firstOf = async (server: ReturnType<typeof remoteServer>): Promise<Installation> => {
      const [found] = await server.detect();
      if (!found) throw new Error("not detected");
      return found;
    };

    test("a service of Postfix's with a certificate of somebody else's keeps it until a yes, and gets it back", async () => {
      await reset();
      const key = `${usual}:submission/inet/smtpd_tls_chain_files`;
      await host.must(
        `postconf -P ${key}=/root/own/combined.pem && touch -d '1 hour ago' /etc/postfix/*.cf && postfix reload 2>&1`,
      );
      const before = await snapshot(host, "/etc/postfix");
      const installation = await firstOf(postfix);
      const changes: Change[] = [];
      const settle = async (): Promise<void> => {
        for (const change of (await postfix.plan(installation, certificate, [], postfixPlaced)).changes) {
          await postfix.apply(installation, change);
          changes.push(change);
        }
        await postfix.check(installation);
        await postfix.reload(installation);
      };
      const spot = { protocol: "submission", mode: "starttls", port: 587 } as const;
      await settle();
      const own = await leafOfCertificate(host, { ...four, slots: { ecdsa: pathsIn("/root/own") } }, "ecdsa");
      await expect.poll(() => served(host, spot, "ecdsa", "", usual), { timeout: 10_000 }).toBe(own);
      const overrides = await postfix.readBack(installation, certificate, [], postfixPlaced);
      expect(overrides).toMatchObject([
        { scope: `the service ${usual}:submission/inet`, certificate: "four", path: "/etc/postfix/master.cf" },
      ]);
      for (const change of overrides.flatMap(({ edit }) => edit)) {
        await postfix.apply(installation, change);
        changes.push(change);
      }
      await settle();
      expect(await postfix.readBack(installation, certificate, [], postfixPlaced)).toEqual([]);
      await expect
        .poll(() => served(host, spot, "ecdsa", "", usual), { timeout: 10_000 })
        .toBe(await leafOfCertificate(host, four, "ecdsa"));
      for (const change of changes.toReversed()) expect(await postfix.revert(installation, change)).toBe("reverted");
      expect(await snapshot(host, "/etc/postfix")).toBe(before);
    });

    test("a local_name block of somebody else's keeps an address of ours off 2.3, where both would end in no connection, and is told", async () => {
      await reset();
      const pair =
        suite === "bookworm"
          ? "  ssl_cert = </root/own/fullchain.pem\n  ssl_key = </root/own/privkey.pem\n"
          : "  ssl_server_cert_file = /root/own/fullchain.pem\n  ssl_server_key_file = /root/own/privkey.pem\n";
      const path = "/etc/dovecot/conf.d/20-own.conf";
      await host.write(path, `local_name own.example.com {\n${pair}}\n`);
      const installation = await firstOf(dovecot);
      const settle = async (): Promise<void> => {
        for (const change of (await dovecot.plan(installation, certificate, [], dovecotPlaced)).changes)
          await dovecot.apply(installation, change);
        await dovecot.check(installation);
        await dovecot.reload(installation);
      };
      await settle();
      const imaps = implicit("imap", 993);
      const leaf = (of: ServedCertificate) => leafOfCertificate(host, of, "ecdsa");
      const own = { ...four, slots: { ecdsa: pathsIn("/root/own") } };
      await expect
        .poll(() => served(host, imaps, "ecdsa", "own.example.com", usual), { timeout: 10_000 })
        .toBe(await leaf(own));
      // Nobody is left without a handshake.
      const there = suite === "bookworm" ? { named: own, nameless: certificate } : { named: two, nameless: two };
      await expect
        .poll(() => served(host, imaps, "ecdsa", "own.example.com", other), { timeout: 10_000 })
        .toBe(await leaf(there.named));
      await expect
        .poll(() => served(host, imaps, "ecdsa", "", other), { timeout: 10_000 })
        .toBe(await leaf(there.nameless));
      const overrides = await dovecot.readBack(installation, certificate, [], dovecotPlaced);
      if (suite === "trixie") return expect(overrides).toEqual([]);
      // Nobody else has that name: it is not offered to a tired person.
      expect(overrides).toMatchObject([
        { scope: "local_name own.example.com", certificate: "two.example.net", path, line: 2, edit: [] },
        { scope: "local_name own.example.com", certificate: "four", path, line: 2, edit: [] },
      ]);
      await host.must(`sed -i s/own.example.com/own.example.net/ ${path} && doveadm reload`);
      const covered = await dovecot.readBack(installation, certificate, byName, dovecotPlaced);
      const mine = covered.filter((one) => one.certificate === two.name);
      expect(mine).toMatchObject([{ scope: "local_name own.example.net", path, line: 2 }]);
      expect(mine[0]?.edit).toHaveLength(2);
      for (const change of mine[0]?.edit ?? []) await dovecot.apply(installation, change);
      await settle();
      expect(await dovecot.readBack(installation, certificate, [], dovecotPlaced)).toEqual([]);
      await expect
        .poll(() => served(host, imaps, "ecdsa", "own.example.com", other), { timeout: 10_000 })
        .toBe(await leaf(two));
    });
  });
}
