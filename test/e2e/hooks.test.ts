// Hooks and notifications on a real mail host: programs that run with their document, mail in a mailbox, a webhook and a ping that arrive,
// the textfile, and a window that holds a renewal back.
import { afterAll, beforeAll, expect, it } from "vitest";
import { complaints } from "../docs/schemas.ts";
import { readExposition } from "../fakes/exposition.ts";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { folder, leafIn, leaves, name } from "./deployed-host.ts";

let host: MailHost;

const listener = `
import http.server, sys
class Taker(http.server.BaseHTTPRequestHandler):
    def take(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        open("/srv/heard", "a").write(self.command + " " + self.path + " " + (self.headers.get("X-Token") or "-") + " " + body + "\\n")
        self.send_response(200)
        self.end_headers()
    do_GET = do_POST = take
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", 8099), Taker).serve_forever()
`;

const hook = (event: string, after = ""): Promise<void> =>
  host.write(
    `/usr/local/sbin/${event}`,
    `#!/bin/sh\nread -r line\nprintf '%s\\n' "$line" >> /srv/hooks\nprintf '%s ' "$0" "$@" $(env | cut -d= -f1 | sort) >> /srv/called; echo >> /srv/called\n${after}\n`,
    "755",
  );

const config = (more = "", entry = ""): string => `hooks:
  before_deploy: [/usr/local/sbin/before]
  after_deploy: { run: [/usr/local/sbin/after, two words], timeout: 20 }
  on_failure: [/usr/local/sbin/failed]
notify:
  mail: alice@mail.example.org
  webhook: http://127.0.0.1:8099/hook/T0KEN
  webhook_header_file: /etc/mailcert/secrets/webhook
  ping: http://127.0.0.1:8099/ping/UU1D
  prometheus: /srv/collector/mailcert.prom
${more}certificates:
  ${name}:
    issuer: private-ca
    days: 2
    servers: dovecot
${entry}`;

interface Call {
  readonly event: string;
  readonly generation?: number;
  readonly attempt: number;
  readonly outcome?: string;
  readonly paths: Readonly<Record<string, { readonly fullchain: string }>>;
}

/** What was written down since the last look. */
const taken = async (file: string): Promise<readonly string[]> =>
  (await host.must(`cat ${file} 2>/dev/null; rm -f ${file}`)).split("\n").filter((line) => line !== "");
const calls = async (): Promise<readonly Call[]> => {
  const lines = await taken("/srv/hooks");
  const documents = lines.map((line) => JSON.parse(line) as Call);
  for (const one of documents) expect(complaints(one)).toEqual([]);
  return documents;
};
const events = async (): Promise<readonly string[]> =>
  (await calls()).map(({ event, generation, attempt }) => `${event} ${generation ?? "-"} ${attempt}`);
/** Pings, and the kinds of news that the webhook had. */
const heard = async (): Promise<readonly string[]> =>
  (await taken("/srv/heard")).map((line) => {
    const [method = "", path = "", token = "", ...body] = line.split(" ");
    if (method === "GET") return path;
    const document = JSON.parse(body.join(" ")) as { news: readonly { kind: string; check: string }[] };
    expect([path, token, complaints(document)]).toEqual(["/hook/T0KEN", "hunter2", []]);
    return document.news.map(({ kind, check }) => `${kind} ${check}`).join(", ");
  });
const mailbox = (): Promise<string> => host.must("cat /var/mail/alice 2>/dev/null; true");
const arrived = async (subject: string): Promise<string> => {
  await expect.poll(mailbox, { timeout: 30_000, interval: 200 }).toContain(subject);
  const all = await mailbox();
  return all.slice(1 + all.lastIndexOf("\nFrom ", all.lastIndexOf(`Subject: ${subject}`)));
};
const live = (): Promise<string> => host.must(["readlink", `${folder}/live`]).then((text) => text.trim());
const run = async (...args: readonly string[]): Promise<{ status: number | null; said: string }> => {
  const { status, stdout, stderr } = await host.mailcert(args, { timeoutMs: 100_000 });
  return { status, said: stdout + stderr };
};

beforeAll(async () => {
  host = await startMailHost({ suite: "trixie" });
  await Promise.all([host.startDovecot(), host.startPostfix()]);
  await host.must("mkdir -p /srv/collector && touch /srv/heard");
  await host.write("/srv/listener.py", listener);
  host.spawn(["python3", "/srv/listener.py"]);
  for (const event of ["before", "after", "failed"]) await hook(event);
  await host.write("/etc/mailcert/secrets/webhook", "X-Token: hunter2\n", "600");
  await host.write("/etc/mailcert/mailcert.yaml", config());
  await host.must("for try in $(seq 300); do nc -z 127.0.0.1 8099 && exit; sleep 0.1; done; exit 1");
});
afterAll(() => host?.stop());

it("hooks run around the switch, with paths and no key; the ping and the textfile come, and no news", async () => {
  expect((await run("config", "check")).said).not.toContain("warning");
  expect((await run("renew")).status).toBe(0);
  const told = await calls();
  expect(told.map(({ event, outcome }) => [event, outcome])).toEqual([
    ["before_deploy", undefined],
    ["after_deploy", "verified"],
  ]);
  expect(await leafIn(host, told[1]?.paths["ecdsa"]?.fullchain ?? "")).toBe((await leaves(host, [993]))[993]);
  expect(await taken("/srv/called")).toEqual([
    "/usr/local/sbin/before HOME LC_ALL PATH PWD ",
    "/usr/local/sbin/after two words HOME LC_ALL PATH PWD ",
  ]);
  expect(await heard()).toEqual(["/ping/UU1D"]);
  const metrics = readExposition(await host.read("/srv/collector/mailcert.prom"));
  expect(metrics.find((one) => one.name === "mailcert_certificate_stage")).toMatchObject({
    labels: { certificate: name },
    value: 4,
  });
  expect(
    (await host.must("stat -c '%a %U' /srv/collector/mailcert.prom /var/lib/mailcert/notified.json")).split("\n"),
  ).toEqual(["644 root", "600 root", ""]);
  expect(await run("renew", "--quiet")).toEqual({ status: 0, said: "" });
  expect([await events(), await heard(), await mailbox()]).toEqual([[], ["/ping/UU1D"], ""]);
});

