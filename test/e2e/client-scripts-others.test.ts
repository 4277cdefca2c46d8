// Scripts for clients beside Debian's trust store: shellcheck, NSS and its profiles, the folders of other systems, macOS.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runPage } from "../lab/page.ts";
import { type People, folder, name, startPeople } from "./client-people.ts";

const profiles = `sh '${folder}/thunderbird-certutil.sh'`;

let people: People;
beforeAll(async () => {
  people = await startPeople({ suite: "trixie", stores: true });
}, 120_000);
afterAll(() => people.host.stop());

const run = (line: string) => people.host.exec(`sh '${folder}/install-linux.sh' ${line}`, { timeoutMs: 60_000 });

describe("every script", () => {
  test("passes shellcheck", async () => {
    const said = await people.host.exec(`cd '${folder}' && shellcheck --shell=sh *.sh`);
    expect([said.stdout, said.stderr, said.status]).toEqual(["", "", 0]);
  });
});

describe("NSS, as Thunderbird keeps it", () => {
  const base = "/home/alice/.thunderbird";
  const [listed, elsewhere] = [`${base}/my own profile`, "/home/alice/else where"];
  const leaf = "certutil -V -u V -n leaf -d";
  const asAlice = (line: string) => people.host.exec(line, { user: "alice", timeoutMs: 60_000 });
  beforeAll(async () => {
    await people.host.must(`mkdir -p '${listed}' '${elsewhere}'
printf '[Profile1]\\r\\nName=two\\r\\nIsRelative=0\\r\\nPath=${elsewhere}\\r\\n\\r\\n[General]\\nPath=nonsense\\n[Profile0]\\nName=one\\nIsRelative=1\\nPath=my own profile\\n' > ${base}/profiles.ini
for profile in '${listed}' '${elsewhere}'; do certutil -N --empty-password -d "sql:$profile" && certutil -A -n leaf -t ,, -i /var/lib/mailcert/certificates/${name}/live/ecdsa/cert.pem -d "sql:$profile"; done
chown -R alice: ${base} '${elsewhere}'`);
  });
  const verdicts = async (): Promise<readonly boolean[]> =>
    Promise.all([listed, elsewhere].map(async (profile) => (await asAlice(`${leaf} 'sql:${profile}'`)).status === 0));

  test("every listed profile refuses the servers' certificate before, accepts it after, and refuses it after --remove", async () => {
    const { fingerprint } = people;
    expect(await verdicts()).toEqual([false, false]);
    expect(await asAlice(profiles)).toMatchObject({ status: 64 });
    expect(await asAlice(`${profiles} --fingerprint ${"0".repeat(64)}`)).toMatchObject({ status: 65 });
    expect(await verdicts()).toEqual([false, false]);
    const added = await asAlice(`${profiles} --fingerprint ${fingerprint}`);
    expect(added).toMatchObject({ status: 0 });
    expect(added.stdout).toContain(`added to ${listed}\n`);
    expect(added.stdout).toContain(`added to ${elsewhere}\n`);
    expect(added.stdout).not.toContain("nonsense");
    expect(await verdicts()).toEqual([true, true]);
    const trust = await people.host.must(`certutil -L -d 'sql:${listed}'`);
    expect(trust).toMatch(new RegExp(`^mailcert ${fingerprint.slice(0, 16)} +C,, *$`, "m"));
    expect(await asAlice(`${profiles} --yes`)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`already in ${listed}`),
    });
    expect(await people.host.must(`certutil -L -d 'sql:${listed}'`)).toBe(trust);
    expect(await asAlice(`${profiles} --remove --yes`)).toMatchObject({ status: 0 });
    expect(await verdicts()).toEqual([false, false]);
    expect(await asAlice(`${profiles} --remove --yes`)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`not in ${listed}`),
    });
  });

  test("the page's commands: added, listed, removed", async () => {
    // Nobody is there to answer.
    const instead = (line: string): string =>
      line.replace(/\.sh( .*)?$/, "$& --yes").replace("PROFILE", `'${elsewhere}'`);
    const printed = await runPage(people.host, "clients/thunderbird.md", { where: folder, user: "alice", instead });
    expect([...printed.values()][1]).toMatch(/ C,, *$/m);
    expect(await verdicts()).toEqual([false, false]);
  });

  test("one that was imported by hand, without trust and by another name, is trusted, and found again to be removed", async () => {
    await people.host.must(`certutil -A -n 'by hand, C,,x' -t ,, -i '${folder}/ca.crt' -d 'sql:${elsewhere}'`, {
      user: "alice",
    });
    expect(await asAlice(`cd /home/alice && ${profiles} --yes 'else where'`)).toMatchObject({ status: 0 });
    expect(await verdicts()).toEqual([false, true]);
    expect(await asAlice(`${profiles} --remove --yes '${elsewhere}'`)).toMatchObject({ status: 0 });
    expect(await verdicts()).toEqual([false, false]);
    expect(await people.host.must(`certutil -L -d 'sql:${elsewhere}'`)).not.toContain("by hand");
  });

  test("a profile that Thunderbird has open is left alone, the others are not; a lock that was left behind is none", async () => {
    const lock = (pid: string) => people.host.must(`ln -sfn 127.0.1.1:+${pid} '${listed}/lock'`, { user: "alice" });
    const open = people.host.spawn(["sleep", "600"], { user: "alice" });
    // It takes a moment to become one.
    const started = "for i in $(seq 200); do pgrep -n -x -u alice sleep && exit 0; sleep 0.05; done; exit 1";
    await lock((await people.host.must(started)).trim());
    const said = await asAlice(`${profiles} --yes`);
    expect(said).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`Thunderbird runs with the profile ${listed}`),
    });
    expect(await verdicts()).toEqual([false, true]);
    open.kill();
    await lock("4194000");
    expect(await asAlice(`${profiles} --yes`)).toMatchObject({ status: 0 });
    expect(await verdicts()).toEqual([true, true]);
  });

  test("nobody's profiles, or no certutil: says what to do", async () => {
    const none = await people.host.exec(`HOME=/nowhere ${profiles} --yes`);
    expect(none).toMatchObject({ status: 66, stderr: expect.stringContaining("start Thunderbird once") });
    await people.host.must("mv /usr/bin/certutil /root/");
    expect(await asAlice(`${profiles} --yes`)).toMatchObject({
      status: 69,
      stderr: expect.stringContaining("libnss3-tools"),
    });
    await people.host.must("mv /root/certutil /usr/bin/");
  });
});

