// What keeps an order from being spent, on a real mail host: CAA in a signed zone, a port that is taken, names that died, limits that are used up.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { type Pebble, startPebble } from "../lab/pebble.ts";
import { type SignedZone, startSignedZone } from "../lab/signed-zone.ts";

const name = "mail.example.org";
const second = "autoconfig.example.org";
const identity = "pebble.letsencrypt.org";
const folder = `/var/lib/mailcert/certificates/${name}`;
let host: MailHost;
let zone: SignedZone;
let pebble: Pebble;

beforeAll(async () => {
  host = await startMailHost({ suite: "bookworm" });
  zone = await startSignedZone(host, {
    zone: "example.org",
    records: ["mail A 192.0.2.10", "autoconfig A 192.0.2.10", '@ CAA 0 issue "other.example"'],
  });
  // What is looked at here happens before an order: a name is validated once.
  pebble = await startPebble({ host, dnsServer: "127.0.0.1:53", authzReuse: 100 });
  await configure();
});
afterAll(async () => host.stop());

const configure = async (more: readonly string[] = [], names: readonly string[] = [name]): Promise<void> => {
  const lines = [
    "certificates:",
    `  ${name}:`,
    `    names: [${names.join(", ")}]`,
    "    issuer: acme",
    `    acme: ${pebble.directoryUrl}`,
    `    ca_file: ${pebble.caFile}`,
    "    agree_tos: true",
    "    servers: [postfix]",
    ...more.map((line) => `    ${line}`),
  ];
  await host.write("/etc/mailcert/mailcert.yaml", `${lines.join("\n")}\n`);
};
/** Instead of what is there. For the shell and the zone file, in both kinds of quotes. */
const publishCaa = async (value: string): Promise<void> => {
  await zone.remove("@ 5 CAA");
  await zone.add(`@ 5 CAA 0 issue '"${value}"'`);
};
const orders = (): number => pebble.log().match(/POST \/order-plz/g)?.length ?? 0;
const namesOf = (generation: string): Promise<string> =>
  host.must(`openssl x509 -noout -ext subjectAltName -in ${folder}/generations/${generation}/ecdsa/cert.pem`);
const issue = (env: Record<string, string> = {}) => host.mailcert(["issue", name], { env });
/** The text in one line, and the exit status. */
const dryRun = async (): Promise<{ readonly status: number | null; readonly said: string }> => {
  const { status, stdout, stderr } = await host.mailcert(["issue", name, "--dry-run"]);
  return { status, said: (stdout + stderr).replaceAll(/\s+/g, " ") };
};
const stateOf = (): Promise<string> =>
  host.must("find /var/lib/mailcert -type f ! -name lock -exec sha256sum {} + | sort");

describe("CAA", () => {
  it("that forbids: no order and no account, the line that would permit it, and a time for the next attempt", async () => {
    const planned = await dryRun();
    expect(planned.status, planned.said).toBe(1);
    expect(planned.said).toContain(`FAULT CAA records forbid`);
    const refused = await issue();
    expect(refused.status, refused.stdout + refused.stderr).toBe(78);
    expect(refused.stderr).toContain(
      `${name} (CAA at example.org): only other.example may issue, and this CA is ${identity}`,
    );
    expect(refused.stderr).toContain(`example.org. IN CAA 0 issue "${identity}"`);
    expect(orders()).toBe(0);
    expect((await host.exec("ls /var/lib/mailcert/accounts")).status).not.toBe(0);
    const { stdout } = await host.mailcert(["status"]);
    expect(stdout).toContain("CAA records forbid");
  });

  it("that permits, for any account and for ours alone; another's is refused, and what was issued stays", async () => {
    await publishCaa(identity);
    const first = await issue();
    expect(first.status, first.stdout + first.stderr).toBe(0);
    const { url } = JSON.parse(await host.must("cat /var/lib/mailcert/accounts/*/*/account.json")) as { url: string };
    await publishCaa(`${identity}; accounturi=${url}; validationmethods=http-01`);
    const ours = await issue();
    expect(ours.status, ours.stdout + ours.stderr).toBe(0);
    expect(orders()).toBe(2);
    await publishCaa(`${identity}; accounturi=${url}0`);
    const others = await issue();
    expect(others.status).toBe(78);
    expect(others.stderr).toContain(`is for the account ${url}0, and ours is ${url} (RFC 8657 §3)`);
    await publishCaa(`${identity}; validationmethods=dns-01`);
    const way = await issue();
    expect(way.status).toBe(78);
    expect(way.stderr).toContain("is for the validation methods dns-01, not for http-01");
    expect(orders()).toBe(2);
    expect(await namesOf("0002")).toContain(`DNS:${name}`);
    await publishCaa(identity);
  });
});

