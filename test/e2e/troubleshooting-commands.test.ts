// Every command that docs/troubleshooting.md names, run in its order on one host, as by somebody who tries all of them: none is skipped but those that are listed.
import { afterAll, beforeAll, expect, it } from "vitest";
import { codeIn } from "../docs/commands.ts";
import { readMarkdown } from "../docs/markdown.ts";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { startSignedZone } from "../lab/signed-zone.ts";

const name = "mail.example.org";
const [backup, passphrase] = ["/srv/ca.backup", "/srv/passphrase"];

/** What stands in code marks and begins with a program's name, but is none of its commands. */
const words = ["hostname mismatch"];

/** What the lab has no way to run. */
const notRun: Readonly<Record<string, string>> = {
  "service cron start": "a host of the lab has no cron",
  "service crond start": "Debian's is called cron",
  "timedatectl set-ntp true": "a host of the lab has no bus, and this machine's clock",
};

/** Named by their names alone: they ask for more (64). */
const incomplete = [
  "mailcert import",
  "mailcert bundle",
  "mailcert snippet",
  "mailcert revoke",
  "mailcert account register",
  "mailcert ca crl --out",
  "mailcert ca restore --replace",
];

/** Nothing of the kind is on this host, or it is there already. */
const refused: Readonly<Record<string, readonly [status: number, words: string]>> = {
  "mailcert ca init": [78, "is there already"],
  "mailcert import CLIENT": [65, "certbot keeps nothing in /etc/letsencrypt"],
};

/** What stands for its words in capitals, and what a person would type when asked. */
const filled: Readonly<Record<string, string>> = {
  // What comes next on the page looks at servers that serve.
  "mailcert deploy --remove": "mailcert deploy --remove && mailcert deploy",
  "mailcert setup NAME OTHER-NAME": `mailcert setup ${name} imap.example.org`,
  "mailcert verify --mx DOMAIN": "mailcert verify --mx example.org",
  "mailcert explain WORD": "mailcert explain 993",
  "mailcert explain ID": "mailcert explain cert-name",
  "mailcert import CLIENT": "mailcert import certbot",
  "mailcert bundle --root FILE --out DIR": `mailcert bundle --root /var/lib/mailcert/ca/default/root.pem --out /srv/mail`,
  "mailcert bundle --out DIR": "mailcert bundle --out /srv/mail",
  "mailcert ca rotate --ca-domains ...": "mailcert ca rotate --ca-domains example.org",
  // On purpose, and taken back at once: what follows on the page is about the CA that serves.
  "mailcert ca init --ca-domains ...": "mailcert ca init another --ca-domains example.org",
  "mailcert ca restore FILE": `rm -r /var/lib/mailcert/ca/default && mailcert ca restore ${backup} --passphrase-file ${passphrase}`,
  "mailcert ca crl --out FILE": "mailcert ca crl --out /srv/mail/ca.crl",
  "mailcert ca revoke ADDRESS":
    "mailcert ca client bob@example.org --out /srv/bob && mailcert ca revoke bob@example.org",
  "mailcert ca restore FILE --replace": `mailcert ca restore ${backup} --replace --passphrase-file ${passphrase}`,
  "openssl x509 -in FILE -noout -subject": `openssl x509 -in /var/lib/mailcert/certificates/${name}/live/ecdsa/cert.pem -noout -subject`,
  "systemctl disable": "systemctl disable dovecot && systemctl enable dovecot",
  "chmod 600": `chmod 600 ${passphrase}`,
  "lslocks | grep mailcert/lock":
    "flock --no-fork /var/lib/mailcert/lock sleep 60 & sleep 0.5; lslocks | grep mailcert/lock; said=$?; kill $!; wait; exit $said",
  "ps -o pid,etime,args -p PID": "ps -o pid,etime,args -p 1",
  "kill PID": "sleep 60 & kill $!",
};
const asHere = (command: string): string => {
  const line = filled[command] ?? command.replace(/\bNAME\b/, name);
  return line.startsWith("mailcert ") && !line.includes("--yes") ? `${line} --yes` : line;
};

let host: MailHost;

beforeAll(async () => {
  host = await startMailHost({ suite: "trixie", systemd: true });
  await startSignedZone(host, {
    zone: "example.org",
    records: ["mail A 192.0.2.10", "imap A 192.0.2.10", "@ MX 10 mail"],
    others: { org: [] }, // A look for CAA records climbs up to there.
  });
  await Promise.all([host.startDovecot(), host.startPostfix()]);
  await host.must(["mailcert", "setup", name]);
  await host.write(passphrase, "trout-lamp-42\n", "600");
  await host.must(`mailcert ca backup --out ${backup} --passphrase-file ${passphrase}`);
  await host.must(`echo 'notify: { mail: alice@${name} }' >>/etc/mailcert/mailcert.yaml`);
});
afterAll(() => host?.stop());

/** Code with more than one word whose first one is a program of this host, once each, in the page's order. */
const commandsOf = async (file: string): Promise<readonly string[]> => {
  const codes = [...new Set(codeIn(readMarkdown(file)).map(({ text }) => text))].filter((text) => /^\S+ \S/.test(text));
  const first = (text: string): string => text.split(" ")[0] ?? "";
  const known = await host.must(["bash", "-c", 'type -P -- "$@" | sed "s|.*/||"; true', "type", ...codes.map(first)]);
  const programs = new Set([...known.trim().split("\n"), ...Object.keys(notRun).map(first)]);
  return codes.filter((text) => programs.has(first(text)) && !words.includes(text));
};

it("each ends as it should", { timeout: 600_000 }, async () => {
  const commands = await commandsOf("docs/troubleshooting.md");
  expect(commands.length).toBeGreaterThan(50);
  const listed = [...Object.keys(notRun), ...incomplete, ...Object.keys(refused), ...Object.keys(filled)];
  expect(listed.filter((command) => !commands.includes(command))).toEqual([]);
  const unfilled = commands.filter((one) => /\b(?!NAME\b)[A-Z]{2,}\b|\.\.\./.test(one) && filled[one] === undefined);
  expect(unfilled).toEqual([]);
  const done = new Set<string>();
  for (const command of commands) {
    // Nor the same once more: `deploy NAME --yes` is `deploy --yes NAME`.
    const same = asHere(command).split(" ").toSorted().join(" ");
    if (done.has(same)) continue;
    done.add(same);
    if (notRun[command] !== undefined) continue;
    const [status, said] = refused[command] ?? [incomplete.includes(command) ? 64 : 0, ""];
    const ran = await host.exec(["bash", "-c", asHere(command)], { timeoutMs: 60_000 });
    expect(ran.status, `${asHere(command)}\n${ran.stdout}${ran.stderr}`).toBe(status);
    expect(ran.stdout + ran.stderr).toContain(said);
  }
});
