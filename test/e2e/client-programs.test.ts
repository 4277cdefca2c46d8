// Mail programs of the terminal with the settings that the bundle wrote for them: each signs in without a question, refuses without its line of trust, and takes the pin.
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { ChildResult } from "../lab/child.ts";
import { runPage } from "../lab/page.ts";
import { type People, folder, name, startPeople } from "./client-people.ts";

const home = "/home/alice";
const alice = { user: "alice", timeoutMs: 60_000 } as const;

let people: People;
beforeAll(async () => {
  people = await startPeople(
    { suite: "trixie", mailers: true },
    { submission: true, words: ["--login", "local-part", "--domain", name] },
  );
  const { host } = people;
  // Her keeper of passwords.
  await host.write("/usr/local/bin/pass", `#!/bin/sh\n[ "$*" = "show mail/${name}" ] && cat ${home}/.secret\n`, "755");
  await host.write(`${home}/.secret`, `${host.user.password}\n`, "600");
  await host.write(`${home}/.netrc`, `machine ${name} login alice password ${host.user.password}\n`, "600");
  await host.must(
    `mkdir -p ${home}/.mail ${home}/Mail && cp '${folder}/ca.crt' ${home}/.mail/ && chown -R alice: ${home}`,
  );
}, 120_000);
afterAll(() => people?.host.stop());

type Edit = readonly [line: RegExp, instead: string];

/** The file of the bundle as its comments tell people to change it; each change must fit. */
const settings = async (file: string, ...edits: readonly Edit[]): Promise<string> => {
  let text = (await people.host.read(`${folder}/${file}`)).replaceAll("YOU", "alice");
  for (const [line, instead] of edits) {
    expect(text, String(line)).toMatch(line);
    text = text.replace(line, instead);
  }
  const path = `${home}/settings-of-${file}`;
  await people.host.write(path, text, "600");
  await people.host.must(["chown", "alice:", path]);
  return path;
};
const run = (line: string): Promise<ChildResult> => people.host.clientExec(line, alice);
const said = ({ stdout, stderr }: ChildResult): string => stdout + stderr;

/** The commands in the file that save the certificate, and what the second one shall print. */
const saving = async (
  file: string,
): Promise<{ readonly save: string; readonly compare: string; readonly shown: string }> => {
  const text = await people.host.read(`${folder}/${file}`);
  const [, save = "", compare = "", shown = ""] =
    /^# {3}(openssl .*)\n# {3}(openssl .*)\n# {3}([0-9A-F:]{95})$/m.exec(text) ?? [];
  return { save, compare, shown };
};

const send = async (subject: string, ...edits: readonly Edit[]): Promise<ChildResult> =>
  run(`printf 'Subject: ${subject}\\n\\nHello\\n' | msmtp -C ${await settings("msmtprc.txt", ...edits)} alice@${name}`);

