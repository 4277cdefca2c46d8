// SELinux and AppArmor: what is planned where they hold servers back, nothing where they do not; with programs and folders that are not real.
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ConfinementPaths, applyConfinement, planConfinement } from "../../src/system/confinement.ts";
import { fakeRun } from "../servers/fake-run.ts";

let folder: string;
let paths: ConfinementPaths;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mailcert-confinement-"));
  paths = {
    selinuxEnforce: join(folder, "enforce"),
    apparmorProfiles: join(folder, "profiles"),
    apparmorFolder: join(folder, "apparmor.d"),
  };
});
afterEach(() => rm(folder, { recursive: true }));

const state = "/var/lib/mailcert";
const context = "/var/lib/mailcert/certificates(/.*)?";

describe("confinement", () => {
  test("nothing confines: nothing is planned, no program asked", async () => {
    const { run, asked } = fakeRun({});
    expect(await planConfinement(run, state, paths)).toEqual({ files: [], commands: [] });
    await writeFile(paths.selinuxEnforce, "0");
    await writeFile(paths.apparmorProfiles, "/usr/sbin/cupsd (enforce)\n/usr/sbin/dovecot (complain)\n");
    expect(await planConfinement(run, state, paths)).toEqual({ files: [], commands: [] });
    expect(asked).toEqual([]);
  });

  test("SELinux enforces: the label once, restorecon every time", async () => {
    await writeFile(paths.selinuxEnforce, "1");
    const add = `semanage fcontext -a -t cert_t ${context}`;
    const restore = "restorecon -R /var/lib/mailcert/certificates";
    const fresh = fakeRun({ "semanage fcontext -l -C": "", [add]: "", [restore]: "" });
    const done = await applyConfinement(fresh.run, await planConfinement(fresh.run, state, paths));
    expect(done).toHaveLength(2);
    expect(fresh.asked).toEqual(["semanage fcontext -l -C", add, restore]);
    const known = fakeRun({
      "semanage fcontext -l -C": `SELinux fcontext  type  Context\n\n${context}     all files     system_u:object_r:cert_t:s0\n`,
      [restore]: "",
    });
    await applyConfinement(known.run, await planConfinement(known.run, state, paths));
    expect(known.asked).toEqual(["semanage fcontext -l -C", restore]);
  });

  test("SELinux enforces without semanage, or semanage fails: said, with what to do", async () => {
    await writeFile(paths.selinuxEnforce, "1\n");
    await expect(planConfinement(fakeRun({}).run, state, paths)).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("semanage") as string,
    });
    const { run } = fakeRun({
      "semanage fcontext -l -C": "",
      [`semanage fcontext -a -t cert_t ${context}`]: { status: 1, stderr: "ValueError: no policy" },
    });
    await expect(applyConfinement(run, await planConfinement(run, state, paths))).rejects.toMatchObject({
      message: expect.stringContaining("no policy") as string,
    });
  });

  test("AppArmor confines Dovecot: a drop-in for certificates and one for keys, its profiles loaded again, once", async () => {
    await writeFile(paths.apparmorProfiles, "dovecot (enforce)\n/usr/lib/dovecot/imap-login (enforce)\n");
    await mkdir(paths.apparmorFolder);
    for (const name of ["usr.sbin.dovecot", "usr.sbin.cupsd", "usr.lib.dovecot.imap-login"])
      await writeFile(join(paths.apparmorFolder, name), "");
    const load = (name: string): string => `apparmor_parser -r -T -W ${paths.apparmorFolder}/${name}`;
    const { run, asked } = fakeRun({ [load("usr.sbin.dovecot")]: "", [load("usr.lib.dovecot.imap-login")]: "" });
    await applyConfinement(run, await planConfinement(run, state, paths));
    expect(asked).toEqual([load("usr.lib.dovecot.imap-login"), load("usr.sbin.dovecot")]);
    const rules = (name: string): Promise<string> =>
      readFile(join(paths.apparmorFolder, "abstractions", name, "mailcert"), "utf8");
    expect(await rules("ssl_certs.d")).toContain(
      "/var/lib/mailcert/certificates/*/generations/*/*/{cert,chain,fullchain}.pem r,\n",
    );
    expect(await rules("ssl_keys.d")).toContain(
      "/var/lib/mailcert/certificates/*/generations/*/*/{privkey,combined}.pem r,\n",
    );
    expect(await planConfinement(run, state, paths)).toEqual({ files: [], commands: [] });
  });

  test("a state folder that a rule would read as a pattern is refused", async () => {
    await writeFile(paths.selinuxEnforce, "1");
    await expect(planConfinement(fakeRun({}).run, "/srv/a (b)", paths)).rejects.toMatchObject({ kind: "config" });
  });
});