/** Last of all: the folders and programs of another system, and Debian's own put away. */
describe("systems of other families, their programs played by stubs", () => {
  const become = (made: string, program: string, bundle: string) =>
    people.host
      .must(`rm -rf /etc/pki /etc/ca-certificates/trust-source /usr/local/sbin/update-ca-* /usr/local/bin/trust /root/calls
[ ! -e /usr/sbin/update-ca-certificates ] || mv /usr/sbin/update-ca-certificates /root/
mkdir -p ${made} ${bundle.replace(/\/[^/]*$/, "")} && : > ${bundle}
printf '#!/bin/sh\\necho "\${0##*/} $*" >> /root/calls\\ncat ${made}/* > ${bundle} 2>/dev/null || :\\n' > ${program} && chmod 755 ${program}`);
  test.each([
    [
      "Fedora",
      "/etc/pki/ca-trust/source/anchors",
      "/usr/local/sbin/update-ca-trust",
      "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
      "update-ca-trust ",
    ],
    [
      "Arch",
      "/etc/ca-certificates/trust-source/anchors",
      "/usr/local/sbin/update-ca-trust",
      "/etc/ca-certificates/extracted/tls-ca-bundle.pem",
      "update-ca-trust ",
    ],
    [
      "p11-kit alone",
      "/etc/ca-certificates/trust-source/anchors",
      "/usr/local/bin/trust",
      "/etc/ca-certificates/extracted/tls-ca-bundle.pem",
      "trust extract-compat",
    ],
    [
      "SUSE",
      "/etc/pki/trust/anchors",
      "/usr/local/sbin/update-ca-certificates",
      "/var/lib/ca-certificates/ca-bundle.pem",
      "update-ca-certificates ",
    ],
  ])("%s", async (_system, made, program, bundle, call) => {
    const { host, fingerprint } = people;
    const path = `${made}/mailcert-${fingerprint.slice(0, 16)}.crt`;
    await become(made, program, bundle);
    expect(await run("--yes")).toMatchObject({ status: 0, stdout: expect.stringContaining(`written: ${path}\n`) });
    expect(await host.read(path)).toBe(await host.read(`${folder}/ca.crt`));
    expect(await run("--yes")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`already there: ${path}\n`),
    });
    expect(await host.must(["ls", made])).toBe(`${path.slice(made.length + 1)}\n`);
    expect(await run("--remove --yes")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`removed: ${path}\n`),
    });
    expect(await host.must(["ls", made])).toBe("");
    expect(await host.read("/root/calls")).toBe(`${call}\n`.repeat(3));
  });
  test("a program that fails, or forgets it, is no success", async () => {
    const [made, program, bundle] = [
      "/etc/pki/trust/anchors",
      "/usr/local/sbin/update-ca-certificates",
      "/var/lib/ca-certificates/ca-bundle.pem",
    ];
    await become(made, program, bundle);
    await people.host.write(program, "#!/bin/sh\nexit 0\n", "755");
    expect(await run("--yes")).toMatchObject({ status: 1, stderr: expect.stringContaining(`is not in ${bundle}`) });
    await people.host.must(`cp '${folder}/ca.crt' ${bundle}`);
    expect(await run("--remove --yes")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("is still trusted"),
    });
    await people.host.write(program, "#!/bin/sh\nexit 3\n", "755");
    expect(await run("--yes")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("update-ca-certificates failed"),
    });
  });
  test("a system that is not known: refused, nothing written", async () => {
    await become("/srv/anchors", "/srv/update", "/srv/bundle");
    const said = await run("--yes");
    expect(said).toMatchObject({
      status: 69,
      stderr: expect.stringContaining("the trust store of this system is not known"),
    });
    expect(await people.host.must("find /etc /usr/local -name 'mailcert-*.crt*'")).toBe("");
  });
});

