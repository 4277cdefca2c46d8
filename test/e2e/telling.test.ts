// What people hear of runs on a real mail host: hooks of several certificates in one go, a run that hangs and keeps all others out, keys that lie
// open, and channels that fail in the ways in which they do.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";

let host: MailHost;
const [first, second] = ["mail.example.org", "mail.customer-one.example"];
const folderOf = (name: string): string => `/var/lib/mailcert/certificates/${name}`;

/** Writes down each call, with what is live by then; refuses where a file says so. */
const hook = `#!/bin/sh
read -r line
event=$(printf '%s' "$line" | sed 's/.*"event":"\\([^"]*\\)".*/\\1/')
name=$(printf '%s' "$line" | sed 's/.*"certificate":"\\([^"]*\\)".*/\\1/')
echo "$event $name $(basename "$(readlink /var/lib/mailcert/certificates/$name/live)")" >> /srv/called
if [ -e "/srv/hang" ]; then touch /srv/hangs; exec sleep 3000; fi
if [ -e "/srv/refuse-$event-$name" ]; then echo "no: $(mktemp -u)" >&2; exit 3; fi
`;

/** What a webhook and a health check can do to a run. */
const listener = `
import http.server, time
class Taker(http.server.BaseHTTPRequestHandler):
    def take(self):
        open("/srv/heard", "a").write(self.path + "\\n")
        if self.path.startswith("/hang"): time.sleep(3600)
        self.send_response(302 if self.path.startswith("/moved") else 200)
        self.send_header("Location", "http://127.0.0.1:8099/elsewhere")
        self.end_headers()
    do_GET = do_POST = take
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", 8099), Taker).serve_forever()
`;

const configure = (notify: string): Promise<void> =>
  host.write(
    "/etc/mailcert/mailcert.yaml",
    `hooks: { before_deploy: [/usr/local/sbin/hook], after_deploy: [/usr/local/sbin/hook], on_failure: [/usr/local/sbin/hook] }
notify: ${notify}
certificates:
  ${first}: { issuer: private-ca, ca_domains: [example.org, customer-one.example], servers: dovecot }
  ${second}: { issuer: private-ca, ca_domains: [example.org, customer-one.example], servers: dovecot }
`,
  );

const run = async (...args: readonly string[]): Promise<{ status: number | null; said: string }> => {
  const { status, stdout, stderr } = await host.mailcert(args, { timeoutMs: 200_000 });
  return { status, said: stdout + stderr };
};
const taken = async (file: string): Promise<readonly string[]> =>
  (await host.must(`cat ${file} 2>/dev/null; rm -f ${file}`))
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
const live = async (): Promise<readonly string[]> =>
  (await host.must(["readlink", `${folderOf(first)}/live`, `${folderOf(second)}/live`])).trim().split("\n");
const mailbox = (): Promise<string> => host.must("cat /var/mail/alice 2>/dev/null; true");
const subjects = async (): Promise<readonly string[]> =>
  [...(await mailbox()).matchAll(/^Subject: mailcert on mail\.example\.org: (.*)$/gm)].map(([, text = ""]) => text);

beforeAll(async () => {
  host = await startMailHost({ suite: "trixie" });
  await Promise.all([host.startDovecot(), host.startPostfix()]);
  await host.write("/usr/local/sbin/hook", hook, "755");
  await host.write("/srv/listener.py", listener);
  host.spawn(["python3", "/srv/listener.py"]);
  await configure("{ mail: alice@mail.example.org }");
  await host.must("for try in $(seq 600); do nc -z 127.0.0.1 8099 && exit; sleep 0.1; done; exit 1");
}, 300_000);
afterAll(() => host?.stop());

it("hooks of several certificates: all before_deploy, one switch, all after_deploy; one that refuses keeps its own back", async () => {
  // Five hours ago: what follows has to be valid then, too.
  const { status, stdout, stderr } = await host.exec(["faketime", "-5 hours", "mailcert", "renew"], {
    timeoutMs: 200_000,
  });
  expect(status, stdout + stderr).toBe(0);
  const each = (event: string, ...generations: readonly string[]): readonly string[] =>
    [first, second].map((name, index) => `${event} ${name} ${generations[index] ?? ""}`.trim());
  expect(await taken("/srv/called")).toEqual([...each("before_deploy"), ...each("after_deploy", "0001", "0001")]);

  await host.must(`touch /srv/refuse-before_deploy-${second}`);
  const refused = await run("renew", "--force", "--quiet");
  expect(refused.status).toBe(1);
  expect(refused.said).toMatch(
    new RegExp(`^${second}: FAILED: before_deploy: /usr/local/sbin/hook ended with status 3: no: /tmp/`),
  );
  expect(await taken("/srv/called")).toEqual([
    ...each("before_deploy", "0001", "0001"),
    `after_deploy ${first} 0002`,
    `on_failure ${second} 0001`,
  ]);
  expect(await live()).toEqual(["generations/0002", "generations/0001"]);
  expect((await run("log", second)).said).toContain("before_deploy: FAILED: /usr/local/sbin/hook ended with status 3");

  // Other words at each run; with what cron's line says it is silent, since the mail has been sent.
  expect(await run("renew", "--quiet", "--unless-told")).toEqual({ status: 1, said: "" });
  await host.must(`rm /srv/refuse-before_deploy-${second}; rm -f /srv/called`);
  expect(await run("renew", "--quiet", second)).toEqual({ status: 0, said: "" });
  expect(await taken("/srv/called")).toEqual([`before_deploy ${second} 0001`, `after_deploy ${second} 0002`]);
  await expect
    .poll(subjects, { timeout: 120_000, interval: 200 })
    .toEqual([`1 fault: ${second}`, `well again: ${second}`]);
}, 300_000);

