// kill -9 at random instants: the pair behind live and what each port serves always belong together, no key is lost, the next run completes.
// 200 of a renewal and 50 of a first setup, in `npm run test:full`; `npm test` kills at chosen system calls (sweep-*.test.ts).
import { afterEach, describe, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";

const name = "mail.example.org";
const folder = `/var/lib/mailcert/certificates/${name}`;
const hosts: MailHost[] = [];

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

const mailHost = async (suite: "bookworm" | "trixie"): Promise<MailHost> => {
  const host = await startMailHost({ suite });
  hosts.push(host);
  await Promise.all([host.startDovecot(), host.startPostfix()]);
  return host;
};

/** A fixed sequence, so that a failing instant can be played again (mulberry32). */
const sequence = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

/** Starts a run, kills it after `ms`; tells whether it was still running. */
const killAfter = async (host: MailHost, args: readonly string[], ms: number): Promise<boolean> => {
  const child = host.mailcertSpawn(args);
  child.stdout.resume();
  child.stderr.resume();
  child.stdin.end();
  const ended = new Promise<boolean>((resolve) => child.on("exit", () => resolve(false)));
  const timer = new Promise<boolean>((resolve) => setTimeout(() => resolve(true), ms));
  const killed = await Promise.race([ended, timer]);
  if (killed) {
    child.kill("SIGKILL");
    await ended;
  }
  return killed;
};

/** Public keys of the certificate, the key, and the combined file behind live: all the same, where there is a live at all. */
const pairBehindLive = async (host: MailHost): Promise<readonly string[]> => {
  const { stdout } = await host.exec(
    `cd ${folder}/live/ecdsa 2>/dev/null || exit 0
     openssl x509 -in fullchain.pem -noout -pubkey | sha256sum
     openssl pkey -in privkey.pem -pubout | sha256sum
     openssl pkey -in combined.pem -pubout | sha256sum
     openssl x509 -in combined.pem -noout -pubkey | sha256sum`,
  );
  return [
    ...new Set(
      stdout
        .trim()
        .split("\n")
        .filter((line) => line !== ""),
    ),
  ];
};

const keys = async (host: MailHost): Promise<readonly string[]> =>
  (await host.exec(`cd ${folder}/keys/ecdsa 2>/dev/null && sha256sum [0-9]*.pem`)).stdout
    .trim()
    .split("\n")
    .filter((line) => line !== "");

interface Entry {
  readonly port: number;
  readonly leaf?: { readonly sha256: string };
  readonly error?: { readonly stage: string; readonly message: string };
}

const portsOf = async (host: MailHost): Promise<readonly Entry[]> => {
  const { stdout } = await host.mailcert([
    "verify",
    name,
    "--quick",
    "--json",
    "--entry",
    "imap,imaps,pop3s,smtp,sieve",
  ]);
  return (JSON.parse(stdout) as { entries: readonly Entry[] }).entries;
};

const sweep = async (
  host: MailHost,
  args: readonly string[],
  longest: number,
  count: number,
  seed: number,
): Promise<number> => {
  const random = sequence(seed);
  let fired = 0;
  let before = await keys(host);
  for (let round = 0; round < count; round += 1) {
    const ms = Math.floor(random() * longest);
    if (await killAfter(host, args, ms)) fired += 1;
    const where = `round ${round}, killed after ${ms} ms`;
    expect((await pairBehindLive(host)).length, where).toBeLessThanOrEqual(1);
    const broken = (await portsOf(host)).filter((entry) => entry.leaf === undefined);
    expect(broken, where).toEqual([]);
    const after = await keys(host);
    expect(
      before.filter((key) => !after.includes(key)),
      where,
    ).toEqual([]);
    before = after;
    const next = await host.mailcert(["renew"]);
    expect({ where, status: next.status, stderr: next.stderr }, next.stdout).toEqual({ where, status: 0, stderr: "" });
    const leaves = new Set((await portsOf(host)).map(({ leaf }) => leaf?.sha256));
    expect(leaves.size, where).toBe(1);
    const live = await host.must(
      `openssl x509 -in ${folder}/live/ecdsa/cert.pem -outform DER | sha256sum | cut -d' ' -f1`,
    );
    expect([...leaves][0], where).toBe(live.trim());
  }
  return fired;
};

describe.each(["bookworm", "trixie"] as const)("on %s", (suite) => {
  const rounds = 100;
  it(`${rounds} killed renewals with a new key`, { timeout: 1_500_000 }, async () => {
    const host = await mailHost(suite);
    const setup = await host.mailcert(["setup", name, "--schedule", "none"]);
    expect(setup.status, setup.stdout + setup.stderr).toBe(0);
    const started = performance.now();
    expect((await host.mailcert(["renew", "--force", "--new-key"])).status).toBe(0);
    const longest = (performance.now() - started) * 1.1;
    const fired = await sweep(host, ["renew", "--force", "--new-key"], longest, rounds, suite === "bookworm" ? 1 : 2);
    expect(fired).toBeGreaterThan(rounds / 2);
    expect((await host.must(`ls ${folder}/generations`)).trim().split("\n").length).toBeLessThanOrEqual(3);
    expect(await host.must("find /var/lib/mailcert -name '.mailcert-*'")).toBe("");
  });

  const setups = 25;
  it(`${setups} killed first setups`, { timeout: 900_000 }, async () => {
    const host = await mailHost(suite);
    const random = sequence(suite === "bookworm" ? 3 : 4);
    let fired = 0;
    let longest = 4_000;
    for (let round = 0; round < setups; round += 1) {
      const ms = Math.floor(random() * longest);
      if (await killAfter(host, ["setup", name, "--schedule", "none"], ms)) fired += 1;
      const where = `round ${round}, killed after ${ms} ms`;
      expect((await pairBehindLive(host)).length, where).toBeLessThanOrEqual(1);
      const left = await keys(host);
      const started = performance.now();
      const next = await host.mailcert(["setup", name, "--schedule", "none"]);
      longest = Math.max(1_500, performance.now() - started);
      expect({ where, status: next.status, stderr: next.stderr }, next.stdout).toEqual({
        where,
        status: 0,
        stderr: "",
      });
      const after = await keys(host);
      expect(
        left.filter((key) => !after.includes(key)),
        where,
      ).toEqual([]);
      const leaves = new Set((await portsOf(host)).map(({ leaf }) => leaf?.sha256));
      expect(leaves.size, where).toBe(1);
      // A fresh host again.
      expect((await host.mailcert(["deploy", "--remove"])).status).toBe(0);
      await host.must("rm -rf /var/lib/mailcert /etc/mailcert");
    }
    expect(fired).toBeGreaterThan(0);
  });
});
