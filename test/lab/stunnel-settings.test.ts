// A stunnel that is not as simple: daemons that must be restarted, services that are not for mail alone.
import { describe, expect, test } from "vitest";
import type { Installation } from "../../src/servers/server.ts";
import { before, global, mail, startLine, stop, stunnelLab } from "./stunnel-host.ts";
import { bySni, certificate, folder, leafOf, makePair, served, snapshot } from "./server-judge.ts";

describe("a stunnel that is not as simple", () => {
  let installation: Installation;
  const lab = stunnelLab("trixie", { restarts: true });
  const imaps = { protocol: "imap", mode: "implicit", port: 993 } as const;
  const setUp = async (): Promise<void> => {
    await lab.setUp(installation);
    await lab.server.check(installation);
  };

  test("with setuid it is restarted, since a reload would take its ports away; its check reads keys as root", async () => {
    installation = await lab.ready({ mail: `setuid = stunnel4\nsetgid = stunnel4\n${mail}` }, [993, 995, 1143]);
    const old = await lab.host.must("pidof stunnel4");
    await setUp();
    expect((await lab.server.plan(installation, certificate)).notes).toMatchObject([
      { severity: "info", message: expect.stringContaining("(setuid): it is restarted") as string },
    ]);
    await lab.server.reload(installation);
    await expect
      .poll(() => served(lab.host, imaps, "rsa"), { timeout: 10_000 })
      .toBe(await leafOf(lab.host, `${folder}/live/rsa`));
    expect(await lab.host.must("pidof stunnel4")).not.toBe(old);
    // Sessions are not ended for nothing: only what changed since it started is a reason. Its start is known to the second.
    await lab.host.must("sleep 1.1; /etc/init.d/stunnel4 restart mail");
    const settledPid = await lab.host.must("pidof stunnel4");
    await lab.server.reload(installation);
    expect(await lab.host.must("pidof stunnel4")).toBe(settledPid);
    await lab.host.must(
      `cp -a ${folder}/live/. ${folder}/next && ln -sfn next ${folder}/link && mv -T ${folder}/link ${folder}/live`,
    );
    await lab.server.reload(installation);
    expect(await lab.host.must("pidof stunnel4")).not.toBe(settledPid);
    await lab.host.must(`ln -sfn generations/0001 ${folder}/link && mv -T ${folder}/link ${folder}/live`);
    expect((await lab.server.detect()).map(({ running, keyGroup }) => [running, keyGroup])).toEqual([
      [true, undefined],
    ]);
  });

  test("tunnels of other ports and ends of clients are no mail servers; each file is a daemon of its own", async () => {
    const web = `${global.replaceAll("mail", "web")}cert = ${before}/rsa/combined.pem\n[https]\naccept = 443\nconnect = 80\n[out]\nclient = yes\naccept = 127.0.0.1:993\nconnect = elsewhere.example.org:993\n`;
    installation = await lab.ready({ mail, web }, [993, 995, 1143]);
    expect(await lab.server.detect()).toMatchObject([{ id: "stunnel-mail", running: true }]);
    await lab.host.write("/etc/stunnel/stunnel.conf", mail.replace("mail.pid", "other.pid"));
    expect((await lab.server.detect()).map(({ id, running }) => `${id} ${running}`)).toEqual([
      "stunnel-mail true",
      "stunnel false",
    ]);
    // Of two files with one name each has its own.
    await lab.host.write(
      "/opt/x/mail.conf",
      `${global.replace("mail.pid", "x.pid")}cert = ${before}/rsa/combined.pem\n[imaps]\naccept = 2993\nconnect = 127.0.0.1:9143\n[pop3]\naccept = 4995\nprotocol = pop3\nconnect = 127.0.0.1:9\n`,
    );
    await lab.host.must("stunnel4 /opt/x/mail.conf 2>&1");
    expect((await lab.server.detect()).map(({ id, configDir }) => `${id} ${configDir}`)).toEqual([
      "stunnel-mail /etc/stunnel",
      "stunnel /etc/stunnel",
      "stunnel/opt/x/mail /opt/x",
    ]);
    await lab.host.must("kill $(cat /run/stunnel4/x.pid)");
  });

  test("lines that other services inherit stay; by SNI one that has a name of ours changes, and others do not", async () => {
    installation = await lab.ready(
      {
        mail: `${global}cert = ${before}/rsa/combined.pem\n[https]\naccept = 8443\nconnect = 80\n[pop3s]\naccept = 995\nconnect = 110\n[imaps]\naccept = 993\ncert = ${before}/rsa/combined.pem\nconnect = 9143\n[ours]\nsni = imaps:mail.example.org\ncert = ${before}/rsa/combined.pem\nconnect = 9143\n[theirs]\nsni = imaps:before.example.org\ncert = ${before}/rsa/combined.pem\nconnect = 9143\n`,
      },
      [993, 995, 8443],
    );
    const untouched = await snapshot(lab.host, "/etc/stunnel");
    expect((await lab.server.plan(installation, certificate)).notes.map(({ message }) => message)).toEqual([
      "stunnel-mail: port 8443 is none of mail's: its certificate stays as it is",
    ]);
    const overrides = await lab.server.readBack(installation, certificate);
    expect(overrides.map(({ scope, edit }) => `${scope} ${edit.length}`)).toEqual([
      "the service [ours] 2",
      "the service [imaps] 2",
      // It inherits: it gets lines of its own.
      "the service [pop3s] 2",
    ]);
    const changes = await lab.setUp(installation);
    await lab.server.check(installation);
    await lab.server.reload(installation);
    const expectLeaf = async (name: string, path: string): Promise<void> =>
      expect.poll(() => served(lab.host, imaps, "rsa", name), { timeout: 10_000 }).toBe(await leafOf(lab.host, path));
    await expectLeaf("mail.example.org", `${folder}/live/rsa`);
    await expectLeaf("elsewhere.example.com", `${folder}/live/rsa`);
    await expectLeaf("before.example.org", `${before}/rsa`);
    const pop3s = { protocol: "pop3", mode: "implicit", port: 995 } as const;
    await expect
      .poll(() => served(lab.host, pop3s, "rsa"), { timeout: 10_000 })
      .toBe(await leafOf(lab.host, `${folder}/live/rsa`));
    await expect
      .poll(() => served(lab.host, { ...pop3s, port: 8443 }, "rsa"), { timeout: 10_000 })
      .toBe(await leafOf(lab.host, `${before}/rsa`));
    await lab.revertAll(installation, changes);
    expect(await snapshot(lab.host, "/etc/stunnel")).toBe(untouched);
  });

  test("our folders stay where somebody's copy of a line includes them; names of theirs are told; programs are not started by a test", async () => {
    await lab.host.write("/opt/helper", "#!/bin/sh\necho started >> /root/started\nsleep 1\n", "755");
    const helper = "[helper]\nexec = /opt/helper\nclient = yes\nconnect = 127.0.0.1:9143\n";
    const theirs = `[theirs]\nsni = imaps:two.example.net\ncert = ${before}/rsa/combined.pem\nconnect = 9143\n`;
    installation = await lab.ready({ mail: `${mail}${theirs}${helper}` }, [993, 995, 1143]);
    // The real one starts it when it starts.
    await expect.poll(async () => (await lab.host.exec("rm /root/started")).status, { timeout: 10_000 }).toBe(0);
    const asked = await lab.server.readBack(installation, certificate, bySni);
    expect(asked.map(({ scope, certificate: whose, missing, edit }) => [scope, whose, missing, edit.length])).toEqual([
      ["clients that ask for a name of two.example.net", "two.example.net", true, 2],
      ["clients that ask for a name of wild", "wild", true, 2],
      ["the service [imap]", undefined, undefined, 2],
      ["the service [pop3s]", undefined, undefined, 2],
      ["the service [imaps]", undefined, undefined, 2],
      ["the service [theirs]", "two.example.net", undefined, 0],
    ]);
    const changes = asked.flatMap(({ edit }) => edit);
    await lab.applyAll(installation, changes);
    await lab.server.check(installation);
    expect((await lab.host.exec("ls /root/started")).status).not.toBe(0);
    // The block of somebody who wanted the same certificate at another port.
    const copied = "[copied]\naccept = 4190\nconnect = 9143\ninclude = /etc/stunnel/mailcert-mail.d/\n";
    await lab.host.must("cat >> /etc/stunnel/mail.conf", { input: copied });
    for (const change of changes.toReversed().filter(({ kind }) => kind === "line"))
      expect(await lab.server.revert(installation, change)).toBe("reverted");
    const own = changes.find((change) => change.kind === "file" && change.path.endsWith("certificate.conf"));
    if (!own) throw new Error("no file was written");
    await expect(lab.server.revert(installation, own)).rejects.toMatchObject({
      kind: "config",
      message: expect.stringContaining(
        "an include in /etc/stunnel/mail.conf: without it stunnel would not start",
      ) as string,
    });
    await lab.host.must("sed -i '/mailcert-mail.d/d' /etc/stunnel/mail.conf");
    expect(await lab.server.revert(installation, own)).toBe("reverted");
  });

  test("a key of another certificate is found before any reload; one that runs as somebody else names its group", async () => {
    installation = await lab.ready({ mail }, [993, 995, 1143]);
    await setUp();
    await lab.host.must(`mv ${folder}/live/rsa/privkey.pem /root/right.pem`);
    await makePair(lab.host, "/root/other", "rsa", "mail.example.org");
    await lab.host.must(`cp /root/other/privkey.pem ${folder}/live/rsa/privkey.pem`);
    await expect(lab.server.check(installation)).rejects.toMatchObject({ kind: "config" });
    await lab.host.must(
      `mv /root/right.pem ${folder}/live/rsa/privkey.pem && chmod 600 ${folder}/live/rsa/privkey.pem`,
    );
    await lab.server.check(installation);
    await lab.host.must(`${stop}; sed -i 's/accept = 993/accept = 4190/; s/:995/:2525/' /etc/stunnel/mail.conf
chmod -R a+rX ${folder} && setpriv --reuid=stunnel4 --regid=stunnel4 --clear-groups chmod 755 /run/stunnel4; chgrp stunnel4 ${folder}/live/*/privkey.pem; chmod 640 ${folder}/live/*/privkey.pem`);
    await lab.host.must(`setpriv --reuid=stunnel4 --regid=stunnel4 --clear-groups ${startLine}`);
    await lab.settled([1143, 2525, 4190]);
    expect(await lab.server.detect()).toMatchObject([{ id: "stunnel-mail", keyGroup: "stunnel4" }]);
  });

  test("a process of somebody's that is called so, and names its file, is not believed: no key becomes its group's", async () => {
    installation = await lab.ready({ mail }, [993, 995, 1143]);
    await lab.host.must(`${stop}; rm -f /run/stunnel4/mail.pid; useradd -m mallory`);
    await lab.host.must("cp /usr/bin/tail /home/mallory/stunnel4 && chmod 755 /home/mallory /home/mallory/stunnel4");
    const theirs = lab.host.spawn(["/home/mallory/stunnel4", "-f", "/etc/stunnel/mail.conf"], { user: "mallory" });
    await expect.poll(async () => (await lab.host.exec("pidof stunnel4")).status, { timeout: 10_000 }).toBe(0);
    const [found] = await lab.server.detect();
    expect(found).toMatchObject({ id: "stunnel-mail", running: false });
    expect(found?.keyGroup).toBeUndefined();
    theirs.kill();
  });
});
