// What doctor says of rights, reading, confinement and disks, for facts that are well and facts that are not.
import { describe, expect, it } from "vitest";
import { confinementLooked } from "../../../src/domain/doctor/confinement.ts";
import { inodeFinding, remount } from "../../../src/domain/doctor/disk.ts";
import { type Tried, readableLooked } from "../../../src/domain/doctor/readable.ts";
import { changeableFinding, listedFindings, secretFindings } from "../../../src/domain/doctor/rights.ts";
import { Failure } from "../../../src/domain/failure.ts";

const key = "/state/certificates/a/generations/0001/ecdsa/privkey.pem";
const file = { path: key, uid: 0, gid: 0, mode: 0o600, listed: [] };

describe("rights", () => {
  it("a folder that others can change has the command that was found for it, or the one that makes it root's", () => {
    expect(changeableFinding("keys", { path: "/a b", who: "everybody", mend: "chmod go-w '/a b'" })).toMatchObject({
      check: "doctor-folder",
      severity: "fault",
      command: "chmod go-w '/a b'",
    });
    expect(changeableFinding("keys", { path: "/a b", who: "its owner (uid 7)" }).command).toBe("chown root '/a b'");
    const nobodyKnows = changeableFinding("keys", { path: "/tmp", who: "everybody" });
    expect({ command: nobodyKnows.command, hint: nobodyKnows.hint }).toEqual({
      command: undefined,
      hint: "keep it where only root can write",
    });
  });

  it("keys as they are written are well: root's alone, or for the group of a server", () => {
    const forGroup = { ...file, mode: 0o640, gid: 105, group: 105 };
    expect(secretFindings("doctor-key", "private key", [file, forGroup, { ...file, mode: 0o400 }], 0)).toEqual([]);
  });

  it("each command mends all that it is for", () => {
    const open = { ...file, mode: 0o644 };
    const other = { ...file, path: "/state/x'y/key.pem", mode: 0o640, gid: 50 };
    const group = { ...file, path: "/g/privkey.pem", mode: 0o644, gid: 105, group: 105 };
    const foreign = { ...file, path: "/f/privkey.pem", uid: 1000 };
    const found = secretFindings("doctor-key", "private key", [open, other, group, foreign], 0);
    expect(found.map(({ command }) => command)).toEqual([
      `chmod 600 ${key} '/state/x'\\''y/key.pem'`,
      "chmod 640 /g/privkey.pem",
      "chown root /f/privkey.pem",
    ]);
    expect(found[0]?.message).toBe(
      `others can read 2 private keys: ${key} (mode 0644), /state/x'y/key.pem (mode 0640)`,
    );
  });

  it("the mask of an access list is not a mode: who is named there is told, and nothing is taken from them", () => {
    const listed = { ...file, mode: 0o640, listed: ["user:app"] };
    expect(secretFindings("doctor-key", "private key", [listed], 0)).toEqual([]);
    expect(listedFindings([file, listed])).toMatchObject([
      { check: "doctor-acl", severity: "info", message: `user:app may read 1 private key by an access list: ${key}` },
    ]);
    expect(listedFindings([file])).toEqual([]);
    const wide = secretFindings("doctor-key", "private key", [{ ...listed, mode: 0o644 }], 0);
    expect(wide.map(({ command }) => command)).toEqual([`chmod o-rwx ${key}`]);
  });

  it("whoever runs mailcert owns its state", () => {
    expect(secretFindings("doctor-key", "private key", [{ ...file, uid: 1000 }], 1000)).toEqual([]);
  });
});