it("issue --dry-run: port 80 is taken, and by whom; free again, all is well; nothing was ordered or written", async () => {
  const before = await stateOf();
  const holder = host.spawn("exec python3 -m http.server 80");
  try {
    await host.must("for i in $(seq 200); do ss -ltn | grep -q ':80 ' && exit 0; sleep 0.05; done; exit 1");
    const taken = await dryRun();
    expect(taken.status, taken.said).toBe(1);
    expect(taken.said).toMatch(/FAULT http-01 could not listen on :80: port 80 is held by python3 \(pid \d+\)/);
  } finally {
    const ended = new Promise((resolve) => holder.once("close", resolve));
    holder.kill("SIGKILL");
    await ended;
  }
  const free = await dryRun();
  expect(free.status, free.said).toBe(0);
  expect(free.said).toContain(`${name} leads here: 192.0.2.10`);
  expect(free.said).toMatch(/the account https:\/\/\S+ can be used/);
  expect(free.said).toContain("the clock agrees with the CA's");
  const { stdout } = await host.mailcert(["issue", name, "--dry-run", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ schema: "mailcert.issue/1", ok: true, dryRun: true });
  expect(await stateOf()).toBe(before);
  expect(orders()).toBe(2);
});

it("a second name that died: ends the attempt, or is left out until it lives again", async () => {
  const names = [name, second];
  await zone.remove("autoconfig 5 A");
  await configure([], names);
  const failed = await issue();
  expect(failed.status, failed.stdout + failed.stderr).toBe(69);
  expect(failed.stderr).toContain(`${second} does not exist in DNS (NXDOMAIN)`);
  expect(failed.stderr).toContain("on_dead_name: drop");
  expect(orders()).toBe(2);
  expect((await dryRun()).status).toBe(1);

  await configure(["on_dead_name: drop"], names);
  const planned = await dryRun();
  expect(planned.status, planned.said).toBe(0);
  expect(planned.said).toContain(`${second} does not exist in DNS (NXDOMAIN): it would be left out`);
  const dropped = await issue();
  expect(dropped.status, dropped.stdout + dropped.stderr).toBe(0);
  expect(await namesOf("0003")).not.toContain(second);
  expect((await host.mailcert(["status"])).stdout).toContain(`${second} did not resolve when generation 3 was issued`);

  await zone.add("autoconfig 5 A 192.0.2.10");
  const again = await issue();
  expect(again.status, again.stdout + again.stderr).toBe(0);
  expect(await namesOf("0004")).toContain(`DNS:${second}`);
  expect((await host.mailcert(["status"])).stdout).not.toContain("did not resolve");
});

it("a limit that is used up: counted by what was issued, nothing more is ordered, and the time is told", async () => {
  await configure();
  const limited = { MAILCERT_LIMITS: "all" };
  const before = orders();
  const counted = await issue(limited);
  expect(counted.status, counted.stdout + counted.stderr).toBe(0);
  const path = (await host.must("ls /var/lib/mailcert/accounts/*/budget.json")).trim();
  const budget = JSON.parse(await host.read(path)) as { buckets: Record<string, { tokens: number; at: string }> };
  const [set = ""] = Object.keys(budget.buckets).filter((key) => key.startsWith("set "));
  expect(Object.keys(budget.buckets).toSorted()).toEqual(["domain example.org", "orders", set].toSorted());
  expect(budget.buckets[set]?.tokens).toBe(4);
  // As after five in a row.
  const at = budget.buckets[set]?.at ?? "";
  await host.write(
    path,
    JSON.stringify({ ...budget, buckets: { ...budget.buckets, [set]: { tokens: 0.2, at } } }),
    "600",
  );
  const refused = await issue(limited);
  expect(refused.status, refused.stdout + refused.stderr).toBe(75);
  expect(refused.stderr).toContain("certificates for the same names (5 in 7 days)");
  expect(orders()).toBe(before + 1);
  const { status, stdout } = await host.mailcert(["issue", name, "--dry-run"], { env: limited });
  expect(status, stdout).toBe(1);
  expect(stdout.replaceAll(/\s+/g, " ")).toContain("FAULT this would exceed a rate limit of 127.0.0.1:14000");
});