it("after_deploy that fails: told once by mail and webhook, run again alone, and well again", async () => {
  await hook("after", "echo 'the relay said: no route' >&2; exit 3");
  const failed = await run("renew", "--force", "--quiet");
  expect(failed.status).toBe(1);
  expect(failed.said).toContain("after_deploy: /usr/local/sbin/after ended with status 3: the relay said: no route");
  expect(await events()).toEqual(["before_deploy 2 1", "after_deploy 2 1"]);
  expect(await heard()).toEqual(["new hook-failed", "/ping/UU1D/fail"]);
  const mail = await arrived("mailcert on mail.example.org: 1 fault: mail.example.org");
  expect(mail).toContain("Auto-Submitted: auto-generated");
  expect(mail).toContain("the relay said: no route");
  expect(mail).toMatch(/^From: mailcert <root@mail\.example\.org>$/m);
  const status = await host.mailcert(["status"]);
  expect([status.status, status.stdout.includes("no route")]).toEqual([1, true]);

  const before = await host.must("grep -c . /var/lib/mailcert/events.jsonl");
  expect((await run("renew", "--quiet")).status).toBe(1);
  expect([await events(), await heard()]).toEqual([["after_deploy 2 2"], ["/ping/UU1D/fail"]]);
  expect(await host.must("grep -c . /var/lib/mailcert/events.jsonl")).toBe(before);

  await hook("after");
  expect(await run("renew", "--quiet")).toEqual({ status: 0, said: "" });
  expect([await events(), await heard()]).toEqual([["after_deploy 2 3"], ["over hook-failed", "/ping/UU1D"]]);
  await arrived("mailcert on mail.example.org: well again: mail.example.org");
  expect((await mailbox()).match(/^Subject: /gm)).toHaveLength(2);
});

it("before_deploy that fails: what is served stays, on_failure is told, and a mended one lets it go", async () => {
  const served = (await leaves(host, [993]))[993];
  await hook("before", "echo 'backup is running' >&2; exit 1");
  const failed = await run("renew", "--force");
  expect(failed.status).toBe(1);
  expect(failed.said).toContain("backup is running; what is live stays");
  expect([await live(), (await leaves(host, [993]))[993]]).toEqual(["generations/0002", served]);
  expect(await events()).toEqual(["before_deploy 3 1", "on_failure 2 1"]);
  await hook("before");
  expect((await run("renew")).status).toBe(0);
  expect([await live(), await events()]).toEqual(["generations/0003", ["before_deploy 3 2", "after_deploy 3 1"]]);
});

it("a program that somebody else can change is not run, and config check says so", async () => {
  await host.must("chmod o+w /usr/local/sbin/after");
  expect((await run("config", "check")).said).toContain(
    "root does not run /usr/local/sbin/after: everybody can change",
  );
  await host.must("chmod o-w /usr/local/sbin/after");
});

it("a window holds a renewal back and lets it go", async () => {
  const hour = (offset: number): string => new Date(Date.now() + offset * 3_600_000).toISOString().slice(11, 13);
  // At 30 hours from now it is closed; from 33 to 36 it is open. The certificate ends after 48.
  await host.write("/etc/mailcert/mailcert.yaml", config(`window: "${hour(33)}:00-${hour(36)}:00 UTC"\n`));
  const at = (hours: number, ...args: readonly string[]) =>
    host.exec(["faketime", "-f", `+${hours}h`, "mailcert", ...args], { timeoutMs: 100_000 });
  const held = await at(30, "renew");
  expect([held.status, await live()]).toEqual([75, "generations/0003"]);
  expect(held.stdout).toContain(`issued; generation 4 waits for its window: `);
  const status = await at(31, "status");
  expect([status.status, status.stdout.includes("waits for its window")]).toEqual([0, true]);
  const opened = await at(34, "renew");
  expect([opened.status, await live(), opened.stderr]).toEqual([0, "generations/0004", ""]);
});

it("notify test tells everybody, and nothing that was sent or kept has a key or a secret in it", async () => {
  const tested = await run("notify", "test");
  expect(tested.status, tested.said).toBe(0);
  await arrived("mailcert on mail.example.org: a test, all is as it was");
  await host.must("kill $(cat /var/spool/postfix/pid/master.pid); rm -r /srv/collector");
  const broken = await host.mailcert(["notify", "test", "--json"]);
  const document = JSON.parse(broken.stdout) as { channels: readonly { channel: string; ok: boolean }[] };
  expect(complaints(document)).toEqual([]);
  expect([broken.status, document.channels.filter(({ ok }) => !ok).map(({ channel }) => channel)]).toEqual([
    1,
    ["prometheus"],
  ]);
  const all = await host.must(
    "cat /var/mail/alice /srv/called /var/lib/mailcert/notified.json /var/lib/mailcert/events.jsonl",
  );
  expect(all + tested.said + broken.stdout).not.toMatch(/PRIVATE KEY|hunter2|T0KEN|UU1D/);
});
