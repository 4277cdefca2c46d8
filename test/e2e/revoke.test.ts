// A compromised key on a real mail host with DANE: nothing that senders would refuse is served, the old key is never certified again,
// and once the record is published the timer's run replaces the certificate everywhere and revokes the old one.
import { afterAll, beforeAll, expect, it } from "vitest";
import { complaints } from "../docs/schemas.ts";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { type Pebble, startPebble } from "../lab/pebble.ts";
import { startSignedZone } from "../lab/signed-zone.ts";

const name = "mail.example.org";
const trust = "/tmp/trust.pem";
const folder = `/var/lib/mailcert/certificates/${name}`;
let host: MailHost;
let pebble: Pebble;

beforeAll(async () => {
  host = await startMailHost({ suite: "trixie" });
  await Promise.all([host.startDovecot(), host.startPostfix()]);
  pebble = await startPebble({ host });
  await host.must(["cp", pebble.caFile, trust]);
});
afterAll(async () => host.stop());

const sender = async (): Promise<string> => {
  const { stdout, stderr } = await host.exec(`timeout 20 posttls-finger -l dane -c "[${name}]" 2>&1`);
  return /posttls-finger: (Verified|Trusted|Untrusted|Anonymous) TLS connection/.exec(stdout)?.[1] ?? stdout + stderr;
};

const publicKey = async (): Promise<string> =>
  (
    await host.must(
      `echo | openssl s_client -connect 127.0.0.1:993 -servername ${name} 2>/dev/null | openssl x509 -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum`,
    )
  ).slice(0, 64);

const atCa = async (number: number): Promise<string> => {
  const pem = `${folder}/generations/000${number}/ecdsa/cert.pem`;
  const serial = (await host.must(`openssl x509 -in ${pem} -noout -serial`))
    .trim()
    .replace("serial=", "")
    .toLowerCase();
  return (JSON.parse(await pebble.manage(`/cert-status-by-serial/${serial}`)) as { Status: string }).Status;
};

/** Runs that wait for two TTLs (1: the key that was given up is served), and the first one that does not. */
const ripe = async (args: readonly string[]): Promise<Awaited<ReturnType<MailHost["mailcert"]>>> => {
  for (let round = 0; round < 50; round += 1) {
    const next = await host.mailcert([...args]);
    if (next.status !== 1) return next;
  }
  throw new Error("it waits for ever");
};

it("keyCompromise under DANE: publish first, then the timer goes on", async () => {
  const setup = ["setup", name, "--acme", pebble.directoryUrl, "--ca-file", trust, "--agree-tos", "--schedule", "none"];
  const made = await host.mailcert(setup);
  expect(made.status, made.stdout + made.stderr).toBe(0);
  const old = await publicKey();
  const zone = await startSignedZone(host, {
    zone: "example.org",
    records: ["mail A 192.0.2.10", `_25._tcp.mail 1 TLSA 3 1 1 ${old}`],
  });
  await expect.poll(sender, { timeout: 20_000 }).toBe("Verified");

  const stopped = await host.mailcert(["revoke", name, "--reason", "keyCompromise", "--yes"]);
  expect(stopped.status, stopped.stdout + stopped.stderr).toBe(78);
  const record = /_25\._tcp\.mail\.example\.org\. IN TLSA (3 1 1 [0-9a-f]{64})\b/.exec(stopped.stderr)?.[1] ?? "";
  expect(record).not.toBe("");
  expect(record).not.toContain(old);
  expect(stopped.stderr).not.toContain("stay with the present key");
  expect(await publicKey()).toBe(old);
  expect(await atCa(1)).toBe("Valid");
  const status = await host.mailcert(["status"]);
  expect(status.stdout).toContain("the revocation of generation 1 (keyCompromise) is not finished");
  const hourly = await host.mailcert(["renew", "--quiet"]);
  expect(hourly.status).toBe(1);
  expect(hourly.stdout).toContain(record);
  expect(await sender()).toBe("Verified");

  expect((await host.mailcert(["status", "--quiet"])).status).toBe(1);

  // Silence is no leave to serve it.
  await zone.stopResolver();
  const silent = await host.mailcert(["renew"]);
  // A key that was given up is served all the while.
  expect(silent.status, silent.stdout + silent.stderr).toBe(1);
  expect(silent.stdout.replaceAll(/\s+/g, " ")).toContain("nobody could say whether the TLSA records at _25._tcp");
  expect(await publicKey()).toBe(old);
  await zone.startResolver();

  await zone.add(`_25._tcp.mail 1 TLSA ${record}`);
  const early = await host.mailcert(["renew"]);
  expect(early.status, early.stdout + early.stderr).toBe(1);
  expect(await publicKey()).toBe(old);
  expect(await atCa(1)).toBe("Valid");
  expect((await host.mailcert(["status"])).stdout).toContain("two TTLs (of 1 s) later");
  const renewed = await ripe(["renew", "--json"]);
  expect(renewed.status, renewed.stdout + renewed.stderr).toBe(0);
  const document = JSON.parse(renewed.stdout) as object;
  expect(complaints(document)).toEqual([]);
  expect(document).toMatchObject({
    certificates: [
      { issued: { number: 2 }, deployed: { outcome: "verified" }, findings: [{ check: "revoke-finished" }] },
    ],
  });
  // A process of before the reload may answer once more.
  await expect.poll(publicKey, { timeout: 20_000 }).toBe(record.slice("3 1 1 ".length));
  await expect.poll(sender, { timeout: 20_000 }).toBe("Verified");
  expect(await atCa(1)).toBe("Revoked");
  expect(await atCa(2)).toBe("Valid");
  const after = await host.mailcert(["rollback", name]);
  expect(after.status).toBe(65);
  expect(after.stderr).toMatch(/generation 1 on \S+, keyCompromise\) and is not served again/);
  expect((await host.mailcert(["log", name])).stdout).toContain("revoked generation 1 at ");
});
