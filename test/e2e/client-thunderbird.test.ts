// Thunderbird itself, on a screen of its own: refuses the server before, reads mail without a question after the script or the policy, refuses again when it is taken out.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type People, folder, name, startPeople } from "./client-people.ts";

const profile = "/home/alice/mail profile";
const program = "/usr/lib/thunderbird";
const script = `sh '${folder}/thunderbird-certutil.sh'`;

const account: Readonly<Record<string, string | number | boolean>> = {
  "mail.accountmanager.accounts": "account1",
  "mail.accountmanager.defaultaccount": "account1",
  "mail.account.account1.server": "server1",
  "mail.account.account1.identities": "id1",
  "mail.server.server1.type": "imap",
  "mail.server.server1.hostname": name,
  "mail.server.server1.port": 993,
  "mail.server.server1.socketType": 3, // SSL/TLS
  "mail.server.server1.authMethod": 3, // normal password
  "mail.server.server1.userName": "alice",
  "mail.server.server1.login_at_startup": true,
  "mail.server.server1.check_new_mail": true,
  "mail.identity.id1.useremail": `alice@${name}`,
  "mail.identity.id1.valid": true,
  "mail.shell.checkDefaultClient": false,
  "mailnews.start_page.enabled": false,
  "mail.rights.version": 1,
  "datareporting.policy.dataSubmissionEnabled": false,
};

/** An administrator's start-up script of Thunderbird's: nobody is there to type the password. */
const remember = `//
Services.obs.addObserver(async () => {
  const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
  login.init("imap://${name}", null, "imap://${name}", "alice", "alice-secret", "", "");
  if ((await Services.logins.searchLoginsAsync({ origin: "imap://${name}" })).length === 0) await Services.logins.addLoginAsync(login);
}, "final-ui-startup");
`;

let people: People;
beforeAll(async () => {
  people = await startPeople({ suite: "trixie", thunderbird: true });
  const { host } = people;
  const lines = Object.entries(account).map(([key, value]) => `user_pref("${key}", ${JSON.stringify(value)});\n`);
  await host.write(`${profile}/user.js`, lines.join(""));
  await host.must(["chown", "-R", "alice:", profile]);
  await host.write(`${program}/remember.cfg`, remember);
  await host.write(
    `${program}/defaults/pref/remember.js`,
    'pref("general.config.filename", "remember.cfg");\npref("general.config.obscure_value", 0);\npref("general.config.sandbox_enabled", false);\n',
  );
  host.spawn("exec Xvfb :9 -screen 0 1280x800x24 -nolisten tcp >/dev/null 2>&1");
  await host.must("for i in $(seq 300); do [ -e /tmp/.X11-unix/X9 ] && exit 0; sleep 0.1; done; exit 1");
}, 120_000);
afterAll(() => people.host.stop());

/** What Dovecot says of everybody from now on until `expected` is in it. */
const heard = async (from: number, expected: string): Promise<string> =>
  people.host.must(
    `for i in $(seq 300); do tail -n +${from + 1} /var/log/mail.log | grep -q '${expected}' && break; sleep 0.2; done; tail -n +${from + 1} /var/log/mail.log | grep imap-login`,
    { timeoutMs: 70_000 },
  );
const once = async <Result>(during: (from: number) => Promise<Result>): Promise<Result> => {
  const { host } = people;
  const from = Number(await host.must("wc -l < /var/log/mail.log"));
  const child = host.spawn(
    ["sh", "-c", 'exec "$0" --no-remote --profile "$1" >/tmp/thunderbird.log 2>&1', `${program}/thunderbird`, profile],
    {
      user: "alice",
      env: { DISPLAY: ":9", HOME: "/home/alice" },
    },
  );
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    return await during(from);
  } finally {
    child.kill();
    await ended;
  }
};
/** On a busy machine it was seen to start without looking for mail at all: it is started once more then. */
const run = <Result>(during: (from: number) => Promise<Result>): Promise<Result> =>
  once(during).catch(() => once(during));
const refusal = "alert unknown ca";
const login = "Logged in: user=<alice>, method=PLAIN";
const refused = () => run((from) => heard(from, refusal));
const read = () => run((from) => heard(from, login));
const profiles = (options: string) => people.host.exec(`${script} ${options} '${profile}'`, { user: "alice" });

test("the script for profiles", { timeout: 300_000 }, async () => {
  const { fingerprint } = people;
  await run(async (from) => {
    expect(await heard(from, refusal)).toContain(refusal);
    const open = await profiles("--yes");
    expect(open).toMatchObject({ status: 1, stderr: expect.stringContaining("Thunderbird runs with the profile") });
  });
  expect(await profiles(`--fingerprint ${fingerprint}`)).toMatchObject({ status: 0 });
  const said = await read();
  expect(said).toContain(login);
  expect(said).not.toContain("alert");
  expect(await profiles("--remove --yes")).toMatchObject({ status: 0 });
  const again = await refused();
  expect(again).toContain(refusal);
  expect(again).not.toContain(login);
});

test("the policy, as thunderbird.txt says", { timeout: 300_000 }, async () => {
  const { host, title } = people;
  await host.must(`mkdir -p /etc/thunderbird/policies /usr/lib/mozilla/certificates
cp '${folder}/policies.json' /etc/thunderbird/policies/
cp '${folder}/ca.crt' /usr/lib/mozilla/certificates/${name}.crt`);
  const list = `certutil -L -d 'sql:${profile}'`;
  expect(await host.must(list, { user: "alice" })).not.toContain(title);
  // It imports while it starts, and may look for mail before it is done.
  await run(() =>
    host.must(`for i in $(seq 150); do ${list} | grep -q '${title}' && exit 0; sleep 0.2; done; exit 1`, {
      user: "alice",
      timeoutMs: 60_000,
    }),
  );
  const said = await read();
  expect(said).toContain(login);
  expect(said).not.toContain("alert");
  // What the policy put there goes by the script, under the name that Thunderbird gave it.
  await host.must("rm /etc/thunderbird/policies/policies.json");
  expect(await profiles("--remove --yes")).toMatchObject({ status: 0 });
  expect(await refused()).toContain(refusal);
});
