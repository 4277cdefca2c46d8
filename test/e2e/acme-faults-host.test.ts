// A CA whose nonces do not work, on a real mail host through the command line: the attempt ends, its reason and the next one stand in `status`, and that one succeeds.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { startPebble } from "../lab/pebble.ts";

const name = "mail.example.org";
const live = `/var/lib/mailcert/certificates/${name}/live/ecdsa/cert.pem`;
const trust = "/tmp/trust.pem";
let host: MailHost;

beforeAll(async () => {
  host = await startMailHost({ suite: "trixie" });
});
afterAll(async () => host.stop());

/** The PEM that vouches for the CA's HTTPS is another one with each start. */
const startCa = async (nonceReject: number): Promise<Awaited<ReturnType<typeof startPebble>>> => {
  const pebble = await startPebble({ host, nonceReject });
  await host.must(["cp", pebble.caFile, trust]);
  return pebble;
};

it("every nonce refused: bounded, told, kept; then nine of ten refused: issued", async () => {
  let pebble = await startCa(100);
  await host.write(
    "/etc/mailcert/mailcert.yaml",
    `certificates:
  ${name}:
    issuer: acme
    acme: ${pebble.directoryUrl}
    ca_file: ${trust}
    agree_tos: true
    servers: none
`,
  );
  const timer = await host.mailcert(["renew", "--quiet"]);
  expect({ status: timer.status, stderr: timer.stderr }).toEqual({ status: 1, stderr: "" });
  const says = "the CA would not register an account: urn:ietf:params:acme:error:badNonce: ";
  expect(timer.stdout).toContain(says);
  expect(pebble.log().match(/POST \/sign-me-up/g)).toHaveLength(100);
  const status = await host.mailcert(["status"]);
  expect(status.stdout).toContain(says);
  expect(status.stdout).toMatch(/next attempt/i);
  const waiting = await host.mailcert(["renew"]);
  expect(waiting).toMatchObject({ status: 75, stdout: expect.stringContaining("next attempt") });
  expect(pebble.log().match(/POST \/sign-me-up/g)).toHaveLength(100);

  await pebble.stop();
  pebble = await startCa(90);
  const named = await host.mailcert(["renew", name]);
  expect({ status: named.status, stderr: named.stderr }).toEqual({ status: 0, stderr: "" });
  await host.must(["openssl", "x509", "-noout", "-checkend", "86400", "-in", live]);
  expect((await host.must("ls -d /var/lib/mailcert/accounts/*/*/")).trim().split("\n")).toHaveLength(1);
  await pebble.stop();
});
