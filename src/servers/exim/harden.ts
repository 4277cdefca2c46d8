// Exim's TLS policy with GnuTLS, on Debian's configuration: main options in a file of ours, by port, since port 25 stays open to every peer.
import { join } from "node:path";
import { isLoopback } from "../../domain/ip.ts";
import { clean } from "../../domain/text.ts";
import type { Finding } from "../../domain/finding.ts";
import { type PolicyName, followsProfile, policyFor } from "../../domain/tls-policy.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { RenderTemplate } from "../../system/templates.ts";
import type { RunProgram } from "../../system/run.ts";
import { modeOf } from "../edits.ts";
import type { PolicyPlan, PolicySetting } from "../policy.ts";
import type { Change, Listener } from "../server.ts";
import { knowsHybrid, tlsLibraryOf } from "./ciphers.ts";
import { type Configuration, effective, withConfiguration } from "./configuration.ts";
import { policyIncludeLine } from "./macros.ts";
import { inclusion } from "./plan.ts";
import { priorityString, whyCiphers } from "./policy-settings.ts";
import { filesOf } from "./files.ts";

type Option = "tls_require_ciphers" | "auth_advertise_hosts";
const options: readonly Option[] = ["tls_require_ciphers", "auth_advertise_hosts"];
const mode = 0o644;

const policyFile = ({ configDir, scheme }: Configuration): string =>
  join(configDir, scheme === "split" ? "conf.d/main/02_mailcert_policy" : "mailcert.policy");

const optionIn = (text: string, option: Option): string | undefined =>
  new RegExp(`^[ \\t]*${option}[ \\t]*=[ \\t]*(.*)$`, "m").exec(text)?.[1];

/** Exim refuses an option that is set twice: where somebody has set it, theirs stays. */
const theirs = async (files: readonly string[], option: Option): Promise<string | undefined> => {
  for (const path of files) {
    const text = (await readTextIfPresent(path).catch(() => undefined)) ?? "";
    // Behind the main section options of the same name are a transport's.
    const end = text.search(/^begin\s/m);
    if (optionIn(end < 0 ? text : text.slice(0, end), option) !== undefined) return path;
  }
  return undefined;
};

/** Somebody can log in: an authenticator has a server's side. */
const takesLogins = (run: RunProgram, configuration: Configuration): Promise<boolean> =>
  withConfiguration(run, configuration, async (args) => {
    const { stdout } = await run(configuration.program, [...args, "-bP", "authenticators"]);
    return /^server_(?:condition|secret|password|keytab|socket|scram_\w+) = \S/m.test(stdout);
  });

const own = (option: Option, path: string, value: string): Finding => ({
  check: "harden-own",
  severity: "warning",
  message: `exim: ${option} is set in ${path} (${clean(value, 160)}) and stays: mailcert does not judge it`,
  hint: "take it out, then: mailcert deploy --harden",
});

const notCovered = [
  "mail that is handed in on 587 before STARTTLS is a matter of your ACLs (`encrypted = *`)",
  "mail that Exim sends (its transports)",
];

export interface EximSituation {
  readonly run: RunProgram;
  readonly render: RenderTemplate;
  readonly configuration: Configuration;
  readonly listeners: readonly Listener[];
}

export const hardenExim = async (
  { run, render, configuration, listeners }: EximSituation,
  profile: PolicyName,
): Promise<PolicyPlan> => {
  const library = await tlsLibraryOf(run, configuration.program);
  const linked = library ? { library } : {};
  const nothing = { ...linked, settings: [], stricter: [], changes: [], notes: [] };
  const instead = "your own `tls_require_ciphers`; `mailcert verify --full` says what its ports take";
  if (library?.name !== "GnuTLS")
    return { ...nothing, notCovered: [`Exim with ${library?.name ?? "an unknown TLS library"}: ${instead}`] };
  if (configuration.scheme === "own")
    return { ...nothing, notCovered: [`a configuration of your own (${configuration.configDir}): ${instead}`] };
  const policy = policyFor(profile, library);
  const now = await effective(run, configuration, ["exim_path", ...options]);
  const hybrid = await knowsHybrid(run, now.get("exim_path") ?? "");
  const ciphers = priorityString(policy, hybrid);
  const path = policyFile(configuration);
  const before = await readTextIfPresent(path);
  const files = (await filesOf(configuration, "")).filter((one) => one !== path);
  const forPeople = listeners.some(({ port, address }) => port !== 25 && !isLoopback(address));
  const wishes: Readonly<Record<Option, { readonly wanted: boolean; readonly value: string; readonly why: string }>> = {
    tls_require_ciphers: {
      wanted: forPeople,
      value: `\${if eq{$received_port}{25}{NORMAL}{${ciphers}}}`,
      why: whyCiphers(policy, hybrid),
    },
    auth_advertise_hosts: {
      wanted: await takesLogins(run, configuration),
      value: "${if eq{$tls_in_cipher}{}{}{*}}",
      why: "no password in clear: AUTH is not there before TLS",
    },
  };
  const settings: PolicySetting[] = [];
  const notes: Finding[] = [];
  const written = new Set<Option>();
  for (const option of options) {
    const { wanted, value, why } = wishes[option];
    const ours = optionIn(before ?? "", option);
    const place = ours === undefined ? await theirs(files, option) : undefined;
    const present = now.get(option) ?? "";
    if (place !== undefined && wanted && present !== value) notes.push(own(option, place, present));
    if (place !== undefined || (!wanted && ours === undefined)) continue;
    written.add(option);
    if (present === value) continue;
    const loosens = ours !== undefined && profile === "intermediate" && !ours.includes("+VERS-TLS1.2");
    const scope = option === "tls_require_ciphers" ? "every port but 25" : "everybody";
    const shown = clean(present, 400);
    settings.push({ scope, setting: option, now: shown, wanted: value, why: loosens ? followsProfile(profile) : why });
  }
  const changes: readonly Change[] =
    written.size === 0
      ? []
      : [
          ...(await fileChanges(render, path, before, {
            profile,
            ciphers: written.has("tls_require_ciphers") ? ciphers : false,
            auth: written.has("auth_advertise_hosts"),
          })),
          ...(configuration.scheme === "unsplit"
            ? await inclusion(configuration.configDir, policyIncludeLine(configuration.configDir))
            : []),
        ];
  return { ...linked, settings, stricter: [], changes, notCovered, notes };
};

const fileChanges = async (
  render: RenderTemplate,
  path: string,
  before: string | undefined,
  view: Readonly<Record<string, unknown>>,
): Promise<readonly Change[]> => {
  const content = render("exim-policy.conf", view, "exim");
  return before === content && (await modeOf(path)) === mode ? [] : [{ kind: "file", path, content, mode, before }];
};
