// Sessions that outlive a renewal: their login processes hold the certificate of before for that client alone, and are counted; one that still takes new clients is a finding.
import { expect, test } from "vitest";
import { complaints } from "../docs/schemas.ts";
import type { MailHost } from "../lab/mail-host.ts";
import { eventually, name, onHost, setUp } from "./deployed-host.ts";

interface Status {
  readonly ok: boolean;
  readonly certificates: readonly {
    readonly oldProcesses?: readonly {
      readonly program: string;
      readonly count: number;
      readonly takeNew: readonly number[];
    }[];
    readonly findings?: readonly { readonly check: string; readonly message: string; readonly hint?: string }[];
    readonly deployments: Readonly<
      Record<string, { readonly entries: readonly { readonly slot?: string; readonly url: string }[] }>
    >;
  }[];
}

const status = async (
  host: MailHost,
  argv: readonly string[] = ["mailcert"],
): Promise<Status["certificates"][number] & { ok: boolean }> => {
  const { stdout } = await host.exec([...argv, "status", "--json"]);
  const document = JSON.parse(stdout) as Status;
  expect(complaints(document)).toEqual([]);
  const [only] = document.certificates;
  if (!only) throw new Error("no certificate");
  return { ...only, ok: document.ok };
};

/** A client that logs in and waits for mail (IDLE), until the host ends. */
const idle = async (host: MailHost): Promise<void> => {
  const client = host.clientSpawn(
    "(echo 'a LOGIN alice alice-secret'; sleep 1; echo 'b SELECT INBOX'; sleep 1; echo 'c IDLE'; sleep 600) | openssl s_client -quiet -crlf -connect 192.0.2.10:993 2>/dev/null",
  );
  let said = "";
  client.stdout.on("data", (chunk: Buffer) => (said += chunk.toString("latin1")));
  await eventually(async () => said.includes("+ idling"));
};

/** `etimes` is in whole seconds, as the kernel's own starts nearly are. */
const oldEnough = (host: MailHost): Promise<void> =>
  eventually(async () => Number((await host.must("ps -C imap-login -o etimes= | sort -n | tail -1")).trim()) >= 3);

test("a client in IDLE goes on over its own process, which is counted and no finding", async () => {
  await onHost({ suite: "bookworm" }, async (host) => {
    // Dovecot's default ends what a reload leaves over after six seconds, sessions and all; many switch that off.
    await host.write("/etc/dovecot/conf.d/20-stay.conf", "shutdown_clients = no\n", "644");
    await host.must("doveadm reload");
    await setUp(host);
    await idle(host);
    await oldEnough(host);
    expect((await status(host)).oldProcesses).toBeUndefined();
    const renewed = await host.mailcert(["renew", "--force", name]);
    expect(renewed.status, renewed.stderr).toBe(0);
    const seen = await status(host);
    expect(seen).toMatchObject({ ok: true, oldProcesses: [{ program: "imap-login", count: 1, takeNew: [] }] });
    expect(seen.findings).toBeUndefined();
    expect(seen.deployments["dovecot"]?.entries.every(({ slot }) => slot === "ecdsa")).toBe(true);
    const { stdout } = await host.mailcert(["status"]);
    expect(stdout).toMatch(
      /: all \d+ proven \(.* UTC\)\n {4}dovecot: 1 imap-login process of before the switch \(since .*\), for clients that are connected; ends with its connection/,
    );
  });
});

test("a login process that was never told, and takes new clients, is a finding with its number", async () => {
  await onHost({ suite: "trixie", start: ["dovecot"] }, async (host) => {
    await host.write(
      "/etc/dovecot/conf.d/20-many.conf",
      "service imap-login {\n  restart_request_count = unlimited\n  process_min_avail = 1\n}\n",
      "644",
    );
    await setUp(host, "--server", "dovecot");
    await oldEnough(host);
    // As if `live` had moved, and nobody had reloaded Dovecot: what the log of changes says is all that tells.
    const now = (await host.must("date -u +%Y-%m-%dT%H:%M:%S.000Z")).trim();
    const event = {
      at: now,
      run: "1",
      command: "mailcert renew",
      certificate: name,
      what: "live: generation 1 -> 2",
    };
    await host.must(["sh", "-c", 'echo "$0" >> /var/lib/mailcert/events.jsonl', JSON.stringify(event)]);
    expect((await status(host)).oldProcesses?.[0]?.takeNew).toEqual([]);
    const later = await status(host, ["faketime", "-f", "+5m", "mailcert"]);
    const pid = Number((await host.must("pgrep -o imap-login")).trim());
    expect(later.oldProcesses?.[0]?.takeNew).toContain(pid);
    expect(later.ok).toBe(false);
    expect(later.findings?.[0]).toMatchObject({
      check: "old-processes",
      hint: expect.stringContaining(`kill ${pid}`) as string,
    });
    // What the finding says to do.
    await host.must("doveadm reload");
    await eventually(
      async () => (await status(host, ["faketime", "-f", "+5m", "mailcert"])).oldProcesses === undefined,
    );
  });
});
