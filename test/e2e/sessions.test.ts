// No session is dropped by what mailcert does: IMAP clients in IDLE, on 993 and on 143 with STARTTLS, and SMTP clients in the middle of a letter, on 25 and
// 587, go on across renewals and a removal.
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { onHost, serverSettings, setUp, settle, suites } from "./deployed-host.ts";

/** Opens the four sessions, says so, waits for a line on stdin, goes on with each, and says what it saw. */
const sessions = `
import imaplib, smtplib, ssl, sys
context = ssl._create_unverified_context()
address = "192.0.2.10"

def idling(imap):
    imap.login("alice", "alice-secret")
    imap.select("INBOX")
    imap.send(b"i1 IDLE\\r\\n")
    assert imap.readline().startswith(b"+"), "no IDLE"
    return imap

def midway(port):
    smtp = smtplib.SMTP(address, port, local_hostname="client.example.net", timeout=60)
    smtp.starttls(context=context)
    smtp.ehlo()
    assert smtp.mail("eve@example.net")[0] == 250
    assert smtp.rcpt("alice@mail.example.org")[0] == 250
    return smtp

def wait_for(imap, count):
    while True:
        line = imap.readline()
        assert line, "the session ended"
        if line.endswith(b" EXISTS\\r\\n") and int(line.split()[1]) >= count: return

starttls = imaplib.IMAP4(address, 143, timeout=60)
starttls.starttls(context)
idle = {"imaps 993": idling(imaplib.IMAP4_SSL(address, 993, ssl_context=context, timeout=60)), "imap 143": idling(starttls)}
letters = {"smtp 25": midway(25), "submission 587": midway(587)}
print("open", flush=True)
sys.stdin.readline()
for what, smtp in letters.items():
    code, text = smtp.data("Subject: across\\r\\n\\r\\nA letter.\\r\\n")
    assert code == 250, text
    smtp.quit()
    print(what, "delivered", flush=True)
for what, imap in idle.items():
    wait_for(imap, 2)
    imap.send(b"DONE\\r\\n")
    while not imap.readline().startswith(b"i1 OK"): pass
    assert imap.noop()[0] == "OK"
    imap.logout()
    print(what, "EXISTS", flush=True)
`;

it.each(suites)("%s: sessions outlive renewals and a removal", { timeout: 240_000 }, async (suite) => {
  await onHost({ suite, start: [] }, async (host) => {
    await host.must(
      "printf 'submission inet n - y - - smtpd\\n  -o smtpd_tls_security_level=may\\n' >>/etc/postfix/master.cf",
    );
    await settle(host);
    await Promise.all([host.startDovecot(), host.startPostfix([25, 587])]);
    const untouched = await serverSettings(host);
    await setUp(host);

    const client = host.clientSpawn(["python3", "-c", sessions]);
    let complaint = "";
    client.stderr.on("data", (part: Buffer) => (complaint += part.toString()));
    const ended = new Promise<number | null>((resolve) => client.on("close", resolve));
    const heard: string[] = [];
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: client.stdout }).on("line", (line) => {
        if (line === "open") resolve();
        else heard.push(line);
      });
      void ended.then(() => reject(new Error(complaint)));
    });

    for (const args of [
      ["renew", "--force"],
      ["renew", "--force", "--new-key"],
      ["deploy", "--remove"],
    ]) {
      const { status, stdout, stderr } = await host.mailcert(args);
      expect({ args, status, stderr }, stdout).toEqual({ args, status: 0, stderr: "" });
      // Neither program has anything to say about what it reads.
      expect(await host.must("{ doveconf -n && postconf -n; } 2>&1 >/dev/null"), args.join(" ")).toBe("");
    }
    expect(await serverSettings(host)).toBe(untouched);
    // Dovecot's own patience with processes from before a reload (SERVICE_DIE_TIMEOUT_MSECS is 6 s), where it is told to end them.
    await new Promise((resolve) => setTimeout(resolve, 7_500));
    client.stdin.write("go on\n");
    expect({ status: await ended, complaint }).toEqual({ status: 0, complaint: "" });
    expect(heard).toEqual(["smtp 25 delivered", "submission 587 delivered", "imaps 993 EXISTS", "imap 143 EXISTS"]);
    expect(await host.must(["cat", `/var/mail/${host.user.name}`])).toContain("Subject: across");
  });
});
