// Words outside the commands name no option that the running command lacks: by reading every line that is said, not by waiting for each failure.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Command } from "commander";
import { actionPages } from "../../src/cli/actions.ts";
import type { CommandModule } from "../../src/cli/command.ts";
import type { Host } from "../../src/cli/host.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { commands } from "../../src/commands/index.ts";
import { fittingHint } from "../../src/domain/fitting-hint.ts";

const src = join(import.meta.dirname, "../../src");

/** Whose words reach a person through these commands alone: each of them must have the options that are named. */
const spokenBy: readonly (readonly [start: string, commands: readonly string[]])[] = [
  ["checks/", ["verify"]],
  ["protocols/", ["verify"]],
  ["domain/other-ports.ts", ["verify"]],
  ["usecases/mail-domains.ts", ["verify"]],
  ["importers/", ["import"]],
  ["domain/certificate-flags.ts", ["setup", "issue"]],
  ["domain/acme-flags.ts", ["setup", "issue"]],
  ["domain/account-choice.ts", ["account"]],
  ["domain/acme-directories.ts", ["account"]],
  ["issuers/acme/accounts.ts", ["account"]],
  ["issuers/acme/rollover.ts", ["account"]],
  ["issuers/acme/revoke.ts", ["revoke"]],
  ["issuers/private-ca/away.ts", ["ca"]],
  ["issuers/private-ca/backup.ts", ["ca"]],
  ["issuers/private-ca/make.ts", ["ca"]],
  ["issuers/private-ca/place.ts", ["ca"]],
  ["issuers/private-ca/published.ts", ["ca"]],
  ["usecases/ca/", ["ca"]],
  ["usecases/account.ts", ["account"]],
  ["usecases/dns-check.ts", ["dns"]],
  ["usecases/adopted-key.ts", ["setup", "issue"]],
  ["usecases/revoke.ts", ["revoke"]],
  ["reports/account.ts", ["account"]],
  ["domain/setup-command.ts", ["setup"]],
  ["domain/self-signed-notes.ts", ["setup", "issue"]],
  ["domain/targets.ts", ["verify"]],
  ["domain/entry-words.ts", ["verify"]],
  ["usecases/vain-words.ts", ["verify"]],
  ["probe/tls-probe.ts", ["verify"]],
  ["system/report-file.ts", ["verify"]],
  ["system/key-file.ts", ["setup", "issue"]],
  ["system/confinement.ts", ["setup", "renew", "deploy", "rollback"]],
  ["system/files.ts", ["setup", "renew", "deploy", "rollback", "status"]],
  ["servers/postfix/postfix.ts", ["snippet"]],
  ["servers/dovecot/dovecot.ts", ["snippet"]],
  ["servers/exim/exim.ts", ["snippet"]],
  ["servers/nginx/nginx.ts", ["snippet"]],
  ["servers/haproxy/haproxy.ts", ["snippet"]],
  ["servers/stunnel/stunnel.ts", ["snippet"]],
  ["servers/cyrus/cyrus.ts", ["snippet"]],
  ["servers/opensmtpd/opensmtpd.ts", ["snippet"]],
  ["servers/courier/courier.ts", ["snippet"]],
  ["usecases/install-schedule.ts", ["setup", "schedule"]],
  ["usecases/bundle.ts", ["bundle"]],
  ["usecases/bundle-plan.ts", ["bundle"]],
  ["usecases/bundle-person.ts", ["bundle"]],
  ["usecases/kept-folder.ts", ["bundle"]],
  ["usecases/bundle-root.ts", ["bundle"]],
  ["usecases/issue-files.ts", ["issue"]],
  ["usecases/setup.ts", ["setup"]],
  ["usecases/verify", ["verify"]],
  ["system/result-file.ts", ["verify"]],
  ["reports/import.ts", ["import"]],
  ["reports/bundle.ts", ["setup", "issue"]],
];

/** Options of other programs. */
const foreign = [
  "importers/acme-sh.ts",
  "importers/schedules.ts",
  "system/systemd.ts",
  "system/own-loop.ts",
  "system/packages.ts",
  "system/revive-service.ts",
  "system/switched-off.ts",
  "system/script-behind.ts",
  "system/option-scripts.ts",
  "system/other-user.ts",
  "servers/exim/configuration.ts",
  "servers/exim/readable.ts",
  "servers/haproxy/reload.ts",
  "servers/nginx/configuration.ts",
  "servers/readable.ts",
  "system/open-as.ts",
  "system/access-list.ts",
  "system/doctor/access-list.ts",
  "system/doctor/clock-facts.ts",
  "system/doctor/confinement-facts.ts",
  "domain/doctor/disk.ts",
  "domain/doctor/ports.ts",
];

const help = await buildProgram(
  { host: { version: "0" } as Host, commands },
  Object.keys(commands),
  async () => undefined,
);
/** @param action the word behind a command that has actions. */
const optionsOf = (name: string, action = ""): ReadonlySet<string> => {
  const whole = help.commands.find((one) => one.name() === name);
  const command = pages.get(`${name} ${action}`) ?? whole;
  return new Set([...(command?.options ?? []), ...help.options].map(({ long }) => long ?? ""));
};

/** Of all actions, by name: `ca revoke`. */
const pages = new Map<string, Command>();
for (const command of help.commands) {
  const entry = Object.entries(commands).find(([name]) => name === command.name())?.[1];
  const { actions = {} } = ((await entry?.load())?.command ?? {}) as Partial<CommandModule>;
  for (const page of actionPages(command, actions).values()) pages.set(page.name(), page);
}

const global = new Set([...help.options.map(({ long }) => long ?? ""), "--help"]);

/** What is said: without comments, and without what `fittingHint` takes away. */
const words = (file: string): readonly string[] =>
  readFileSync(join(src, file), "utf8")
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/(?:^|\s)\/\/ .*$/gm, "")
    // What is filled in may have parentheses of its own, in the source alone.
    .replaceAll(/\$\{[^{}]*\}/g, "X")
    .split("\n")
    .map((line) => fittingHint(line, new Set()));

const strays = (file: string): readonly string[] => {
  const speaking = spokenBy.find(([start]) => file.startsWith(start))?.[1] ?? [];
  const found: string[] = [];
  for (const line of words(file)) {
    for (const { 0: option, index } of line.matchAll(/--[a-z][a-z-]+/g)) {
      // `mailcert deploy --replace NAME`: the command that is named has it.
      const [, named, action] = /.*\bmailcert ([a-z]+)(?: ([a-z]+))?[^;,`]*$/.exec(line.slice(0, index)) ?? [];
      const by = named === undefined ? speaking : [named];
      if (global.has(option) || (by.length > 0 && by.every((name) => optionsOf(name, action).has(option)))) continue;
      found.push(`${file}: ${line.trim()}`);
    }
  }
  return found;
};

it("a setting is named by its key, with its option in parentheses behind it; any other option by its command", () => {
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !/^(?:cli|commands|main)\b/.test(file) && !foreign.includes(file),
  );
  expect(files.length).toBeGreaterThan(200);
  expect(files.flatMap(strays)).toEqual([]);
});

it("what the running command lacks goes, and the rest stays", () => {
  const hint = "write webroot: DIR (--webroot DIR), or key: rsa (--key rsa); see (8 digits)";
  expect(fittingHint(hint, new Set())).toBe("write webroot: DIR, or key: rsa; see (8 digits)");
  expect(fittingHint(hint, new Set(["--key"]))).toBe("write webroot: DIR, or key: rsa (--key rsa); see (8 digits)");
});
