// What doctor asks this host: programs' answers are read, files are looked at, and a program that is not there is no failure.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accessLists, parseAccessLists } from "../../../src/system/doctor/access-list.ts";
import { clockFacts } from "../../../src/system/doctor/clock-facts.ts";
import { confinementFacts } from "../../../src/system/doctor/confinement-facts.ts";
import { diskFacts, mountOf } from "../../../src/system/doctor/disk-facts.ts";
import { packageFacts, suitesIn } from "../../../src/system/doctor/package-candidate.ts";
import { serviceIn, serviceOf } from "../../../src/system/doctor/process-unit.ts";
import { missingPrograms, programsIn } from "../../../src/system/doctor/scheduled-programs.ts";
import { secretsOfConfig, secretsOfState } from "../../../src/system/doctor/secret-files.ts";
import { fakeRun } from "../../servers/fake-run.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-doctor-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const write = (path: string, text = "x", mode = 0o600): string => {
  const whole = join(dir, path);
  mkdirSync(join(whole, ".."), { recursive: true });
  writeFileSync(whole, text, { mode });
  return whole;
};

describe("access lists", () => {
  const text = `# file: /a/privkey.pem
# owner: root
# group: root
user::rw-
user:app:r--
group::r--			#effective:r--
group:www-data:r--		#effective:---
mask::r--
other::---
`;

  it("who is named and may read", async () => {
    expect([...parseAccessLists(text)]).toEqual([["/a/privkey.pem", ["user:app"]]]);
    const { run, asked } = fakeRun({ "getfacl --absolute-names --skip-base -- /a/privkey.pem": text });
    expect(await accessLists(run, ["/a/privkey.pem"])).toEqual(new Map([["/a/privkey.pem", ["user:app"]]]));
    expect(asked).toHaveLength(1);
  });

  it("without getfacl: whether there is one", async () => {
    const ls = (path: string, said: string) => ({ [`ls -ldn -- ${path}`]: `${said} 1 0 0 5 Nov 20 12:00 ${path}\n` });
    const { run } = fakeRun({ ...ls("/a", "-rw-r-----+"), ...ls("/b", "-rw-r-----"), ...ls("/c", "-rw-r-----.") });
    expect(await accessLists(run, ["/a", "/b", "/c"])).toEqual(new Map([["/a", ["somebody"]]]));
  });
});

describe("the clock", () => {
  const asked = "timedatectl show --property=NTP,NTPSynchronized,CanNTP";

  it("systemd says", async () => {
    const { run } = fakeRun({ [asked]: "CanNTP=yes\nNTP=no\nNTPSynchronized=no\n" });
    expect(await clockFacts(run)).toEqual({ synchronised: false, kept: false, canKeep: true, program: "timedatectl" });
  });

  it("chrony says where systemd does not", async () => {
    const answer = (leap: string) => ({
      [asked]: { status: 1, stderr: "Failed to connect to bus" },
      "chronyc -n tracking": `Reference ID    : 00000000 ()\nLeap status     : ${leap}\n`,
    });
    expect(await clockFacts(fakeRun(answer("Not synchronised")).run)).toMatchObject({ synchronised: false });
    expect(await clockFacts(fakeRun(answer("Normal")).run)).toMatchObject({ synchronised: true, program: "chronyc" });
  });

  it("nobody says", async () => {
    expect(await clockFacts(fakeRun({}).run)).toBeUndefined();
  });
});

