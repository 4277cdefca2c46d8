// The HAProxy adapter on Debian's real HAProxy: the contract, after a yes; SNI, and bind lines that are not for mail alone.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Change, Installation } from "../../src/servers/server.ts";
import { type ServerUnderTest, serverContract } from "../contract/server.ts";
import type { MailHost } from "./mail-host.ts";
import { type ProxyLab, installHaproxy, judged, openProxyLab } from "./proxies-host.ts";
import {
  bySni,
  certificate,
  folder,
  leafOf,
  makeBySni,
  makePair,
  openPorts,
  pathsIn,
  served,
  snapshot,
} from "./server-judge.ts";

const before = "/etc/ssl/before/rsa/combined.pem";
const frontends = `frontend mail
	bind :993 ssl crt ${before} alpn imap # theirs
	bind 127.0.0.1:465,127.0.0.1:995 name ssl ssl crt /etc/ssl/before/ecdsa/combined.pem crt ${before}
	default_backend servers
backend servers
	server dovecot 127.0.0.1:143 send-proxy-v2-ssl
`;

let lab: ProxyLab;
let host: MailHost;
const configure = async (text: string): Promise<void> => {
  await host.must("rm -rf /etc/haproxy && cp -a /root/etc/haproxy /etc/");
  await host.must("cat >> /etc/haproxy/haproxy.cfg", { input: text });
  await host.must(
    "haproxy -c -f /etc/haproxy/haproxy.cfg 2>&1 && if pid=$(cat /run/haproxy.pid 2>/dev/null); then kill -USR2 $pid; else haproxy -W -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid; fi",
  );
};
const settled = (ports: readonly number[]): Promise<void> =>
  expect.poll(() => openPorts(host, "haproxy"), { timeout: 10_000 }).toEqual(ports);

beforeAll(async () => {
  lab = await openProxyLab("haproxy");
  ({ host } = lab);
  await installHaproxy(host);
  await makeBySni(host);
  await host.must("mkdir /root/etc && cp -a /etc/haproxy /root/etc/");
}, 60_000);
afterAll(() => lab?.host.stop());

const subject = (): ServerUnderTest => ({
  ...judged(lab, "/etc/haproxy"),
  bySni,
  version: /^3\.0\./,
  reset: async () => {
    await configure(frontends);
    await settled([465, 993, 995]);
  },
  openPorts: () => openPorts(host, "haproxy"),
  breakConfiguration: async () => {
    await host.must("echo ' bind :143 no-such-word' >> /etc/haproxy/haproxy.cfg");
    return "no-such-word";
  },
  overwriteOurs: async () => {
    await host.must("echo '# mine now' >> /etc/haproxy/mailcert.crt-list");
  },
  isCertificateSetting: (change) =>
    change.kind === "file"
      ? change.path === "/etc/haproxy/mailcert.crt-list" && change.mode === 0o644
      : change.kind === "line" &&
        change.after.replace("crt-list /etc/haproxy/mailcert.crt-list ", "") === (change.before ?? ""),
});

serverContract("haproxy", async () => subject(), { byName: true });

