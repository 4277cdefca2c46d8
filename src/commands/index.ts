// The registry of commands: name, one-line summary, and how to load it. Help costs no more than this file.
import type { CommandEntry } from "../cli/command.ts";

export const commands = {
  setup: {
    summary: "the whole way in one go: certificate, servers, proof, schedule",
    load: () => import("./setup.ts"),
  },
  issue: { summary: "make or renew one certificate now, without switching to it", load: () => import("./issue.ts") },
  renew: { summary: "renew what is due, finish what was left undone (for timers)", load: () => import("./renew.ts") },
  deploy: { summary: "switch, point servers at it, reload, prove", load: () => import("./deploy.ts") },
  rollback: { summary: "back to the generation before, reload, prove", load: () => import("./rollback.ts") },
  snippet: { summary: "print a server's settings for a certificate", load: () => import("./snippet.ts") },
  bundle: { summary: "write the files that mail clients import", load: () => import("./bundle.ts") },
  verify: { summary: "check what mail servers really serve", load: () => import("./verify.ts") },
  explain: {
    summary: "what a port, a label, a finding or a log line means, and what to set",
    load: () => import("./explain.ts"),
  },
  dns: { summary: "DNS records to publish for what is served, and what is published", load: () => import("./dns.ts") },
  status: { summary: "certificates, expiry, next renewal, served where", load: () => import("./status.ts") },
  doctor: {
    summary: "everything that would make the other commands fail, and what mends it",
    load: () => import("./doctor.ts"),
  },
  log: { summary: "what was changed on this host, when, by which run", load: () => import("./log.ts") },
  account: {
    summary: "accounts at ACME CAs: shown, registered, new key, deactivated",
    load: () => import("./account.ts"),
  },
  revoke: { summary: "replace what is live, then revoke it at its CA", load: () => import("./revoke.ts") },
  ca: { summary: "the private CA: shown, made, rotated, backed up, its revocations", load: () => import("./ca.ts") },
  import: {
    summary: "take over what certbot, acme.sh, lego or dehydrated made, account included",
    load: () => import("./import.ts"),
  },
  schedule: { summary: "the systemd timer or cron line that renews", load: () => import("./schedule.ts") },
  notify: { summary: "a test of who is told when something is wrong", load: () => import("./notify.ts") },
  completion: {
    summary: "the script that completes command lines in bash, zsh or fish",
    load: () => import("./completion.ts"),
  },
  config: { summary: "check the configuration, show the effective one", load: () => import("./config.ts") },
} satisfies Readonly<Record<string, CommandEntry>>;

/** What the program does without a command: nearly all of it is what `status` loads, in one file of the bundle. */
export const bare: Pick<CommandEntry, "load"> = {
  load: async () => ({ command: (await import("./status.ts")).bare }),
};
