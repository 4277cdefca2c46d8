// An ACME CA of one's own: `bundle` and `verify` say the same about who trusts it, and the root reaches the clients' files.
import { afterEach, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { startPebble } from "../lab/pebble.ts";

const hosts: MailHost[] = [];

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

it("asks for the root once, and from then on finds it", async () => {
  const host = await startMailHost({ suite: "trixie" });
  hosts.push(host);
  const [pebble] = await Promise.all([startPebble({ host }), host.startDovecot()]);
  const ca = ["--acme", pebble.directoryUrl, "--ca-file", pebble.caFile, "--agree-tos"];
  const made = await host.mailcert(["setup", "mail.example.org", ...ca, "--schedule", "none"]);
  expect(made.status, made.stderr).toBe(0);
  expect(made.stdout).toContain("mailcert bundle mail.example.org --out DIR");

  const none = await host.mailcert(["bundle", "--out", "/srv/mail"]);
  expect(none).toMatchObject({ status: 78, stderr: expect.stringContaining("--root FILE") as string });
  const distrusted = await host.mailcert(["verify", "mail.example.org", "--entry", "imaps"]);
  expect(distrusted.stdout.replaceAll(/\s+/g, " ")).toContain("--root FILE");

  await host.write("/root/root.pem", await pebble.root());
  const given = await host.mailcert(["bundle", "--root", "/root/root.pem", "--out", "/srv/mail"]);
  expect(given.status, given.stderr).toBe(0);
  expect(given.stdout).toContain("Read this to them by telephone");
  expect(await host.read("/srv/mail/README.txt")).toContain("IMPORT THE AUTHORITY");
  const trusted = ["verify", "mail.example.org", "--entry", "imaps", "--ca-file", "/srv/mail/ca.crt"];
  expect((await host.mailcert(trusted)).status).toBe(0);

  expect(await host.mailcert(["bundle", "--out", "/srv/mail"])).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/ca\.crt +unchanged/) as string,
  });
});
