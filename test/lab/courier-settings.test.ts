// Courier under one certificate: lines of people's own; then from setup to removal, restarted once, with a session that goes on over the renewal.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Installation } from "../../src/servers/server.ts";
import { type CourierLab, openCourierLab } from "./courier-host.ts";
import { bySni, certificate, folder, served, snapshot } from "./server-judge.ts";

let lab: CourierLab;
beforeAll(async () => {
  lab = await openCourierLab();
});
afterAll(() => lab?.host.stop());

const imaps = { protocol: "imap", mode: "implicit", port: 993 } as const;
const look = async (): Promise<Installation> => {
  const [found] = await lab.courier.detect();
  if (!found) throw new Error("not detected");
  return found;
};

test("a key file of its own is switched off in the same line; what somebody sets behind ours, or makes of it, is shown and kept", async () => {
  const installation = await look();
  const file = "/etc/courier/imapd-ssl";
  await lab.host.must(
    `echo 'TLS_PRIVATE_KEYFILE=/etc/ssl/mine.key' >> ${file}; sed -i 's/^IMAPDSTARTTLS=.*/IMAPDSTARTTLS=NO/' ${file}`,
  );
  const before = await snapshot(lab.host, "/etc/courier");
  const { changes } = await lab.courier.plan(installation, certificate);
  const after = `TLS_CERTFILE=${folder}/live/rsa/combined.pem TLS_PRIVATE_KEYFILE= # mailcert`;
  expect(changes[0]).toMatchObject({ path: file, after });
  for (const change of changes) await lab.courier.apply(installation, change);
  expect(await lab.courier.readBack(installation, certificate)).toEqual([]);
  expect(await lab.courier.listeners(installation)).toMatchObject([
    { port: 143, unobservable: "STARTTLS is switched off (IMAPDSTARTTLS in /etc/courier/imapd-ssl)" },
    { port: 993, slot: "rsa" },
    { port: 587 },
  ]);
  await lab.host.must(`echo 'TLS_CERTFILE=/etc/ssl/later.pem' >> ${file}`);
  expect((await lab.courier.plan(installation, certificate)).changes).toEqual([]);
  expect(await lab.courier.readBack(installation, certificate)).toMatchObject([
    { scope: "what reads imapd-ssl", setting: "TLS_CERTFILE=/etc/ssl/later.pem", edit: [] },
  ]);
  await lab.host.must(`sed -i '$d' ${file}; chmod 600 ${folder}/live/rsa/combined.pem`);
  await expect(lab.courier.check(installation)).rejects.toMatchObject({
    message: `Courier reads keys as courier, which cannot read ${folder}/live/rsa/combined.pem`,
  });
  await lab.host.must(`chmod 640 ${folder}/live/rsa/combined.pem`);
  for (const change of changes.toReversed()) expect(await lab.courier.revert(installation, change)).toBe("reverted");
  expect(await snapshot(lab.host, "/etc/courier")).toBe(before);
});

test("a line of ours that somebody appended something to stays, with the link that it names: clients go on being served", async () => {
  await lab.reset();
  const installation = await look();
  const { changes } = await lab.courier.plan(installation, certificate, bySni);
  for (const change of changes) await lab.courier.apply(installation, change);
  await lab.courier.reload(installation);
  await lab.host.must("sed -i 's/ # mailcert$/&, Bob says: keep/' /etc/courier/imapd-ssl");
  const outcomes: string[] = [];
  for (const change of changes.toReversed())
    outcomes.push(await lab.courier.revert(installation, change).catch((error: Error) => error.message));
  expect(outcomes.toSorted()).toEqual([
    expect.stringMatching(/^\/etc\/courier\/mailcert\.pem is still named by \/etc\/courier\/imapd-ssl line \d+: /),
    "not-ours",
    ...outcomes.filter((outcome) => outcome === "reverted"),
  ]);
  await expect.poll(() => served(lab.host, imaps, "rsa", "two.example.net"), { timeout: 10_000 }).not.toBe("");
  await lab.reset();
  await lab.courier.reload(installation);
});

test("from setup over a renewal to removal: restarted once, then served anew without any reload, and the very same bytes at the end", async () => {
  await lab.reset();
  await lab.host.must("rm -rf /var/lib/mailcert");
  const before = await snapshot(lab.host, "/etc/courier");
  const setup = await lab.host.mailcert(["setup", "mail.example.org", "--schedule", "none"]);
  expect({ status: setup.status, stderr: setup.stderr }).toEqual({ status: 0, stderr: "" });
  expect(setup.stdout).toContain("restarted where needed (it reads the path of its certificate only when it starts)");
  expect(setup.stdout).toContain("served and proven at every entry point");
  const client = lab.host.spawn(["openssl", "s_client", "-quiet", "-connect", "127.0.0.1:993"]);
  let heard = "";
  client.stdout.on("data", (part: Buffer) => (heard += part.toString()));
  await expect.poll(() => heard, { timeout: 10_000 }).toContain("* OK");
  const old = await served(lab.host, imaps, "ecdsa");
  const processes = await lab.host.must("cat /run/courier/*.pid");
  const renewed = await lab.host.mailcert(["renew", "--force", "--new-key"]);
  expect({ status: renewed.status, stderr: renewed.stderr }).toEqual({ status: 0, stderr: "" });
  expect(renewed.stdout).not.toContain("restarted");
  expect([old, ""]).not.toContain(await served(lab.host, imaps, "ecdsa"));
  expect(await lab.host.must("cat /run/courier/*.pid")).toBe(processes);
  client.stdin.write("a NOOP\r\n");
  await expect.poll(() => heard, { timeout: 10_000 }).toContain("a OK");
  client.kill();
  const removed = await lab.host.mailcert(["deploy", "--remove"]);
  expect({ status: removed.status, stderr: removed.stderr }).toEqual({ status: 0, stderr: "" });
  expect(await snapshot(lab.host, "/etc/courier")).toBe(before);
  await expect.poll(() => served(lab.host, imaps, "rsa"), { timeout: 10_000 }).not.toBe("");
});
