// The tutorials, run: every command of docs/tutorials on one host, page by page, what it prints held against what the page shows.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readMarkdown, root } from "../docs/markdown.ts";
import { paragraphs, picturedLines, terminalPicture } from "../docs/terminal-picture.ts";
import { type Step, misfit, stepsOf } from "../docs/tutorial.ts";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { type Pebble, startPebble } from "../lab/pebble.ts";
import { type SignedZone, startSignedZone } from "../lab/signed-zone.ts";

/** In the order of docs/tutorials/README.md, with the number of commands that cannot be run in the lab. */
const pages = [
  ["bootstrap.md", 1],
  ["renew-unattended.md", 0],
  ["hand-a-ca-to-people.md", 1],
  ["move-from-certbot.md", 0],
] as const;

const name = "mail.example.org";
const pebbleRoot = "/srv/pebble-root.pem";
let host: MailHost;
let zone: SignedZone;
let pebble: Pebble;

beforeAll(async () => {
  host = await startMailHost({ suite: "trixie", systemd: true, clients: true });
  zone = await startSignedZone(host, {
    zone: "example.org",
    records: ["mail A 192.0.2.10", "@ MX 10 mail"],
    others: { org: [] }, // A look for CAA records climbs up to there.
  });
  await Promise.all([host.startDovecot(), host.startPostfix()]);
  pebble = await startPebble({ host });
  await host.write(pebbleRoot, await pebble.root());
});

afterAll(async () => {
  await host.stop();
});

let published = "";

const publish = async (record: string): Promise<void> => {
  published = `_25._tcp.mail 5 TLSA ${record}`;
  await zone.add(published);
};

const certbotServes = async (): Promise<void> => {
  const live = `/etc/letsencrypt/live/${name}`;
  await host.must(
    `REQUESTS_CA_BUNDLE=${pebble.caFile} certbot certonly --standalone -n --agree-tos -m postmaster@example.org ` +
      `--server ${pebble.directoryUrl} -d ${name} --deploy-hook 'systemctl reload dovecot postfix'`,
  );
  await host.must(
    `systemctl enable --now certbot.timer && postconf -X smtpd_tls_cert_file smtpd_tls_key_file &&
     postconf smtpd_tls_chain_files=${live}/privkey.pem,${live}/fullchain.pem && postfix reload &&
     printf 'ssl_server_cert_file = ${live}/fullchain.pem\nssl_server_key_file = ${live}/privkey.pem\n' >/etc/dovecot/conf.d/20-certbot.conf && doveadm reload`,
  );
  const key = `openssl x509 -in ${live}/cert.pem -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum`;
  await publish(`3 1 1 ${(await host.must(key)).slice(0, 64)}`);
};

/** What stands before a page, or happens outside the host. */
const actions: Readonly<Record<string, () => Promise<unknown>>> = {
  "mailcert setup": () => host.must(["mailcert", "setup", name]),
  "the TLSA record is published": async () => {
    const shown = await host.must(["mailcert", "dns", "show"]);
    await publish(/ IN TLSA (3 1 1 [0-9a-f]{64})/.exec(shown)?.[1] ?? "");
  },
  "the TLSA record is taken out": () => zone.remove(published),
  "certbot serves the host, its key is in a TLSA record": certbotServes,
};

/** What a page says of Let's Encrypt, as Pebble needs it. */
const withPebble = (command: string): string =>
  command
    .replaceAll("--issuer letsencrypt", `--acme ${pebble.directoryUrl} --ca-file ${pebble.caFile}`)
    .replaceAll(/^(mailcert import certbot.*)$/gm, `$1 --ca-file ${pebble.caFile}`)
    .replaceAll(/^(mailcert verify \S+)$/gm, `$1 --ca-file ${pebbleRoot}`);

/** README.md shows the first setup: the picture is of this very run, or has its lines. */
const holdPicture = (file: string, command: string, output: string): void => {
  const lines = paragraphs(output, [`${name}:`, "proven", "systemd timer", "Settings for mail programs"]);
  if (process.env["MAILCERT_WRITE_DOCS"] === "1") writeFileSync(file, terminalPicture(command, lines));
  expect(misfit(picturedLines(readFileSync(file, "utf8")), output)).toBeUndefined();
};

const runStep = async (step: Step & { readonly kind: "command" }, substitute: boolean): Promise<void> => {
  const command = substitute ? withPebble(step.command) : step.command;
  // As at a terminal: what goes to stdout and what goes to stderr, in the order in which it came.
  const script = `exec 2>&1\n${command}`;
  const long = { timeoutMs: 100_000 };
  const run = () => (step.elsewhere ? host.clientExec(script, long) : host.exec(script, long));
  const asPrinted = (stdout: string): boolean =>
    step.printed === undefined || misfit(step.printed, stdout) === undefined;
  let { status, stdout } = await run();
  // A mail takes the time that Postfix takes to deliver it: a person would look once more.
  for (let tries = 0; command.includes("/var/mail/") && !asPrinted(stdout) && tries < 20; tries += 1) {
    await host.must("sleep 0.5");
    ({ status, stdout } = await run());
  }
  const where = `line ${step.line}: ${command}\n${stdout}`;
  expect(status, where).toBe(step.status);
  if (step.printed !== undefined) expect(misfit(step.printed, stdout), where).toBeUndefined();
  if (step.picture !== undefined) holdPicture(join(root, "docs/images", step.picture), command, stdout);
};

const runPage = async (file: string, steps: readonly Step[]): Promise<void> => {
  let substitute = false;
  for (const step of steps) {
    if (step.kind === "command") await runStep(step, substitute);
    else if (step.kind === "lab" && step.action === "the CA is Pebble") substitute = true;
    else if (step.kind === "lab") {
      const action = actions[step.action];
      if (action === undefined) throw new Error(`${file} line ${step.line}: no such action: ${step.action}`);
      await action();
    }
  }
};

it.each(pages)(
  "%s",
  async (file, notRun) => {
    const steps = stepsOf(readMarkdown(`docs/tutorials/${file}`));
    try {
      await runPage(file, steps);
      expect(steps.filter(({ kind }) => kind === "not run")).toHaveLength(notRun);
    } finally {
      // Where the page leaves that to bootstrap.md, as its undo does.
      const off =
        "mailcert deploy --remove; mailcert schedule remove; rm -rf /etc/mailcert /var/lib/mailcert /root/ca.*";
      await host.exec(off);
    }
    expect(await host.exec("grep -rls mailcert /etc --exclude-dir=ssl")).toMatchObject({ status: 1, stdout: "" });
  },
  600_000,
);
