// dns-01 through a program of the admin's own, on a real host: the script changes Knot's zone with knotc, Pebble validates through Unbound.
import { afterEach, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { startPebble } from "../lab/pebble.ts";
import { startSignedZone } from "../lab/signed-zone.ts";

const name = "mail.example.org";
const challenge = `_acme-challenge.${name}`;
const hook = "/usr/local/sbin/dns-hook";
const issue = ["issue", name, "--verbose"];

let host: MailHost | undefined;
afterEach(() => host?.stop());

/** As docs/dns-providers.md shows one. A record that is there already, or gone already, is no failure. */
const script = `#!/usr/bin/python3
import json, subprocess, sys
change = json.load(sys.stdin)
assert change["schema"] == "mailcert.dns-hook/1"
knotc = ["knotc", "-c", "/srv/signed-zone/knot.conf", "-b"]
zone, owner, value = change["zone"], change["name"] + ".", '"' + change["value"] + '"'
present = subprocess.run([*knotc, "zone-read", zone, owner, "TXT"], capture_output=True, text=True).stdout
if (value in present) == (change["action"] == "add"):
    sys.exit(0)
edit = ["zone-set", zone, owner, "60", "TXT", value] if change["action"] == "add" else ["zone-unset", zone, owner, "TXT", value]
for step in (["zone-begin", zone], edit, ["zone-commit", zone]):
    subprocess.run([*knotc, *step], check=True, stdout=subprocess.DEVNULL)
`;

const open = async (names: readonly string[]) => {
  host = await startMailHost({ suite: "bookworm" });
  const zone = await startSignedZone(host, { zone: "example.org", records: ["mail A 192.0.2.10"] });
  const pebble = await startPebble({ host, dnsServer: "127.0.0.1:53" });
  const config = [
    "certificates:",
    `  ${name}:`,
    `    names: [${names.map((one) => `"${one}"`).join(", ")}]`,
    "    issuer: acme",
    `    acme: ${pebble.directoryUrl}`,
    `    ca_file: ${pebble.caFile}`,
    "    agree_tos: true",
    "    challenge: dns-01",
    "    dns: exec",
  ];
  await host.write("/etc/mailcert/mailcert.yaml", `${config.join("\n")}\n`);
  await host.write("/etc/mailcert/secrets/exec.yaml", `command: ${hook}\n`, "600");
  return { host, zone };
};

it("a wildcard beside its bare name: both values stand at one name, and nothing is left", async () => {
  const { host: mail, zone } = await open([name, `*.${name}`]);
  await mail.write(hook, script, "755");
  const { status, stdout, stderr } = await mail.mailcert(issue);
  expect(status, stdout + stderr).toBe(0);
  expect(stderr).toContain(`${challenge}: published in example.org (exec)`);
  const folder = `/var/lib/mailcert/certificates/${name}/generations/0001`;
  expect(await mail.must(`openssl x509 -noout -ext subjectAltName -in ${folder}/ecdsa/cert.pem`)).toContain(
    `DNS:*.${name}`,
  );
  expect(await zone.ask(challenge, "TXT")).toBe("");
  expect(JSON.parse(await mail.read("/var/lib/mailcert/challenges.json"))).toEqual([]);
});

it("what the program says, its wish to be asked later, and that others may change it, end the run with the fitting status", async () => {
  const { host: mail } = await open([name]);
  const attempt = async (text: string, mode: string) => {
    await mail.write(hook, text, mode);
    const { status, stdout, stderr } = await mail.mailcert(issue);
    return { status, all: stdout + stderr };
  };
  const broken = await attempt("#!/bin/sh\necho the API said no >&2; exit 1\n", "755");
  expect(broken.status, broken.all).toBe(69);
  expect(broken.all).toContain(`exec: ${hook} ended with status 1 (add ${challenge}): the API said no`);
  const later = await attempt("#!/bin/sh\necho too many requests >&2; exit 75\n", "755");
  expect(later.status, later.all).toBe(75);
  expect(later.all).toContain("too many requests");
  const shared = await attempt(script, "775");
  expect(shared.status, shared.all).toBe(78);
  expect(shared.all).toContain(`root does not run ${hook}: its group (gid 0) can change ${hook}`);
  expect(shared.all).toContain(`chmod g-w ${hook}`);
});
