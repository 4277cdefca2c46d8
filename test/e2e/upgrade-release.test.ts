// mailcert itself is upgraded on a host that serves mail: the state is as 0.1.0 wrote it, the certificate and its key stay; a downgrade is refused while it goes on serving.
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { leafIn } from "./deployed-host.ts";

const name = "mail.example.org";
const folder = `/var/lib/mailcert/certificates/${name}`;
const frozen = readFileSync(new URL("../fixtures/releases/0.1.0/state-mail.json", import.meta.url), "utf8");

interface State {
  readonly writtenBy?: string;
  readonly generations: readonly {
    readonly createdAt: string;
    readonly notBefore: string;
    readonly notAfter: string;
    readonly leaves: { readonly ecdsa: { readonly sha256: string; readonly spkiSha256: string } };
  }[];
}

let host: MailHost;
beforeAll(async () => {
  host = await startMailHost({ suite: "trixie" });
  await Promise.all([host.startDovecot(), host.startPostfix()]);
  const setup = await host.mailcert(["setup", name, "--schedule", "none"], { timeoutMs: 120_000 });
  expect(setup.status, setup.stdout + setup.stderr).toBe(0);
}, 180_000);
afterAll(() => host.stop());

const state = async (): Promise<State> => JSON.parse(await host.read(`${folder}/state.json`)) as State;

/** SHA-256 of the leaf and of its key, as an IMAP client is given them: the live one, once no process of before a reload answers. */
const served = async (): Promise<string> => {
  const look = `openssl s_client -connect 192.0.2.10:993 -servername ${name} </dev/null 2>/dev/null | openssl x509 -outform DER >/tmp/leaf.der
     sha256sum </tmp/leaf.der; openssl x509 -inform DER -in /tmp/leaf.der -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum`;
  const live = await leafIn(host, `${folder}/live/ecdsa/cert.pem`);
  let said = "";
  await expect.poll(async () => (said = await host.must(look)), { timeout: 10_000 }).toMatch(new RegExp(`^${live} `));
  return said;
};

/** The frozen file with this host's own leaf and dates in it: nothing else of it is of today. */
const asReleased = async (): Promise<string> => {
  const [now] = (await state()).generations;
  const [then] = (JSON.parse(frozen) as State).generations;
  if (!now || !then) throw new Error("no generation");
  const pairs: readonly (readonly [string, string])[] = [
    [then.leaves.ecdsa.sha256, now.leaves.ecdsa.sha256],
    [then.leaves.ecdsa.spkiSha256, now.leaves.ecdsa.spkiSha256],
    [then.createdAt, now.createdAt],
    [then.notBefore, now.notBefore],
    [then.notAfter, now.notAfter],
  ];
  return pairs.reduce((text, [from, to]) => text.replaceAll(from, to), frozen);
};

test("the new version goes on from there: served as before, renewed with the same key; a newer layout is refused", async () => {
  const before = await served();
  await host.must("rm /var/lib/mailcert/version.json");
  await host.write(`${folder}/state.json`, await asReleased());

  expect((await host.mailcert(["config", "check"])).status).toBe(0);
  const status = await host.mailcert(["status"], { timeoutMs: 60_000 });
  expect(status.status, status.stdout + status.stderr).toBe(0);
  const idle = await host.mailcert(["renew"], { timeoutMs: 120_000 });
  expect(idle.status, idle.stdout + idle.stderr).toBe(0);
  expect(await served()).toBe(before);
  expect(await host.read("/var/lib/mailcert/version.json")).toContain("mailcert.layout/1");

  const renewed = await host.mailcert(["renew", "--force"], { timeoutMs: 180_000 });
  expect(renewed.status, renewed.stdout + renewed.stderr).toBe(0);
  const after = await served();
  const [leaf, key] = before.split("\n");
  expect(after.split("\n")[0]).not.toBe(leaf);
  // What a TLSA record 3 1 1 pins.
  expect(after.split("\n")[1]).toBe(key);
  expect((await state()).writtenBy).toMatch(/^\d+\.\d+\.\d+/);

  await host.write("/var/lib/mailcert/version.json", '{"schema":"mailcert.layout/2","version":"3.1.0"}\n');
  const newer = await host.must("find /var/lib/mailcert -type f | sort | xargs sha256sum");
  for (const args of [["renew"], ["deploy"], ["setup", name], ["rollback", name], ["ca", "crl"]]) {
    const refused = await host.mailcert(args, { timeoutMs: 60_000 });
    expect(refused.status, `${args.join(" ")}: ${refused.stdout}${refused.stderr}`).toBe(78);
    expect(refused.stderr).toContain("was written by mailcert 3.1.0");
    expect(refused.stderr).toContain("docs/upgrading.md");
  }
  expect(await host.must("find /var/lib/mailcert -type f | sort | xargs sha256sum")).toBe(newer);
  expect(await served()).toBe(after);
  // The way out: what stood there before.
  await host.write("/var/lib/mailcert/version.json", '{"schema":"mailcert.layout/1","version":"0.1.0"}\n');
  expect((await host.mailcert(["renew"], { timeoutMs: 120_000 })).status).toBe(0);
}, 600_000);
