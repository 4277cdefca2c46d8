// testssl.sh beside the full look, at one port of Dovecot and one of Postfix: the same versions and kinds of suites, or a reason why not.
import { afterEach, expect, test } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { look } from "./full-look.ts";
const hosts: MailHost[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});
test("x", async () => {
  const host = await startMailHost({ suite: "trixie", testssl: true });
  hosts.push(host);
  await Promise.all([host.startDovecot(), host.startPostfix()]);
  for (const [port, dialect] of [[143, "imap"], [25, "smtp"]] as const) {
    const started = Date.now();
    const { stdout, stderr, status } = await host.exec(
      `testssl --quiet --color 0 --warnings off --nodns none -p -s -t ${dialect} --jsonfile /tmp/${dialect}.json mail.example.org:${port} 2>&1; cat /tmp/${dialect}.json`,
      { timeoutMs: 120_000 },
    );
    console.log(port, status, Date.now() - started, stdout.slice(-9000), stderr);
  }
  const looked = await look(host, "--entry", "imap,smtp");
  console.log(JSON.stringify([...looked].map(([port, {profile}]) => [port, profile]), null, 1));
}, 300_000);
