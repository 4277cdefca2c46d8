// scratch
import { appendFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { startMailHost } from "./mail-host.ts";
import { startPebble } from "./pebble.ts";
const out = "/tmp/trial.log";
test("trial", async () => {
  writeFileSync(out, "");
  const host = await startMailHost({ suite: "trixie", hosts: { "mail.example.org": "192.0.2.10", "imap.example.org": "192.0.2.10" } });
  try {
    await Promise.all([host.startDovecot(), host.startPostfix()]);
    const pebble = await startPebble({ host });
    await host.must(["cp", pebble.caFile, "/tmp/trust.pem"]);
    const run = async (line: string, input?: string): Promise<string> => {
      const r = await host.exec(`${line}`, input === undefined ? {} : { input });
      appendFileSync(out, `\n$ ${line}\n${r.stdout}${r.stderr ? "--stderr--\n" + r.stderr : ""}= ${r.status}\n`);
      return r.stdout;
    };
    const ca = `--acme ${pebble.directoryUrl} --ca-file /tmp/trust.pem`;
    await run("mailcert account --help");
    await run("mailcert revoke --help");
    await run("mailcert account show");
    await run(`mailcert account register ${ca} --dry-run`);
    await run(`mailcert account register ${ca}`);
    await run(`mailcert account register ${ca} --email postmaster@example.org --agree-tos`);
    await run(`mailcert account register ${ca} --email postmaster@example.org --agree-tos`);
    await run(`mailcert account show --check`);
    await run(`mailcert account show --check --ca-file /tmp/trust.pem`);
    await run(`mailcert setup mail.example.org --key ecdsa --key rsa ${ca} --agree-tos --schedule none --yes`);
    await run(`mailcert account show --check`);
    await run(`mailcert account show --check --json`);
    await run(`mailcert account update --email hostmaster@example.org --dry-run`);
    await run(`mailcert account update --email hostmaster@example.org`);
    await run(`mailcert account rollover --dry-run`);
    await run(`mailcert account rollover`);
    await run(`mailcert account rollover --json`);
    await run(`ls -lR /var/lib/mailcert/accounts`);
    await run(`mailcert revoke mail.example.org --dry-run`);
    await run(`mailcert revoke mail.example.org`);
    await run(`echo n | script -qec 'mailcert revoke mail.example.org --reason superseded' /dev/null`);
    await run(`echo y | script -qec 'mailcert revoke mail.example.org --reason superseded' /dev/null`);
    await run(`mailcert status`);
    await run(`mailcert revoke mail.example.org --reason keyCompromise --dry-run`);
    await run(`mailcert revoke mail.example.org --reason keyCompromise --dry-run --json`);
    await run(`mailcert revoke mail.example.org --reason keyCompromise --yes --json`);
    await run(`mailcert revoke mail.example.org --reason keyCompromise --yes -q`);
    await run(`mailcert revoke mail.example.org --reason keyCompromise --yes -v`);
    await run(`mailcert rollback mail.example.org --yes`);
    await run(`mailcert status`);
    await run(`mailcert status --json`);
    await run(`mailcert log`);
    await run(`mailcert account deactivate --dry-run`);
    await run(`mailcert account deactivate`);
    await run(`echo y | script -qec 'mailcert account deactivate' /dev/null`);
    await run(`mailcert account show`);
    await run(`mailcert renew --force`);
    await run(`mailcert issue mail.example.org --dry-run`);
    await run(`mailcert revoke mail.example.org --reason superseded --dry-run`);
    await run(`mailcert account register mail.example.org`);
    await run(`mailcert account show`);
    await run(`mailcert revoke mail.example.org --reason superseded --yes`);
    await run(`mailcert verify`);
    await run(`grep -rl 'PRIVATE KEY' /var/lib/mailcert /etc/mailcert /var/log | xargs ls -l`);
    expect(true).toBe(true);
  } finally {
    await host.stop();
  }
}, 300000);