describe("macOS, its programs played by stubs", () => {
  const script = `sh '${folder}/install-macos.sh'`;
  const uname = (system: string) => people.host.write("/usr/local/bin/uname", `#!/bin/sh\necho ${system}\n`, "755");
  const calls = async () =>
    (await people.host.must("sed 's/mailcert[.][A-Za-z0-9]*/WORK/' /root/security.log; : > /root/security.log"))
      .trim()
      .split("\n");

  test("refuses elsewhere, adds with trust, adds again without harm, removes by hash", async () => {
    const { host, fingerprint } = people;
    const sha1 =
      (await host.must(`openssl x509 -in '${folder}/ca.crt' -noout -fingerprint -sha1`))
        .trim()
        .split("=")[1]
        ?.replaceAll(":", "") ?? "";
    // A keychain that is a folder of hashes; `security` says what it knows as Apple's manual page has it.
    await host.write(
      "/usr/local/bin/security",
      `#!/bin/sh
echo "$*" >> /root/security.log
for last; do :; done
case $1 in
  add-trusted-cert) openssl x509 -in "$last" -outform der | sha1sum | cut -c 1-40 | tr a-f A-F > /root/keychain ;;
  find-certificate) [ ! -s /root/keychain ] || echo "SHA-1 hash: $(cat /root/keychain)" ;;
  delete-certificate) grep -q "^$3$" /root/keychain && rm /root/keychain ;;
esac
`,
      "755",
    );
    expect(await host.exec(`${script} --yes`)).toMatchObject({
      status: 69,
      stderr: expect.stringContaining("this is not a Mac"),
    });
    await uname("Darwin");
    expect(await host.exec(`${script} --yes`, { user: "alice" })).toMatchObject({ status: 77 });
    expect(await host.exec(`${script} --fingerprint ${"0".repeat(64)}`)).toMatchObject({ status: 65 });
    await host.must(": > /root/security.log");
    const keychain = "/Library/Keychains/System.keychain";
    const add = `add-trusted-cert -d -r trustRoot -k ${keychain} /tmp/WORK/1.pem`;
    const find = `find-certificate -a -Z ${keychain}`;
    for (const again of [1, 2]) {
      expect(await host.exec(`${script} --fingerprint ${fingerprint}`), String(again)).toMatchObject({ status: 0 });
      expect(await calls()).toEqual([add, find]);
    }
    expect(await host.exec(`${script} --remove --yes`)).toMatchObject({ status: 0 });
    expect(await calls()).toEqual([
      find,
      "remove-trusted-cert -d /tmp/WORK/1.pem",
      `delete-certificate -Z ${sha1} ${keychain}`,
    ]);
    expect(await host.exec(`${script} --remove --yes`)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("not there: "),
    });
    expect(await host.must("find /tmp -maxdepth 1 -name 'mailcert.*'")).toBe("");
    await host.must("rm /usr/local/bin/uname /usr/local/bin/security");
  });
});
