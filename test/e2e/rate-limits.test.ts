// Published rate limits are kept to by a budget on disk: what would exceed them is not ordered, and waits until there is room.
import { afterEach, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { startPebble } from "../lab/pebble.ts";

const hosts: MailHost[] = [];

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

interface Run {
  readonly certificates: readonly { readonly certificate: string; readonly error?: { readonly message: string } }[];
}

it("of 54 certificates under one domain that are due at once, a CA's 50 a week are ordered, and the others wait", async () => {
  const host = await startMailHost({ suite: "trixie" });
  hosts.push(host);
  const pebble = await startPebble({ host });
  const names = Array.from({ length: 54 }, (_, index) => `mx${index + 1}.example.org`);
  const entries = names.map(
    (name) =>
      `  ${name}: { issuer: acme, acme: ${pebble.directoryUrl}, ca_file: ${pebble.caFile}, agree_tos: true, servers: none }`,
  );
  await host.must("mkdir -p /etc/mailcert");
  await host.write("/etc/mailcert/mailcert.yaml", `schema: 1\ncertificates:\n${entries.join("\n")}\n`);
  // Pebble is taken for Let's Encrypt.
  const env = { MAILCERT_LIMITS: "all" };
  const ordered = async (): Promise<number> =>
    Number(await host.must("find /var/lib/mailcert/certificates -name cert.pem -path '*/generations/*' | wc -l"));

  const first = await host.mailcert(["renew", "--json"], { env, timeoutMs: 90_000 });
  expect(first.stderr).toBe("");
  expect(first.status).toBe(75);
  const { certificates } = JSON.parse(first.stdout) as Run;
  const left = certificates.filter(({ error }) => error !== undefined);
  expect([certificates.length, left.length, await ordered()]).toEqual([54, 4, 50]);
  for (const { error } of left) expect(error?.message).toContain("this would exceed the CA's rate limit");
  expect(left[0]?.error?.message).toContain("certificates under example.org (50 in 7 days)");

  // The others have theirs; those that wait say until when, and are left alone.
  const second = await host.mailcert(["renew"], { env });
  expect(second.status).toBe(75);
  expect(second.stdout).toContain("rate limit");
  const status = (await host.mailcert(["status", left[0]?.certificate ?? ""], { env })).stdout;
  expect(status).toContain("certificates under example.org");
  expect(await ordered()).toBe(50);

  // A renewal of what there is already costs nothing of that, as the CA has it.
  expect((await host.mailcert(["renew", "--force", "mx1.example.org"], { env })).status).toBe(0);

  // A token comes back every 3.36 hours: one more is ordered then, and no two.
  const later = await host.exec(["faketime", "+4 hours", "mailcert", "renew"], { env, timeoutMs: 60_000 });
  expect(later.status, later.stdout + later.stderr).toBe(75);
  expect(await ordered()).toBe(52);
}, 120_000);
