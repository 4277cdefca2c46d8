// Postfix's TLS policy, service by service in master.cf: strict where people hand in mail, while port 25 stays open to every peer.
import { isLoopback } from "../../domain/ip.ts";
import type { Finding } from "../../domain/finding.ts";
import { protocolsIn } from "../../domain/policy-strength.ts";
import { clean } from "../../domain/text.ts";
import { type PolicyName, followsProfile, hasHybridGroup, policyFor, readLibrary } from "../../domain/tls-policy.ts";
import type { ServerDependencies } from "../dependencies.ts";
import type { PolicyPlan, PolicySetting } from "../policy.ts";
import type { Change, Installation } from "../server.ts";
import { postfixListeners } from "./listeners.ts";
import { peerWishes, policyParameters, protocolsParameter, submissionWishes } from "./policy-settings.ts";
import { type Parameters, createPostconf } from "./postconf.ts";

/** What clients and peers of other machines come to, by service. */
interface Entrance {
  readonly service: string;
  readonly forPeople: boolean;
  readonly wrapped: boolean;
}

export const entrancesOf = async (
  dependencies: ServerDependencies,
  configDir: string,
): Promise<readonly Entrance[]> => {
  const found = new Map<string, Entrance>();
  for (const { service, protocol, mode, address } of await postfixListeners(dependencies, configDir)) {
    if (isLoopback(address)) continue;
    found.set(service, { service, forPeople: protocol === "submission", wrapped: mode === "implicit" });
  }
  return [...found.values()];
};

const empty: Parameters = new Map();

const sameWords = (a: string, b: string): boolean => a.split(/[\s,]+/).join() === b.split(/[\s,]+/).join();

const notesOf = (main: Parameters, explicit: Parameters): readonly Finding[] => {
  const list = explicit.get("tls_high_cipherlist");
  const old = protocolsIn(main.get("smtpd_tls_protocols") ?? "")?.some((version) =>
    /^(SSL|TLSv1$|TLSv1\.1)/.test(version),
  );
  return [
    ...(list === undefined
      ? []
      : [
          {
            check: "harden-cipher-list",
            severity: "warning",
            message: `main.cf sets tls_high_cipherlist = ${clean(list, 200)}: the profile can only be as good as that list, which also holds for mail that is sent`,
            hint: "Postfix's documentation asks to leave it alone: postconf -X tls_high_cipherlist && postfix reload",
          } as const,
        ]),
    ...(old === true
      ? [
          {
            check: "harden-peers",
            severity: "info",
            message: "port 25 still takes TLS 1.0 and 1.1: a peer that has nothing newer would deliver in clear",
            hint: "docs/hardening.md says when to refuse them there, too",
          } as const,
        ]
      : []),
  ];
};

/** What stood at a service's parameter before the first of our changes that are in force there; undefined: what stands there is not ours. */
const beforeOurs = (
  ours: readonly Change[],
  service: string,
  parameter: string,
  present: string | undefined,
): { readonly value: string | undefined } | undefined => {
  const mine = ours.flatMap((change) =>
    change.kind === "service-parameter" && change.service === service && change.parameter === parameter ? [change] : [],
  );
  const [first] = mine;
  return first !== undefined && mine.at(-1)?.after === present ? { value: first.before } : undefined;
};

export const hardenPostfix = async (
  dependencies: ServerDependencies,
  { configDir, version }: Installation,
  profile: PolicyName,
  ours: readonly Change[] = [],
): Promise<PolicyPlan> => {
  const { run } = dependencies;
  const library = readLibrary((await run("postconf", ["-T", "run-version"])).stdout);
  const policy = policyFor(profile, library);
  const postconf = createPostconf(run, configDir);
  const main = await postconf.effective(policyParameters);
  const explicit = await postconf.explicit([...policyParameters, "tls_high_cipherlist"]);
  const written = await postconf.overrides();
  const expanded = await postconf.overrides(true);
  const commands = new Map((await postconf.services()).map(({ id, command }) => [id, command]));
  const settings: PolicySetting[] = [];
  const stricter: string[] = [];
  const changes: Change[] = [];
  for (const { service, forPeople, wrapped } of await entrancesOf(dependencies, configDir)) {
    // postscreen hands TLS to tlsproxy, which has no setting of its own for a service.
    if (commands.get(service) !== "smtpd") continue;
    const own = written.get(service) ?? empty;
    const theirs = (name: string) => beforeOurs(ours, service, name, own.get(name));
    /** As it would be without us: what we have set follows the profile, and never binds it. */
    const inEffect = (name: string): string => {
      const known = theirs(name);
      return (known ? known.value : expanded.get(service)?.get(name)) ?? main.get(name) ?? "";
    };
    const wishes = forPeople
      ? submissionWishes(policy, version, wrapped, inEffect)
      : peerWishes(hasHybridGroup(library), inEffect);
    for (const { parameter, value, why, asStrict } of wishes) {
      const now = inEffect(parameter);
      const known = theirs(parameter);
      if (known) {
        const present = own.get(parameter) ?? "";
        const after = asStrict(now) ? known.value : value;
        if (after === present) continue;
        const whyOurs = parameter === protocolsParameter && asStrict(present) ? followsProfile(profile) : why;
        const wanted = after ?? `what main.cf says: ${now}`;
        settings.push({ scope: service, setting: parameter, now: clean(present, 300), wanted, why: whyOurs });
        changes.push({ kind: "service-parameter", service, parameter, before: present, after });
        continue;
      }
      if (asStrict(now)) {
        // What is done for port 25 asks for nothing that could be exceeded.
        if (forPeople && (own.has(parameter) || explicit.has(parameter)) && !sameWords(now, value))
          stricter.push(`${service}: ${parameter} = ${clean(now, 200)}`);
        continue;
      }
      settings.push({ scope: service, setting: parameter, now: clean(now, 300), wanted: value, why });
      changes.push({ kind: "service-parameter", service, parameter, before: own.get(parameter), after: value });
    }
  }
  return {
    ...(library ? { library } : {}),
    settings,
    stricter,
    changes,
    notCovered: [],
    notes: notesOf(main, explicit),
  };
};
