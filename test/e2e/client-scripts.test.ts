// The script for Linux on real systems: refused before, accepted by openssl, GnuTLS, curl and p11-kit after, refused again when it is taken out.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runPage } from "../lab/page.ts";
import { type People, folder, name, startPeople } from "./client-people.ts";

const anchors = "/usr/local/share/ca-certificates";
const linux = `sh '${folder}/install-linux.sh'`;

/** Who takes the servers' certificates, asked on the second machine with what the system trusts. */
const accepted = async ({ host }: People): Promise<readonly string[]> => {
  const verify = `-verify_hostname ${name} -verify_return_error`;
  const clients = {
    "openssl, IMAPS": `openssl s_client -connect ${name}:993 ${verify} </dev/null`,
    "openssl, SMTP": `openssl s_client -starttls smtp -connect ${name}:25 ${verify} </dev/null`,
    "GnuTLS, IMAP": `gnutls-cli --starttls-proto=imap -p 143 ${name} </dev/null`,
    curl: `curl -sS --max-time 30 -u alice:alice-secret imaps://${name}/`,
  };
  const results = await Promise.all(
    Object.entries(clients).map(async ([client, line]) => ({ client, ...(await host.clientExec(line)) })),
  );
  for (const { client, status, stdout, stderr } of results) {
    // Refused for this reason and no other.
    if (status !== 0)
      expect(stdout + stderr, client).toMatch(/self-signed certificate in certificate chain|issuer is unknown/);
  }
  return results.filter(({ status }) => status === 0).map(({ client }) => client);
};
const all = ["openssl, IMAPS", "openssl, SMTP", "GnuTLS, IMAP", "curl"];

describe.each(["trixie", "bookworm"] as const)("Debian's trust store: %s", (suite) => {
  let people: People;
  beforeAll(async () => {
    people = await startPeople({ suite, stores: suite === "trixie" });
  }, 120_000);
  afterAll(() => people.host.stop());

  const files = (): Promise<string> => people.host.must(["ls", anchors]);
  const run = (line: string) => people.host.exec(`${linux} ${line}`, { timeoutMs: 60_000 });

  test("nothing happens without root, without an answer, or for another fingerprint; the fingerprint is shown", async () => {
    const { host, fingerprint } = people;
    expect(await accepted(people)).toEqual([]);
    const alice = await host.exec(`${linux} --yes`, { user: "alice" });
    expect(alice).toMatchObject({ status: 77, stderr: expect.stringContaining("hint: run: sudo sh install-linux.sh") });
    expect(alice.stdout.replaceAll(":", "").toLowerCase()).toContain(fingerprint);
    expect(await run("")).toMatchObject({ status: 64, stderr: expect.stringContaining("there is nobody to ask") });
    expect(await run(`--fingerprint ${"0".repeat(64)}`)).toMatchObject({ status: 65 });
    const no = await host.exec(["script", "-qec", linux, "/dev/null"], { input: "n\n" });
    expect(no).toMatchObject({ status: 1, stdout: expect.stringContaining("nothing was changed") });
    expect(await files()).toBe("");
  });

  test("with the right one all programs accept, twice is as once, and after --remove they refuse", async () => {
    const { host, fingerprint, title } = people;
    expect(await run(`--fingerprint ${fingerprint}`)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/\ndone: /),
    });
    expect(await accepted(people)).toEqual(all);
    const [file = "", ...others] = (await files()).trim().split("\n");
    expect([file, others]).toEqual([`mailcert-${fingerprint.slice(0, 16)}.crt`, []]);
    const facts = `stat -c '%a %U %i' ${anchors}/${file}`;
    const before = await host.must(facts);
    expect(before).toMatch(/^644 root /);
    if (suite === "trixie") expect(await host.must("trust list --filter=ca-anchors")).toContain(`label: ${title}\n`);

    expect(await run("--yes")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`already there: ${anchors}/${file}`),
    });
    expect([await files(), await host.must(facts)]).toEqual([`${file}\n`, before]);

    // Somebody followed README.txt as well, with lines as Windows ends them.
    await host.must(`sed 's/$/\\r/' '${folder}/ca.crt' > ${anchors}/${name}.crt`);
    const removed = await host.exec(["script", "-qec", `${linux} --remove`, "/dev/null"], {
      input: "y\n",
      timeoutMs: 60_000,
    });
    expect(removed).toMatchObject({ status: 0, stdout: expect.stringContaining(`removed: ${anchors}/${name}.crt`) });
    expect(await files()).toBe("");
    expect(await accepted(people)).toEqual([]);
    if (suite === "trixie") expect(await host.must("trust list --filter=ca-anchors")).not.toContain(title);
    expect(await run("--remove --yes")).toMatchObject({ status: 0 });
  });

  test("by hand, as the page says: accepted, and refused again when it was taken out", async () => {
    const { host } = people;
    const printed = [...(await runPage(host, "clients/linux.md", { where: folder })).values()];
    expect(printed).toHaveLength(3);
    expect(printed[1]).toContain("Verify return code: 0 (ok)");
    expect(await files()).toBe("");
    expect(await accepted(people)).toEqual([]);
  });

  test("a file system that cannot be written to: says so, and leaves nothing", async () => {
    const { host } = people;
    await host.must(`mount --bind ${anchors} ${anchors} && mount -o remount,bind,ro ${anchors}`);
    const said = await run("--yes");
    await host.must(`umount ${anchors}`);
    expect(said).toMatchObject({ status: 73, stderr: expect.stringContaining("cannot be written") });
    expect(await files()).toBe("");
  });
});
