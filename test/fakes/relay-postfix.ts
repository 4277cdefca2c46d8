// One Postfix for the planning of relaying by client certificate: what its two files say, and what the log of changes has of it.
import { expect } from "vitest";
import type { Change } from "../../src/servers/server.ts";
import { addOption, removeOption } from "../../src/servers/postfix/master-cf.ts";
import type { Postconf } from "../../src/servers/postfix/postconf.ts";
import { type RelayPlan, planRelay } from "../../src/servers/postfix/relay.ts";
import { replaceOption } from "../../src/servers/postfix/replace-option.ts";

export const table = "texthash:/var/lib/mailcert/clients/default.map";
export const id = "submission/inet";

export type Values = Readonly<Record<string, string>>;

const defaults: Values = {
  smtpd_sasl_auth_enable: "yes",
  smtpd_tls_security_level: "may",
  smtpd_tls_ask_ccert: "no",
  smtpd_tls_req_ccert: "no",
  smtpd_tls_fingerprint_digest: "sha256",
};

const optionLine = ([name, value]: readonly [string, string]): string =>
  `  -o ${/\s/.test(value) ? `{ ${name} = ${value} }` : `${name}=${value}`}`;

const entryOf = (service: string, values: ReadonlyMap<string, string>): string =>
  [`${service.replace(/\/inet$/, "")} inet n - y - - smtpd`, ...[...values].map(optionLine), ""].join("\n");

type ServiceChange = Extract<Change, { kind: "service-parameter" }>;

const edited = (text: string, { service, parameter, before, after }: ServiceChange): string | undefined => {
  if (before === undefined) return addOption(text, service, parameter, after ?? "");
  if (after === undefined) return removeOption(text, service, parameter, before);
  return replaceOption(text, service, parameter, before, after);
};

const undoes = (change: ServiceChange, one: Change): boolean =>
  one.kind === "service-parameter" &&
  one.service === change.service &&
  one.parameter === change.parameter &&
  one.after === change.before &&
  one.before === change.after;

/** `own`: options of the service `id`; `more`: further services of smtpd's, with theirs. */
export const relayPostfix = (own: Values, mainCf: Values, more: Readonly<Record<string, Values>> = {}) => {
  const overrides = new Map(
    Object.entries({ [id]: own, ...more }).map(([service, values]) => [service, new Map(Object.entries(values))]),
  );
  let main = mainCf;
  let masterCf = [...overrides].map(([service, values]) => entryOf(service, values)).join("");
  const inForce: Change[] = [];
  const made: Change[] = [];
  const gone: string[] = [];
  return {
    masterCf: () => masterCf,
    inForce: () => inForce,
    /** Somebody took the table away. */
    remove: (one: string) => gone.push(one),
    loseLog: () => [inForce, made].forEach((log) => log.splice(0)),
    setMain: (values: Values) => {
      main = values;
    },
    set: (parameter: string, value: string) => overrides.get(id)?.set(parameter, value),
    rewrite: (edit: (text: string) => string) => {
      masterCf = edit(masterCf);
    },
    plan: (wanted: string = table, at: readonly string[] = [id], wrapped = false): Promise<RelayPlan> => {
      const services = [...overrides.keys(), "smtp/inet"].map((service) => ({
        id: service,
        name: service.replace(/\/inet$/, ""),
        type: "inet",
        command: "smtpd",
      }));
      const effective = async (names: readonly string[]) =>
        new Map(names.map((name) => [name, main[name] ?? defaults[name] ?? ""]));
      const entrances = at.map((service) => ({ service, wrapped }));
      const isGone = async (one: string) => gone.includes(one);
      const wish = { table: wanted === "off" ? undefined : wanted, isGone, entrances, masterCf, inForce, made };
      const situation = { explicit: new Map(Object.entries(main)), services, overrides };
      return planRelay({ effective } as Pick<Postconf, "effective"> as Postconf, situation, wish, true);
    },
    /** Each edit has to be one that postconf is not needed for; the log is kept as make-change.ts keeps it. */
    apply: ({ changes }: RelayPlan): void => {
      for (const change of changes) {
        if (change.kind !== "service-parameter") throw new Error("a change of another kind");
        const { service, parameter, before, after } = change;
        const options = overrides.get(service);
        expect(options?.get(parameter)).toBe(before);
        if (after === undefined) options?.delete(parameter);
        else options?.set(parameter, after);
        const text = edited(masterCf, change);
        if (text === undefined) throw new Error(`${service}/${parameter} cannot be edited byte for byte`);
        masterCf = text;
        made.push(change);
        const undone = inForce.findLastIndex((one) => undoes(change, one));
        if (undone >= 0) inForce.splice(undone, 1);
        else inForce.push(change);
      }
    },
  };
};
