// The hourly run in its sandbox, with all that it may have to write: Exim's generated configuration, keys for Exim's group, copies, bundles, a certificate that is due.
import { expect, it } from "vitest";
import { installExim, startExim } from "../lab/exim-host.ts";
import { startMailHost } from "../lab/mail-host.ts";
import { all, expectServed, folder, liveLeaf, name } from "./deployed-host.ts";

const config = `certificates:
  ${name}:
    issuer: private-ca
    bundle: /srv/bundle
    files:
      app:
        fullchain: /srv/app/tls/cert.pem
        privkey: /srv/app/tls/key.pem
        group: ssl-cert
        reload: [/usr/local/bin/reload-app]
`;

it("renews, lets Exim read the new key, copies, writes the bundle, reloads and proves; a program of ours elsewhere needs the folder named", async () => {
  const host = await startMailHost({ suite: "trixie", exim: true, systemd: true });
  try {
    await installExim(host, "split");
    await host.must("systemctl daemon-reload");
    await startExim(host, [25]);
    await host.startDovecot();
    await host.must("mkdir -p /srv/app/tls /srv/app/log /srv/bundle");
    await host.write("/usr/local/bin/reload-app", "#!/bin/sh\ndate >>/srv/app/log/reloads\n", "755");
    await host.write("/etc/mailcert/mailcert.yaml", config);
    const long = { timeoutMs: 120_000 };
    const made = await host.exec("faketime '-300 days' mailcert issue && mailcert deploy", long);
    expect(made.status, made.stdout + made.stderr).toBe(0);
    const old = await liveLeaf(host);
    const key = await host.must(["cat", "/srv/app/tls/key.pem"]);

    // The first run is started at once, and fails: nothing says that the program of `reload` writes there.
    const installed = await host.mailcert(["schedule", "install"], long);
    expect(installed.status).toBe(1);
    expect(installed.stdout).toMatch(/first run at .*: failed \(exit 1\)\n[\s\S]*\/usr\/local\/bin\/reload-app/);
    await host.write("/etc/systemd/system/mailcert.service.d/app.conf", "[Service]\nReadWritePaths=/srv/app/log\n");
    await host.must("systemctl daemon-reload && systemctl start mailcert.service", long);

    const leaf = await liveLeaf(host);
    expect(leaf).not.toBe(old);
    await expectServed(host, all([25, 993], leaf));
    expect(await host.must(`stat -c '%a %G' ${folder}/live/ecdsa/privkey.pem /srv/app/tls/key.pem`)).toBe(
      "640 Debian-exim\n640 ssl-cert\n",
    );
    // A renewal keeps its key.
    expect(await host.must(["cat", "/srv/app/tls/key.pem"])).toBe(key);
    expect(await host.must(`cmp /srv/app/tls/cert.pem ${folder}/live/ecdsa/fullchain.pem; ls /srv/bundle`)).toContain(
      "ca.crt",
    );
    // A folder that is named later is not the unit's until it is written anew.
    expect(await host.must(["mailcert", "status"])).not.toContain("not what would be written now");
    await host.must("mkdir /srv/other && sed -i s,/srv/bundle,/srv/other, /etc/mailcert/mailcert.yaml");
    expect(await host.must(["mailcert", "status"])).toMatch(
      /^warning: \/etc\/systemd\/system\/mailcert\.service .*not what would be written now \(.*: mailcert schedule install$/m,
    );
    await host.exec("systemctl start mailcert.service", long);
    const doctor = (await host.mailcert(["doctor", "--json"], long)).stdout;
    const { looks } = JSON.parse(doctor) as { looks: { findings: { check: string }[] }[] };
    const told = looks.flatMap(({ findings }) => findings).filter(({ check }) => check === "doctor-schedule");
    expect(told, doctor).toMatchObject([{ severity: "fault", command: "mailcert schedule install" }]);
    await host.must("mailcert schedule install && ls /srv/other/ca.crt", long);
    expect(await host.must(["mailcert", "status"])).not.toContain("warning: ");
    // What the administrator wrote stays, and is all that does.
    expect((await host.mailcert(["schedule", "remove"])).status).toBe(0);
    expect(await host.must("cd /etc/systemd/system && find . -path '*mailcert*' -type f")).toBe(
      "./mailcert.service.d/app.conf\n",
    );
  } finally {
    await host.stop();
  }
}, 400_000);