describe("disks", () => {
  const mounts = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 8:2 / /var rw,relatime shared:2 - ext4 /dev/sda2 ro,errors=remount-ro
31 22 8:3 / /srv/a\\040b ro,relatime - ext4 /dev/sda3 rw
`;

  it("the mount that a folder is on, and whether it can be written to", () => {
    expect(mountOf(mounts, "/etc")).toEqual({ mountPoint: "/", readOnly: false });
    expect(mountOf(mounts, "/var/lib")).toEqual({ mountPoint: "/var", readOnly: true });
    expect(mountOf(mounts, "/variety")).toEqual({ mountPoint: "/", readOnly: false });
    expect(mountOf(mounts, "/srv/a b/c")).toEqual({ mountPoint: "/srv/a b", readOnly: true });
    expect(mountOf("", "/etc")).toBeUndefined();
  });

  it("this host's own", async () => {
    expect(await diskFacts(dir)).toMatchObject({ mountPoint: expect.stringMatching(/^\//) as string, readOnly: false });
    expect(await diskFacts(join(dir, "nowhere"))).toBeUndefined();
  });
});

describe("packages", () => {
  it("the candidate, and the releases that the sources say", async () => {
    write("apt/sources.list", "# deb http://a/ sid main\ndeb [signed-by=/k] http://a/ bookworm main\n");
    write("apt/sources.list.d/debian.sources", "Types: deb\nSuites: trixie trixie-updates\n");
    write("apt/sources.list.d/old.list.save", "deb http://a/ sid main\n");
    const said = "dovecot-core:\n  Installed: 1:2.3.19.1+dfsg1-2.1+deb12u1\n  Candidate: 1:2.4.1+dfsg1-6\n";
    const { run } = fakeRun({ "apt-cache policy dovecot-core": said });
    expect(await packageFacts(run, "dovecot-core", join(dir, "apt"))).toEqual({
      candidate: "2.4.1+dfsg1",
      suites: ["bookworm", "trixie", "trixie-updates"],
    });
  });

  it("none is installed, or there is no apt", async () => {
    const { run } = fakeRun({ "apt-cache policy x": "x:\n  Installed: (none)\n  Candidate: (none)\n" });
    expect(await packageFacts(run, "x", join(dir, "none"))).toEqual({
      candidate: undefined,
      suites: [],
    });
    expect(await packageFacts(fakeRun({}).run, "x")).toBeUndefined();
    expect(suitesIn("deb-src http://a/ bookworm main\n")).toEqual([]);
  });
});

describe("processes and programs", () => {
  it("the service that a process belongs to", async () => {
    expect(serviceIn("0::/system.slice/nginx.service\n")).toBe("nginx.service");
    expect(serviceIn("0::/system.slice/system-postfix.slice/postfix@-.service\n")).toBe("postfix@-.service");
    expect(serviceIn("0::/user.slice/user-0.slice/session-1.scope\n")).toBeUndefined();
    write("proc/7/cgroup", "0::/system.slice/x.service\n");
    expect(await serviceOf(7, join(dir, "proc"))).toBe("x.service");
    expect(await serviceOf(8, join(dir, "proc"))).toBeUndefined();
  });

  it("programs that a unit and a line for cron start, and that are gone", async () => {
    const node = write("bin/node");
    const unit = write(
      "u/mailcert.service",
      `[Service]\nExecStart=${node} ${dir}/old/mailcert.js renew --config /etc/x\n`,
    );
    const line = `17 * * * * root ${node} ${dir}/older.js renew --state /s --quiet`;
    expect(programsIn(line)).toEqual([node, `${dir}/older.js`]);
    expect(await missingPrograms([unit, write("cron", `PATH=/bin\n${line}\n`), join(dir, "none")])).toEqual([
      `${dir}/old/mailcert.js`,
      `${dir}/older.js`,
    ]);
  });
});

describe("files with secrets", () => {
  it("keys, not certificates, and what lies in secrets/", async () => {
    const state = join(dir, "state");
    const keys = [
      write("state/accounts/le/1/key.pem"),
      write("state/ca/default/root-key.pem"),
      write("state/certificates/a/generations/0001/ecdsa/combined.pem"),
      write("state/certificates/a/generations/0001/ecdsa/privkey.pem", "x", 0o640),
      write("state/certificates/a/keys/ecdsa/0001.pem"),
      write("state/events.jsonl"),
    ];
    for (const other of [
      "certificates/a/generations/0001/ecdsa/cert.pem",
      "ca/default/root.pem",
      "certificates/a/state.json",
    ])
      write(`state/${other}`, "x", 0o644);
    // Followed, it would show every key twice.
    symlinkSync("generations/0001", join(state, "certificates/a/live"));
    const found = await secretsOfState(state);
    expect(found.map(({ path }) => path)).toEqual(keys);
    expect(found.map(({ mode }) => mode.toString(8))).toEqual(["600", "600", "600", "640", "600", "600"]);
    const token = write("etc/secrets/hetzner.yaml");
    expect((await secretsOfConfig(join(dir, "etc"))).map(({ path }) => path)).toEqual([token]);
    expect(await secretsOfConfig(join(dir, "nowhere"))).toEqual([]);
  });
});

describe("confinement", () => {
  const paths = (where: string) => ({
    selinuxEnforce: join(dir, where, "enforce"),
    apparmorProfiles: join(dir, where, "profiles"),
    apparmorFolder: join(dir, where, "apparmor.d"),
  });

  it("nothing confines", async () => {
    expect(await confinementFacts(fakeRun({}).run, dir, paths("free"))).toEqual({
      enforcing: false,
      mislabelled: [],
      dropIns: [],
    });
  });

  it("SELinux enforces: files of another type than cert_t", async () => {
    write("selinux/enforce", "1\n");
    const state = join(dir, "labelled");
    const leaves = ["a", "b"].map((name) => write(`labelled/certificates/${name}/live/ecdsa/cert.pem`));
    const type = (path: string): string => `stat --dereference --format=%C ${path}`;
    const { run } = fakeRun({
      "semanage fcontext -l -C": "",
      [type(leaves[0] ?? "")]: "system_u:object_r:cert_t:s0\n",
      [type(leaves[1] ?? "")]: "system_u:object_r:var_lib_t:s0\n",
    });
    expect(await confinementFacts(run, state, paths("selinux"))).toEqual({
      enforcing: true,
      mislabelled: [{ path: leaves[1], type: "var_lib_t" }],
      dropIns: [],
    });
    const { trouble } = await confinementFacts(fakeRun({}).run, state, paths("selinux"));
    expect(trouble?.message).toContain("semanage is not installed");
  });

  it("AppArmor confines a mail server: the drop-ins that are missing", async () => {
    write("apparmor/profiles", "dovecot (enforce)\n");
    const { dropIns } = await confinementFacts(fakeRun({}).run, "/state", paths("apparmor"));
    expect(dropIns.map((path) => path.slice(join(dir, "apparmor").length))).toEqual([
      "/apparmor.d/abstractions/ssl_certs.d/mailcert",
      "/apparmor.d/abstractions/ssl_keys.d/mailcert",
    ]);
  });
});