describe("reading", () => {
  const tried = (over: Partial<Tried>): Tried => ({
    server: "exim",
    user: "Debian-exim",
    certificate: "mail.example.org",
    path: key,
    opened: { kind: "open" },
    ...over,
  });

  it("who reads as whom is told where all is well", () => {
    const dovecot: Tried = { server: "dovecot", certificate: "a", path: key, opened: { kind: "open" } };
    expect(readableLooked([tried({}), dovecot])).toEqual({
      findings: [],
      well: ["exim as Debian-exim", "dovecot as root"],
      unseen: [],
    });
  });

  it("one folder in the way is one finding, with the command that opens it", () => {
    const closed = { kind: "closed", folder: "/state folder" } as const;
    const { findings, well } = readableLooked([tried({ opened: closed }), tried({ path: "/other", opened: closed })]);
    expect(well).toEqual([]);
    expect(findings).toEqual([
      {
        check: "doctor-readable",
        severity: "fault",
        message: `exim reads as Debian-exim, which cannot open ${key}: the folder /state folder is closed to it`,
        command: "chmod o+x '/state folder'",
      },
    ]);
  });

  it("a file that is closed is given by a deployment, to root by nobody", () => {
    const [given] = readableLooked([tried({ opened: { kind: "closed" } })]).findings;
    expect(given?.command).toBe("mailcert deploy mail.example.org");
    const { user: _user, ...asRoot } = tried({ opened: { kind: "closed" } });
    const [squashed] = readableLooked([asRoot]).findings;
    expect(squashed?.command).toBeUndefined();
    expect(squashed?.hint).toContain("root_squash");
  });

  it("a copy that is gone is made again; what is behind live is another look's", () => {
    const missing = { kind: "missing" } as const;
    expect(readableLooked([tried({ opened: missing })]).findings).toEqual([]);
    expect(readableLooked([tried({ opened: missing, copy: true })]).findings).toMatchObject([
      { command: "mailcert deploy mail.example.org" },
    ]);
  });

  it("what nobody could try is told as not looked at", () => {
    const unknown = { kind: "unknown", why: "setpriv is not installed" } as const;
    expect(readableLooked([tried({ opened: unknown }), tried({ opened: unknown })])).toMatchObject({
      findings: [],
      unseen: ["setpriv is not installed"],
    });
  });
});

describe("confinement", () => {
  const well = { enforcing: false, mislabelled: [], dropIns: [] };

  it("nothing confines, or all is as it should be", () => {
    expect(confinementLooked(well)).toMatchObject({ findings: [], well: ["nothing is in the way"] });
    expect(confinementLooked({ ...well, enforcing: true }).well).toEqual([
      "SELinux enforces, the files have their type",
    ]);
  });

  it("files of a wrong type, drop-ins that are missing, and what nobody could find out", () => {
    const mislabelled = [{ path: "/state/certificates/a/live/ecdsa/cert.pem", type: "var_lib_t" }];
    const wrong = confinementLooked({ ...well, enforcing: true, mislabelled });
    expect(wrong.well).toEqual([]);
    expect(wrong.findings).toMatchObject([{ severity: "fault", command: "mailcert deploy" }]);
    expect(wrong.findings[0]?.message).toContain("cert.pem (var_lib_t)");
    const dropIns = ["/etc/apparmor.d/abstractions/ssl_keys.d/mailcert"];
    expect(confinementLooked({ ...well, dropIns }).findings).toMatchObject([{ command: "mailcert deploy" }]);
    const trouble = new Failure("unavailable", "semanage is not installed", { hints: ["install it"] });
    expect(confinementLooked({ ...well, enforcing: true, trouble }).findings).toMatchObject([
      { message: "semanage is not installed", hint: "install it" },
    ]);
  });
});

describe("disk", () => {
  const disk = { inodes: 10_000, freeInodes: 5_000, mountPoint: "/var", readOnly: false };

  it("files are left, or the file system has no number of them", () => {
    expect(inodeFinding("/var/lib/mailcert", disk)).toBeUndefined();
    expect(inodeFinding("/var/lib/mailcert", { ...disk, inodes: 0, freeInodes: 0 })).toBeUndefined();
  });

  it("few are left, or none", () => {
    expect(inodeFinding("/var/lib/mailcert", { ...disk, freeInodes: 900 })).toMatchObject({ severity: "warning" });
    expect(inodeFinding("/var/lib/mailcert", { ...disk, freeInodes: 3 })).toMatchObject({
      check: "doctor-disk",
      severity: "fault",
      message: "3 of 10000 files (inodes) are left for /var/lib/mailcert, on /var",
    });
    expect(remount(disk)).toBe("mount -o remount,rw /var");
  });
});
