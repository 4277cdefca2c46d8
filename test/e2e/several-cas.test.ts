// Several CAs: where the first cannot, the next one issues; why the first could not stays in sight until it can again.
import { afterEach, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { startPebble } from "../lab/pebble.ts";

const name = "mail.example.org";
const hosts: MailHost[] = [];

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

it("the next one issues, is renewed in its own time, and the first is asked again then", async () => {
  const host = await startMailHost({ suite: "trixie" });
  hosts.push(host);
  const [pebble] = await Promise.all([startPebble({ host }), host.startPostfix()]);
  // Nobody listens there.
  const down = "https://127.0.0.1:14999/dir";
  const config = (...directories: readonly string[]): Promise<void> =>
    host.write(
      "/etc/mailcert/mailcert.yaml",
      `schema: 1
certificates:
  ${name}:
    issuer: acme
    acme: [${directories.join(", ")}]
    ca_file: ${pebble.caFile}
    agree_tos: true
    servers: postfix
`,
    );
  const run = async (...args: readonly string[]): Promise<readonly [number | null, string]> => {
    const { status, stdout, stderr } = await host.mailcert(args);
    return [status, stdout + stderr];
  };
  await host.must("mkdir -p /etc/mailcert");
  await config(down, pebble.directoryUrl);

  const [status, said] = await run("renew");
  expect({ status, said }).toMatchObject({
    status: 0,
    said: expect.stringContaining("127.0.0.1:14999 failed") as string,
  });
  expect(said.replaceAll(/\s+/g, " ")).toContain("used 127.0.0.1:14000");
  const shown = (await run("status"))[1].replaceAll(/\s+/g, " ");
  expect(shown).toContain("127.0.0.1:14999 failed");
  expect(shown).toContain("used 127.0.0.1:14000");
  expect((await run("renew"))[1]).toContain("nothing to do");

  // What the first one's next attempt is not due for is not asked of it again.
  const [again, words] = await run("renew", "--force");
  expect(again, words).toBe(0);
  expect(words).not.toContain("14999 failed");

  // In another order the first one can: what is served is from a CA of the list, so that nothing is done before it is due.
  await config(pebble.directoryUrl, down);
  expect((await run("renew"))[1]).toContain("nothing to do");
  await config(down, "https://127.0.0.1:14998/dir");
  // The first one waits for its next attempt; once each of them would, all are asked.
  expect(await run("renew", name)).toEqual([1, expect.stringContaining("https://127.0.0.1:14998") as string]);
  const [failed, why] = await run("renew", name);
  expect(failed).toBe(1);
  expect(why.replaceAll(/\s+/g, " ")).toMatch(/no CA could issue: 127\.0\.0\.1:14999: .*; 127\.0\.0\.1:14998: /);
  const [held, until] = await run("renew");
  expect({ held, until }).toMatchObject({ held: 75, until: expect.stringMatching(/until|next attempt/) as string });
});
