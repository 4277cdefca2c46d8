// A HAProxy that is not for mail alone: what is changed, what is shown and left; names by SNI, and how it is reloaded.
import { describe, expect, test } from "vitest";
import type { Installation } from "../../src/servers/server.ts";
import { before, frontends, haproxyLab } from "./haproxy-host.ts";
import { pretending } from "./pretending.ts";
import { certificate, folder, leafOf, makePair, pathsIn, served, snapshot } from "./server-judge.ts";

describe("a HAProxy that is not for mail alone", () => {
  let installation: Installation;
  const lab = haproxyLab("trixie");
  const imaps = { protocol: "imap", mode: "implicit", port: 993 } as const;

  test("web frontends, and mail that is handed on, are none of ours", async () => {
    await lab.configure({
      web: `frontend web\n bind :443 ssl crt ${before}\n bind :993 ssl crt ${before}\n mode http\nlisten imaps\n bind :995\n mode tcp\n server s 127.0.0.1:995\n`,
    });
    expect(await lab.server.detect()).toEqual([]);
  });

  test("a bind line with another port is shown, never changed; other ports are told; PROXY protocol, families", async () => {
    installation = await lab.ready(
      {
        frontends: `frontend both\n bind :443,:993 ssl crt ${before}\nfrontend web\n bind :8443 ssl crt ${before}\n mode http\nfrontend in\n bind 127.0.0.1:995 ssl crt ${before} accept-proxy\n bind ipv4@:143\n default_backend b\nbackend b\n server s 127.0.0.1:9\n`,
      },
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
    installation = await lab.ready({ frontends }, [465, 993, 995]);
    const untouched = await snapshot(lab.host, "/etc/haproxy");
    const more = `${folder}/../more/live/ecdsa`;
    await makePair(lab.host, more, "ecdsa", "mail.example.net");
    const further = [{ name: "more", names: ["mail.example.net", "*.example.net"], slots: { ecdsa: pathsIn(more) } }];
    const [first] = await lab.server.readBack(installation, certificate, further);
    await lab.applyAll(installation, first?.edit ?? []);
    expect(await lab.host.read("/etc/haproxy/haproxy.cfg")).toMatch(
      new RegExp(
        `\tbind :993 ssl crt-list /etc/haproxy/mailcert.crt-list crt ${before} alpn imap # theirs # mailcert [0-9a-f]{8}\n`,
      ),
    );
    await lab.server.check(installation);
    await lab.server.reload(installation);
    const expectLeaf = async (name: string, slot: "ecdsa" | "rsa", path: string): Promise<void> =>
      expect.poll(() => served(lab.host, imaps, slot, name), { timeout: 10_000 }).toBe(await leafOf(lab.host, path));
    await expectLeaf("mail.example.net", "ecdsa", more);
    await expectLeaf("any.example.net", "ecdsa", more);
    // A wildcard is one label there.
    await expectLeaf("a.b.example.net", "ecdsa", `${folder}/live/ecdsa`);
    await expectLeaf("before.example.org", "rsa", "/etc/ssl/before/rsa");
    for (const slot of ["ecdsa", "rsa"] as const) {
      await expectLeaf("mail.example.org", slot, `${folder}/live/${slot}`);
      await expectLeaf("elsewhere.example.com", slot, `${folder}/live/${slot}`);
    }
    await lab.revertAll(installation, first?.edit ?? []);
    expect(await snapshot(lab.host, "/etc/haproxy")).toBe(untouched);
  });

  test("our list stays where a bind line of somebody's names it; its own environment is the one that it is tried in", async () => {
    const text =
      'frontend in\n bind "${MAIL_ADDRESS}:993" ssl crt "$CERTS/rsa/combined.pem"\n default_backend b\nbackend b\n server s 127.0.0.1:9\n';
    await lab.host.must("kill $(pidof haproxy); while pidof haproxy; do sleep 0.05; done; rm -f /run/haproxy.pid");
    await lab.host.must("rm -rf /etc/haproxy && cp -a /root/etc/haproxy /etc/ && cat >> /etc/haproxy/haproxy.cfg", {
      input: `${text}frontend fixed\n bind :995 ssl crt ${before}\n default_backend b\n`,
    });
    const [stopped] = await lab.server.detect();
    if (!stopped) throw new Error("not detected");
    await expect(lab.server.check(stopped)).rejects.toMatchObject({
      kind: "config",
      message:
        "HAProxy's configuration names variables of its environment (MAIL_ADDRESS, CERTS), and it does not run: it cannot be tested",
    });
    // Where the keys are, root says: the process is its user's, who could have written anything there.
    await lab.host.write("/etc/default/haproxy", "CERTS=/etc/ssl/before\n", "644");
    await lab.host.must(
      "MAIL_ADDRESS=192.0.2.10 CERTS=/etc/ssl/before haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid",
    );
    await lab.settled([993, 995]);
    const [found] = await lab.server.detect();
    if (!found) throw new Error("not detected");
    installation = found;
    await lab.server.check(installation);
    const changes = await lab.setUp(installation);
    await lab.server.reload(installation);
    await expect
      .poll(() => served(lab.host, { ...imaps, protocol: "pop3", port: 995 }, "rsa"), { timeout: 10_000 })
      .toBe(await leafOf(lab.host, `${folder}/live/rsa`));
    // The successor has the address, and not every address.
    expect(await lab.host.must("ss -Hltn 'sport = :993'")).toContain("192.0.2.10:993");
    await lab.host.must("cat >> /etc/haproxy/haproxy.cfg", {
      input: "frontend copied\n bind :465 ssl crt-list /etc/haproxy/mailcert.crt-list\n default_backend b\n",
    });
    for (const change of changes.toReversed().filter(({ kind }) => kind === "line"))
      expect(await lab.server.revert(installation, change)).toBe("reverted");
    const file = changes.find(({ kind }) => kind === "file");
    if (!file) throw new Error("no file was written");
    await expect(lab.server.revert(installation, file)).rejects.toMatchObject({
      message: expect.stringMatching(/named by \/etc\/haproxy\/haproxy.cfg line \d+: without it HAProxy/) as string,
    });
    await lab.host.must("kill $(pidof haproxy); while pidof haproxy; do sleep 0.05; done; rm -f /run/haproxy.pid");
  });

  test("one that somebody else started, with files of his own, is none of this host's", async () => {
    await lab.host.must(
      `useradd -m mallory; install -d -o mallory /home/mallory/h && printf 'defaults\n mode tcp\n timeout connect 1s\n timeout client 1s\n timeout server 1s\nfrontend x\n bind 127.0.0.1:4190 ssl crt /home/mallory/h/c.pem\n default_backend b\nbackend b\n server s 127.0.0.1:9\n' > /home/mallory/h/haproxy.cfg && cp ${before} /home/mallory/h/c.pem && chown mallory /home/mallory/h/*`,
    );
    await lab.host.must("haproxy -D -f /home/mallory/h/haproxy.cfg", { user: "mallory" });
    await lab.settled([4190]);
    expect(await lab.server.detect()).toMatchObject([{ configDir: "/etc/haproxy", running: false }]);
    await lab.host.must("kill $(pidof haproxy); while pidof haproxy; do sleep 0.05; done");
  });

  test("of one that only works as its user the words are nobody's: files that are not root's, folders, what root would write", async () => {
    installation = await lab.ready({ frontends }, [465, 993, 995]);
    await lab.host.must("kill $(pidof haproxy); while pidof haproxy; do sleep 0.05; done; rm -f /run/haproxy.pid");
    await lab.host.write("/usr/local/lib/pretend.pl", pretending);
    let last: ReturnType<typeof lab.host.spawn> | undefined;
    const pretend = async (...words: readonly string[]): Promise<void> => {
      last?.kill("SIGKILL");
      await lab.host.must("while pidof haproxy; do sleep 0.05; done");
      last = lab.host.spawn(["perl", "/usr/local/lib/pretend.pl", ...words], { user: "haproxy" });
      await expect.poll(async () => (await lab.host.exec("pidof haproxy")).status, { timeout: 30_000 }).toBe(0);
    };
    const config = "/etc/haproxy/haproxy.cfg";
    await lab.host.must("install -d -o haproxy /tmp/evil");
    for (const words of [
      ["-D", "-f", "/none.cfg", "-f", config],
      ["-D", "-C", "/tmp/evil", "-f", config],
    ]) {
      await pretend(...words);
      expect(await lab.server.detect()).toMatchObject([{ configDir: "/etc/haproxy", running: false }]);
    }
    await lab.host.write("/root/victim", "precious\n");
    await pretend("-D", "-f", config, "-p", "/root/victim", "-S", "/tmp/evil/master");
    expect(await lab.server.detect()).toMatchObject([{ configDir: "/etc/haproxy", running: true }]);
    await lab.server.reload(installation);
    await lab.settled([465, 993, 995]);
    expect(await lab.host.read("/root/victim")).toBe("precious\n");
    const all = await lab.host.must("for pid in $(pidof haproxy); do tr '\\0' ' ' < /proc/$pid/cmdline; echo; done");
    expect(all).toMatch(/^haproxy -D -f \/etc\/haproxy\/haproxy\.cfg -sf \d+ $/m);
    await lab.host.must("kill -9 $(pidof haproxy); while pidof haproxy; do sleep 0.05; done");
  });

  test("without a master process a successor takes over; one in the foreground says that it cannot be reloaded", async () => {
    installation = await lab.ready({ frontends }, [465, 993, 995]);
    await lab.setUp(installation);
    await lab.host.must(
      "kill $(cat /run/haproxy.pid); while pidof haproxy; do sleep 0.05; done; haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid",
    );
    const old = (await lab.host.read("/run/haproxy.pid")).trim();
    await makePair(lab.host, `${folder}/live/rsa`, "rsa", "mail.example.org");
    await lab.server.reload(installation);
    await expect
      .poll(() => served(lab.host, imaps, "rsa"), { timeout: 10_000 })
      .toBe(await leafOf(lab.host, `${folder}/live/rsa`));
    expect((await lab.host.read("/run/haproxy.pid")).trim()).not.toBe(old);
    await lab.host.must("kill $(pidof haproxy); while pidof haproxy; do sleep 0.05; done; rm -f /run/haproxy.pid");
    lab.host.spawn(["haproxy", "-db", "-f", "/etc/haproxy/haproxy.cfg"]);
    await lab.settled([465, 993, 995]);
    await expect(lab.server.reload(installation)).rejects.toMatchObject({ kind: "unavailable" });
    await lab.host.must("kill $(pidof haproxy); while pidof haproxy; do sleep 0.05; done");
  });
});