describe("a HAProxy that is not for mail alone", () => {
  let installation: Installation;
  const ready = async (text: string, ports: readonly number[]): Promise<void> => {
    await configure(text);
    await settled(ports);
    const [found] = await lab.server.detect();
    if (!found) throw new Error("not detected");
    installation = found;
  };
  const apply = async (changes: readonly Change[]): Promise<void> => {
    for (const change of changes) await lab.server.apply(installation, change);
  };
  const imaps = { protocol: "imap", mode: "implicit", port: 993 } as const;

  test("web frontends, and mail that is handed on, are none of ours", async () => {
    await configure(
      `frontend web\n bind :443 ssl crt ${before}\n bind :993 ssl crt ${before}\n mode http\nlisten imaps\n bind :995\n mode tcp\n server s 127.0.0.1:995\n`,
    );
    expect(await lab.server.detect()).toEqual([]);
  });

  test("a bind line with another port is shown, never changed; other ports are told; PROXY protocol, families", async () => {
    await ready(
      `frontend both\n bind :443,:993 ssl crt ${before}\nfrontend web\n bind :8443 ssl crt ${before}\n mode http\nfrontend in\n bind 127.0.0.1:995 ssl crt ${before} accept-proxy\n bind ipv4@:143\n default_backend b\nbackend b\n server s 127.0.0.1:9\n`,
      [143, 443, 993, 995, 8443],
    );
    const { notes } = await lab.server.plan(installation, certificate);
    expect(notes).toMatchObject([
      { message: "haproxy: port 8443 is none of mail's: its certificate stays as it is" },
      { message: expect.stringContaining("binds 993 together with 443") as string },
    ]);
    expect(await lab.server.readBack(installation, certificate)).toMatchObject([
      { scope: "port 993", setting: `bind :443,:993 ssl crt ${before}`, edit: [] },
      { scope: "port 995", edit: [{ kind: "file" }, { kind: "line" }] },
    ]);
    expect(await lab.server.listeners(installation)).toMatchObject([
      { protocol: "imap", mode: "implicit", port: 993, address: "0.0.0.0" },
      { protocol: "pop3", port: 995, unobservable: expect.stringContaining("accept-proxy") as string },
      { protocol: "imap", mode: "starttls", ownCertificate: expect.stringContaining("default_backend b") as string },
    ]);
  });

  test("SNI: each name its own certificate, names of theirs stay, everybody else gets ours; and all goes back", async () => {
    await ready(frontends, [465, 993, 995]);
    const untouched = await snapshot(host, "/etc/haproxy");
    const more = `${folder}/../more/live/ecdsa`;
    await makePair(host, more, "ecdsa", "mail.example.net");
    const further = [{ name: "more", names: ["mail.example.net"], slots: { ecdsa: pathsIn(more) } }];
    const [first] = await lab.server.readBack(installation, certificate, further);
    await apply(first?.edit ?? []);
    expect(await host.read("/etc/haproxy/haproxy.cfg")).toContain(
      `\tbind :993 ssl crt-list /etc/haproxy/mailcert.crt-list crt ${before} alpn imap # theirs\n`,
    );
    await lab.server.check(installation);
    await lab.server.reload(installation);
    const expectLeaf = async (name: string, slot: "ecdsa" | "rsa", path: string): Promise<void> =>
      expect.poll(() => served(host, imaps, slot, name), { timeout: 10_000 }).toBe(await leafOf(host, path));
    await expectLeaf("mail.example.net", "ecdsa", more);
    await expectLeaf("before.example.org", "rsa", "/etc/ssl/before/rsa");
    for (const slot of ["ecdsa", "rsa"] as const) {
      await expectLeaf("mail.example.org", slot, `${folder}/live/${slot}`);
      await expectLeaf("elsewhere.example.com", slot, `${folder}/live/${slot}`);
    }
    for (const change of (first?.edit ?? []).toReversed())
      expect(await lab.server.revert(installation, change)).toBe("reverted");
    expect(await snapshot(host, "/etc/haproxy")).toBe(untouched);
  });

  test("without a master process a successor takes over; one in the foreground says that it cannot be reloaded", async () => {
    await ready(frontends, [465, 993, 995]);
    for (const change of (await lab.server.readBack(installation, certificate)).flatMap(({ edit }) => edit))
      await lab.server.apply(installation, change);
    await host.must(
      "kill $(cat /run/haproxy.pid); while pidof haproxy; do sleep 0.05; done; haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid",
    );
    const old = (await host.read("/run/haproxy.pid")).trim();
    await makePair(host, `${folder}/live/rsa`, "rsa", "mail.example.org");
    await lab.server.reload(installation);
    await expect
      .poll(() => served(host, imaps, "rsa"), { timeout: 10_000 })
      .toBe(await leafOf(host, `${folder}/live/rsa`));
    expect((await host.read("/run/haproxy.pid")).trim()).not.toBe(old);
    await host.must("kill $(pidof haproxy); while pidof haproxy; do sleep 0.05; done; rm -f /run/haproxy.pid");
    host.spawn(["haproxy", "-db", "-f", "/etc/haproxy/haproxy.cfg"]);
    await settled([465, 993, 995]);
    await expect(lab.server.reload(installation)).rejects.toMatchObject({ kind: "unavailable" });
    await host.must("kill $(pidof haproxy); while pidof haproxy; do sleep 0.05; done");
  });
});