it("a key that everybody can read is a warning of deploy and status, and is mailed by the daily proof", async () => {
  const key = `${folderOf(first)}/live/ecdsa/privkey.pem`;
  await host.must(["chmod", "644", key]);
  const words = `everybody on this host can read the private key of ${first}: ${folderOf(first)}/generations/0002/ecdsa/privkey.pem (mode 0644)`;
  for (const command of ["deploy", "status"]) expect((await run(command)).said).toContain(`warning: ${words}`);
  const proof = await host.exec(["faketime", "+26 hours", "mailcert", "renew", "--quiet"], { timeoutMs: 200_000 });
  expect([proof.status, proof.stdout.includes(words)]).toEqual([0, true]);
  await expect.poll(subjects, { timeout: 120_000, interval: 200 }).toContain(`1 warning: ${first}`);
  await host.must(["chmod", "600", key]);
  expect((await run("status")).said).not.toContain("everybody");
}, 300_000);

it("a run that hangs keeps the others out: after three hours that is a fault, told without the lock, and over with its end", async () => {
  await host.must("touch /srv/hang; rm -f /srv/called");
  host.spawn(["faketime", "-4 hours", "mailcert", "renew", "--force", first]);
  await host.must("for try in $(seq 600); do [ -e /srv/hangs ] && exit; sleep 0.1; done; exit 1");
  const stuck = await run("renew", "--quiet");
  expect(stuck.status).toBe(1);
  expect(stuck.said).toMatch(
    /^fault: no run could begin for 4 hours: another mailcert is at work: process \d+ \(mailcert renew --force mail\.example\.org since 20/,
  );
  expect(await run("renew", "--quiet", "--unless-told")).toEqual({ status: 1, said: "" });
  // What a person runs is not begun, and says what to do.
  const deploy = await run("deploy");
  expect([deploy.status, /hint: .*: kill \d+\n/.test(deploy.said)]).toEqual([75, true]);
  await expect.poll(subjects, { timeout: 120_000, interval: 200 }).toContain("1 fault: renew-stuck");

  await host.must("rm /srv/hang; kill $(cut -d' ' -f1 /var/lib/mailcert/lock)");
  await host.must("for try in $(seq 600); do flock -n /var/lib/mailcert/lock true && exit; sleep 0.1; done; exit 1");
  expect((await run("renew", "--quiet")).status).toBe(0);
  expect(await live()).toEqual(["generations/0003", "generations/0002"]);
  await expect.poll(subjects, { timeout: 120_000, interval: 200 }).toContain("well again: renew-stuck");
}, 300_000);

it("channels that fail are told by those that are left; the run's exit says so, and nothing is in the way of a renewal", async () => {
  await host.must("mkdir /srv/full; mount -t tmpfs -o size=16k tmpfs /srv/full; cat /dev/zero >/srv/full/x; true");
  await host.must("rm -f /srv/heard; cp /dev/null /var/mail/alice");
  await configure(
    `{ mail: alice@mail.example.org, webhook: "http://127.0.0.1:8099/hang", ping: "http://127.0.0.1:8099/moved", prometheus: /srv/full/mailcert.prom }`,
  );
  const told = await run("renew", "--force", "--quiet", first);
  expect(told.status).toBe(1);
  expect(await live()).toEqual(["generations/0004", "generations/0002"]);
  expect(told.said).toContain("could not tell: webhook http://127.0.0.1:8099/...: no complete reply within 10 s");
  expect(told.said).toContain("could not tell: prometheus: cannot write /srv/full/mailcert.prom: no space left");
  // One that hangs is not asked again by the same run.
  expect((await taken("/srv/heard")).toSorted()).toEqual(["/hang", "/moved"]);
  expect(await host.must("ls -A /srv/full")).toBe("x\n");
  await expect.poll(mailbox, { timeout: 120_000, interval: 200 }).toContain("could not tell: prometheus: cannot write");
  // What comes last is written last.
  await expect
    .poll(mailbox, { timeout: 10_000 })
    .toMatch(/could not tell: ping http:\/\/127\.0\.0\.1:8099\/\.\.\.: it answered 302, which is\s+not followed/);
  await expect.poll(mailbox, { timeout: 10_000 }).toContain("could not tell: webhook");

  // Nobody is left: it is said where it can be, by cron's line too.
  await host.must(
    "mv /usr/sbin/sendmail /usr/sbin/sendmail.gone; rm /srv/full/x; touch /srv/full/.mailcert-4194303-7.tmp",
  );
  await configure("{ mail: alice@mail.example.org, prometheus: /srv/full/mailcert.prom }");
  await host.must(`touch /srv/refuse-after_deploy-${first}`);
  const untold = await run("renew", "--force", "--quiet", "--unless-told", first);
  expect(untold.status).toBe(1);
  expect(untold.said).toContain("after_deploy: /usr/local/sbin/hook ended with status 3");
  expect(untold.said).toContain("/usr/sbin/sendmail is not installed");
  expect(await host.must("ls -A /srv/full; grep ^mailcert_last_run_ok /srv/full/mailcert.prom")).toBe(
    "mailcert.prom\nmailcert_last_run_ok 0\n",
  );
}, 300_000);