test("msmtp", { timeout: 90_000 }, async () => {
  const trust: Edit = [/^tls_trust_file .*\n/m, ""];
  const pin: Edit = [/^#tls_fingerprint/m, "tls_fingerprint"];
  expect(await send("by the authority")).toMatchObject({ status: 0, stdout: "", stderr: "" });
  expect(said(await send("refused", trust))).toMatch(/certificate .*(not trusted|issuer|unknown)/i);
  expect(await send("by the pin", trust, pin)).toMatchObject({ status: 0, stdout: "", stderr: "" });
  const other: Edit = [/^tls_fingerprint .*$/m, `tls_fingerprint ${"00:".repeat(31)}00`];
  expect(said(await send("refused", trust, pin, other))).toMatch(/fingerprint/);
  const starttls: readonly Edit[] = [
    [/^port 465\n/m, ""],
    [/^tls_starttls off\n/m, ""],
    [/^#port/m, "port"],
    [/^#tls_starttls/m, "tls_starttls"],
  ];
  expect(await send("by STARTTLS", ...starttls)).toMatchObject({ status: 0, stdout: "", stderr: "" });
  // Postfix takes it, and delivers it a moment later.
  const arrived = "grep -c '^Subject: by ' /var/mail/alice || true";
  await expect.poll(() => people.host.must(arrived), { timeout: 20_000 }).toBe("3\n");
});

test("mbsync", { timeout: 90_000 }, async () => {
  const { host } = people;
  const sync = async (...edits: readonly Edit[]): Promise<ChildResult> =>
    run(`mbsync -c ${await settings("mbsyncrc.txt", ...edits)} -a`);
  const done = await sync();
  expect(done.status, said(done)).toBe(0);
  expect(said(done)).not.toMatch(/warn|certificate/i);
  const subjects = await host.must(`grep -rh ^Subject: ${home}/Mail/INBOX | sort`);
  expect(subjects).toBe("Subject: by STARTTLS\nSubject: by the authority\nSubject: by the pin\n");
  const trust: readonly Edit[] = [
    [/^SystemCertificates .*\n/m, ""],
    [/^CertificateFile .*\n/m, ""],
  ];
  const refused = await sync(...trust);
  expect(refused.status).not.toBe(0);
  expect(said(refused)).toMatch(/certificate/);

  const { save, compare, shown } = await saving("mbsyncrc.txt");
  expect((await run(`${save} && ${compare}`)).stdout.trim()).toBe(`sha256 Fingerprint=${shown}`);
  const pin: readonly Edit[] = [
    [/^#SystemCertificates/m, "SystemCertificates"],
    [/^#CertificateFile/m, "CertificateFile"],
  ];
  const pinned = await sync(...trust, ...pin);
  expect(pinned.status, said(pinned)).toBe(0);
  const starttls: readonly Edit[] = [
    [/^Port 993\n/m, ""],
    [/^TLSType IMAPS\n/m, ""],
    [/^#Port/m, "Port"],
    [/^#TLSType/m, "TLSType"],
  ];
  const upgraded = await sync(...starttls);
  expect(upgraded.status, said(upgraded)).toBe(0);
});

test("the page's commands: the certificate is shown and trusted, and each signs in", { timeout: 90_000 }, async () => {
  const page = "clients/terminal.md";
  for (const file of ["msmtprc.txt", "mbsyncrc.txt", "fetchmailrc.txt"]) await settings(file);
  const instead = (line: string): string => line.replace(/\w+rc\.txt/, "settings-of-$&");
  const printed = [...(await runPage(people.host, page, { where: home, user: "alice", instead })).values()];
  expect(printed).toHaveLength(3);
  expect(printed[0]).toMatch(/^TLS certificate information:$/m);
  expect(printed[1]).toMatch(/^INBOX$/m);
  expect(printed[2]).toMatch(/^3 messages for alice at /);
});

test("fetchmail", { timeout: 90_000 }, async () => {
  const fetch = async (...edits: readonly Edit[]): Promise<ChildResult> =>
    run(`fetchmail -f ${await settings("fetchmailrc.txt", ...edits)} --fetchall --mda 'cat >>${home}/fetched'`);
  const fetched = { status: 0, stdout: expect.stringMatching(/^3 messages for alice at /), stderr: "" };
  const refused = (reason: string) => ({ status: 2, stderr: expect.stringContaining(reason) });
  expect(await fetch()).toMatchObject(fetched);
  const trust: Edit = [/^ +sslcertfile .*\n/m, ""];
  expect(await fetch(trust)).toMatchObject(refused("self-signed certificate in certificate chain"));
  const pin: readonly Edit[] = [
    [/^ +sslcertck\n/m, ""],
    [/#no sslcertck/, "no sslcertck"],
    [/#sslfingerprint/, "sslfingerprint"],
  ];
  expect(await fetch(trust, ...pin)).toMatchObject(fetched);
  const other: Edit = [/sslfingerprint .*/, `sslfingerprint "${"00:".repeat(15)}00"`];
  expect(await fetch(trust, ...pin, other)).toMatchObject(refused("fingerprints do not match"));
  const starttls: readonly Edit[] = [
    [/^ +ssl .*\n/m, ""],
    [/port 993/, "port 143"],
  ];
  expect(await fetch(...starttls)).toMatchObject(fetched);
});

test("OfflineIMAP", { timeout: 90_000 }, async () => {
  const sync = async (...edits: readonly Edit[]): Promise<ChildResult> =>
    run(`rm -rf ~/Mail ~/.offlineimap; offlineimap -c ${await settings("offlineimaprc.txt", ...edits)} -o -u basic`);
  const synced = { status: 0, stdout: expect.stringContaining("Copy message UID 3 (3/3)"), stderr: "" };
  const refused = (reason: string) => ({ status: 1, stdout: expect.stringContaining(reason) });
  expect(await sync()).toMatchObject(synced);
  const system: Edit = [/^sslcacertfile .*$/m, "sslcacertfile = OS-DEFAULT"];
  expect(await sync(system)).toMatchObject(refused("CERTIFICATE_VERIFY_FAILED"));
  const none: Edit = [/^sslcacertfile .*\n/m, ""];
  const pin: Edit = [/^#cert_fingerprint/m, "cert_fingerprint"];
  expect(await sync(none, pin)).toMatchObject(synced);
  expect(await sync(none, pin, [/^(cert_fingerprint = ).*/m, `$1${"00".repeat(32)}`])).toMatchObject(
    refused("does not match configured fingerprint"),
  );
  const starttls: readonly Edit[] = [
    [/^remoteport = 993\n/m, ""],
    [/^ssl = yes\nstarttls = no\n/m, ""],
    [/^#(remoteport.*)\n#(ssl.*)\n#(starttls.*)$/m, "$1\n$2\n$3"],
  ];
  expect(await sync(...starttls)).toMatchObject(synced);
});

/** What Dovecot says when it lets alice in; when her program leaves because of the certificate, as Go's library does. */
const login = "Logged in: user=<alice>";
const alert = "alert bad certificate";
const count = async (text: string): Promise<number> =>
  Number(await people.host.must(`grep -c '${text}' /var/log/mail.log || true`));

/** On a terminal of its own: each `keys` is typed when its text stands there. What was seen until the last text did, and what Dovecot says of it. */
const onTerminal = async (
  line: string,
  steps: readonly (readonly [text: string, keys?: string])[],
): Promise<{
  readonly seen: string;
  /** Waits for it, and ends the program. */
  readonly logged: (text: string) => Promise<void>;
  readonly end: () => Promise<void>;
}> => {
  const before = new Map([
    [login, await count(login)],
    [alert, await count(alert)],
  ]);
  const child = people.host.clientSpawn(["sh", "-c", 'exec script -qefc "stty rows 40 cols 120; $0" /dev/null', line], {
    user: "alice",
    env: { TERM: "vt100" },
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  let seen = "";
  child.stdout.on("data", (part: Buffer) => (seen += part.toString().replaceAll("\0", "")));
  const end = async (): Promise<void> => {
    child.kill();
    await ended;
  };
  try {
    for (const [text, keys] of steps) {
      await vi.waitFor(() => expect(seen).toContain(text), { timeout: 20_000, interval: 50 });
      if (keys !== undefined) child.stdin.write(keys);
    }
  } catch (error) {
    await end();
    throw error;
  }
  const logged = async (text: string): Promise<void> => {
    try {
      await vi.waitFor(async () => expect(await count(text)).toBeGreaterThan(before.get(text) ?? 0), {
        timeout: 20_000,
        interval: 300,
      });
    } finally {
      await end();
    }
  };
  return { seen, logged, end };
};
/** Where it ends with the last text. */
const shows = async (...args: Parameters<typeof onTerminal>): Promise<string> => {
  const { seen, end } = await onTerminal(...args);
  await end();
  return seen;
};
/** The same, and Dovecot lets her in. */
const enters = async (...args: Parameters<typeof onTerminal>): Promise<string> => {
  const { seen, logged } = await onTerminal(...args);
  await logged(login);
  return seen;
};

test("mutt", { timeout: 90_000 }, async () => {
  const { host } = people;
  const send = async (subject: string, ...edits: readonly Edit[]): Promise<ChildResult> =>
    run(`echo hello | mutt -F ${await settings("muttrc.txt", ...edits)} -s '${subject}' alice@${name}`);
  const trust: Edit = [/^set certificate_file .*\n/m, ""];
  const pin: Edit = [/^#set certificate_file/m, "set certificate_file"];
  expect(await send("by mutt")).toMatchObject({ status: 0, stdout: "", stderr: "" });
  expect(await send("refused", trust)).toMatchObject({ status: 1, stderr: "Untrusted server certificate\n" });
  await host.must(`rm -f ${home}/.mail/pinned.crt`);
  expect(await send("refused", trust, pin)).toMatchObject({ status: 1 });
  const { save, compare, shown } = await saving("muttrc.txt");
  expect((await run(`${save} && ${compare}`)).stdout.trim()).toBe(`sha256 Fingerprint=${shown}`);
  expect(await send("by mutt, pinned", trust, pin)).toMatchObject({ status: 0, stdout: "", stderr: "" });

  const mutt = async (...edits: readonly Edit[]): Promise<string> =>
    `mutt -F ${await settings("muttrc.txt", ...edits)}`;
  expect(await enters(await mutt(), [["Msgs:"]])).not.toContain("(r)eject");
  await shows(await mutt(trust), [["(r)eject", "r"], ["no mailbox"]]);
});

test("aerc", { timeout: 60_000 }, async () => {
  const accounts = `${home}/.config/aerc/accounts.conf`;
  const path = await settings("aerc-accounts.txt");
  await people.host.must(
    `mkdir -p ${home}/.config/aerc && cp ${path} ${accounts} && chmod 600 ${accounts} && chown -R alice: ${home}/.config`,
  );
  const { logged } = await onTerminal("aerc", []);
  await logged(alert);
  await enters(`SSL_CERT_FILE=${home}/.mail/ca.crt aerc`, [["Connected"]]);
});

test("alpine", { timeout: 60_000 }, async () => {
  const start = `alpine -i -p ${await settings("alpine.txt")}`;
  await shows(start, [["Welcome to Alpine", "e"], ["VALIDATION FAILURE", "n"], ["cancelled"]]);
  const seen = await enters(`SSL_CERT_FILE=${home}/.mail/ca.crt ${start}`, [
    ["ENTER PASSWORD", `${people.host.user.password}\r`],
    // Whether to keep it.
    ["[Yes]", "n"],
  ]);
  expect(seen).not.toContain("VALIDATION FAILURE");
});
