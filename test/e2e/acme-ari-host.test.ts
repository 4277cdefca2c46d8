// The CA's window on a real mail host through the command line: what status says, and a renewal that the CA asks for, deployed and proven.
import { afterAll, beforeAll, expect, it } from "vitest";
import { complaints } from "../docs/schemas.ts";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { type Pebble, startPebble } from "../lab/pebble.ts";

const name = "mail.example.org";
const trust = "/tmp/trust.pem";
const live = `/var/lib/mailcert/certificates/${name}/live/ecdsa/cert.pem`;
const page = "https://ca.example/incident";
let host: MailHost;
let pebble: Pebble;

beforeAll(async () => {
  host = await startMailHost({ suite: "trixie" });
  await Promise.all([host.startDovecot(), host.startPostfix()]);
  pebble = await startPebble({ host });
  await host.must(["cp", pebble.caFile, trust]);
});
afterAll(async () => host.stop());

const mailcert = async (status: number, ...args: readonly string[]): Promise<string> => {
  const result = await host.mailcert(args);
  expect(result.status, `${result.stdout}${result.stderr}`).toBe(status);
  return result.stdout;
};

const served = async (): Promise<string> =>
  host.must(
    `echo | openssl s_client -connect 127.0.0.1:993 -servername ${name} 2>/dev/null | openssl x509 -noout -fingerprint -sha256`,
  );

it("is told by status, and followed by renew", async () => {
  const setup = ["setup", name, "--acme", pebble.directoryUrl, "--ca-file", trust, "--agree-tos", "--schedule", "none"];
  await mailcert(0, ...setup);
  const before = await served();
  expect(await mailcert(0, "status")).toContain("renewal is due on");
  expect(await mailcert(0, "renew")).toMatch(/renews at .* UTC \(the CA's window .* UTC to .* UTC\)/);
  const asked = pebble.log().split("/renewalInfo/").length;
  const status = JSON.parse(await mailcert(0, "status", "--json")) as object;
  expect(complaints(status)).toEqual([]);
  expect(status).toMatchObject({
    certificates: [{ next: { action: "nothing", advised: { start: expect.any(String) } } }],
  });
  await mailcert(0, "renew");
  expect(pebble.log().split("/renewalInfo/")).toHaveLength(asked);

  const at = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();
  const answer = { suggestedWindow: { start: at(-2), end: at(-1) }, explanationURL: page };
  const leaf = await host.must(["cat", live]);
  await pebble.manage("/set-renewal-info/", { Certificate: leaf, ARIResponse: JSON.stringify(answer) });
  // As if it were a day old: it is to be asked for, and old enough to be renewed.
  const state = `/var/lib/mailcert/certificates/${name}/state.json`;
  await host.must(`sed -Ei 's/"(nextPoll|notBefore)": "[^"]*"/"\\1": "${at(-24)}"/' ${state}`);
  const renewed = JSON.parse(await mailcert(0, "renew", "--json")) as object;
  expect(complaints(renewed)).toEqual([]);
  expect(renewed).toMatchObject({
    outcome: "done",
    certificates: [
      {
        decision: { action: "issue", explanationUrl: page },
        issued: { number: 2, account: expect.stringContaining("/my-account/") },
        deployed: { outcome: "verified" },
        findings: [{ check: "renew-explained", severity: "warning" }],
      },
    ],
  });
  expect(await served()).not.toBe(before);
  expect(await mailcert(0, "status")).toContain("renewal is due on");
});
