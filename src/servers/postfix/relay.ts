// Relaying by client certificate at Postfix's submission services: a good one counts where a login counts. Options in master.cf, never main.cf, never port 25.
import type { Finding } from "../../domain/finding.ts";
import type { Change } from "../server.ts";
import type { Parameters, Postconf, Service } from "./postconf.ts";
import { replaceOption } from "./replace-option.ts";
import { isList, judged, neededAt, senderRule, tables } from "./relay-needs.ts";
import type { Lookup } from "./restrictions.ts";

type ServiceChange = Extract<Change, { kind: "service-parameter" }>;

export interface RelayWish {
  /** The table of fingerprints that are good; undefined: nobody asked for it, and what is ours goes. */
  readonly table: string | undefined;
  /** Whether it is a table as mailcert makes them, of whichever CA, and not there: also of one that the log does not know, for it may have been lost. */
  readonly isGone: (table: string) => Promise<boolean>;
  /** Services where people of other machines hand in mail. `wrapped`: TLS from the first byte. */
  readonly entrances: readonly { readonly service: string; readonly wrapped: boolean }[];
  /** Text of master.cf. */
  readonly masterCf: string;
  /** Of the log, of any kind: in force, oldest first. */
  readonly inForce: readonly Change[];
  /** Of the log, of all times. */
  readonly made: readonly Change[];
}

interface Situation {
  readonly explicit: Parameters;
  readonly services: readonly Service[];
  readonly overrides: ReadonlyMap<string, Parameters>;
}

export interface RelayPlan {
  readonly changes: readonly Change[];
  readonly notes: readonly Finding[];
}

const none: Parameters = new Map();

const isOurs = (change: Change): change is ServiceChange =>
  change.kind === "service-parameter" && change.relay === true && change.after !== undefined;

const leftFinding = (service: string, why: string): Finding => ({
  check: "clients-relay-left",
  severity: "warning",
  message: `Postfix: the service ${service} does not relay by client certificate (client_certificates: relay), and was left as it is: ${why}`,
  hint: "docs/client-certificates.md says what it needs, and how to set it by hand; or change that setting, then run: mailcert deploy",
});

const namesFinding = (service: string, said: string): Finding => ({
  check: "clients-relay-left",
  severity: "warning",
  message: `Postfix: the service ${service} ${said}`,
  hint: `to end it: postconf -PX ${service}/${tables} && postfix reload`,
});

const strayFinding = (service: string, table: string): Finding =>
  namesFinding(
    service,
    `still names ${table}, which mailcert did not set there: whoever has a client certificate relays`,
  );

const goneFinding = (service: string, table: string): Finding =>
  namesFinding(
    service,
    `names ${table}, which is not there: whoever shows a client certificate gets 451 for everything`,
  );

const nowhere: Finding = {
  check: "clients-relay-left",
  severity: "warning",
  message:
    "Postfix: nobody relays by client certificate (client_certificates: relay): no service is for people to hand in mail",
  hint: "switch 465 or 587 on in master.cf, then run: mailcert deploy",
};

/** `rules`: that hold senders; `copied`: lists of main.cf that the services have a copy of from now on. */
const changedFinding = (
  services: readonly string[],
  wished: boolean,
  { rules, copied }: { readonly rules: readonly string[]; readonly copied: readonly string[] },
): Finding => {
  const at = services.join(", ");
  const manual = "docs/client-certificates.md says what that does, and what it leaves alone";
  const caveat =
    rules.length > 0
      ? ` He cannot use an address that has an owner in smtpd_sender_login_maps, his own neither (${rules.join(", ")}), unless he logs in as well.`
      : "";
  return {
    check: "clients-relay",
    severity: "info",
    message: wished
      ? `Postfix: at ${at} a client certificate counts where a login counts (client_certificates: relay): whoever has one that is good relays without a password.${caveat}`
      : `Postfix: client certificates do not count any more at ${at}`,
    hint:
      copied.length > 0
        ? `${manual}; ${copied.join(", ")} of main.cf: a copy holds there now, for passwords as well: after each change of it, run at once: mailcert deploy`
        : manual,
  };
};

/** Options of one service: `own` as they stand, and `lookup` as they, and main.cf's, would be without us. */
interface ServiceView {
  readonly service: string;
  readonly own: Parameters;
  readonly ours: (parameter: string) => ServiceChange | undefined;
  readonly lookup: Lookup;
}

/** An option that could not be put back to the byte is not touched. */
const fixed = ({ service, own, ours }: ServiceView, needed: ReadonlyMap<string, string>, masterCf: string) =>
  [...needed].find(([parameter, value]) => {
    const before = own.get(parameter);
    if (before === undefined || ours(parameter)) return false;
    return replaceOption(masterCf, service, parameter, before, value) === undefined;
  })?.[0];

const changesAt = (
  { service, own, ours }: ServiceView,
  wanted: ReadonlyMap<string, string>,
  former: readonly string[],
): readonly ServiceChange[] => {
  const set = (parameter: string, before: string | undefined, after: string | undefined): ServiceChange => ({
    kind: "service-parameter",
    service,
    parameter,
    before,
    after,
    shared: true,
    relay: true,
  });
  // What was first there first, and only then another value: the log says of each what undoes it.
  const back = [...new Set(former)].flatMap((parameter) => {
    const its = ours(parameter);
    return its && wanted.get(parameter) !== its.after ? [set(parameter, its.after, its.before)] : [];
  });
  const on = [...wanted].flatMap(([parameter, value]) => {
    const its = ours(parameter);
    return its?.after === value ? [] : [set(parameter, its ? its.before : own.get(parameter), value)];
  });
  return [...back, ...on];
};

/** `isPrimary`: the instance that people send through. A plan after applying one has no changes. */
export const planRelay = async (
  postconf: Postconf,
  { explicit, services, overrides }: Situation,
  wish: RelayWish,
  isPrimary: boolean,
): Promise<RelayPlan> => {
  const { table, masterCf } = wish;
  const mine = wish.inForce.filter(isOurs);
  const known = new Set(wish.made.flatMap((one) => (isOurs(one) && one.parameter === tables ? [one.after] : [])));
  const gone = new Map<string, string>();
  for (const [service, own] of overrides) {
    const names = own.get(tables);
    if (names !== undefined && names !== table && (await wish.isGone(names))) gone.set(service, names);
  }
  if (table === undefined && known.size + gone.size === 0) return { changes: [], notes: [] };
  const smtpds = new Set(services.flatMap(({ id, command }) => (command === "smtpd" ? [id] : [])));
  const entrances = new Map(
    wish.entrances.flatMap(({ service, wrapped }) =>
      table !== undefined && smtpds.has(service) ? [[service, { table, wrapped }] as const] : [],
    ),
  );
  const effective = await postconf.effective(judged);
  const view = (service: string): ServiceView => {
    const own = overrides.get(service) ?? none;
    const ours = (parameter: string): ServiceChange | undefined =>
      mine.findLast(
        (one) => one.service === service && one.parameter === parameter && one.after === own.get(parameter),
      );
    const lookup: Lookup = (parameter) => {
      const its = ours(parameter);
      return (its ? its.before : own.get(parameter)) ?? explicit.get(parameter) ?? effective.get(parameter) ?? "";
    };
    return { service, own, ours, lookup };
  };
  const [changes, notes]: [ServiceChange[], Finding[]] = [[], []];
  const [on, off]: [ServiceView[], ServiceView[]] = [[], []];
  for (const service of new Set([...entrances.keys(), ...mine.map((one) => one.service)])) {
    if (!smtpds.has(service)) continue;
    const its = view(service);
    const entrance = entrances.get(service);
    let wanted: ReadonlyMap<string, string> = new Map();
    if (entrance) {
      const needed = neededAt(its.lookup, entrance.table, entrance.wrapped);
      const stuck = typeof needed === "string" ? undefined : fixed(its, needed, masterCf);
      if (typeof needed === "string") notes.push(leftFinding(service, needed));
      else if (stuck !== undefined)
        notes.push(
          leftFinding(service, `its ${stuck} stands in master.cf more than once, empty, or over several lines`),
        );
      else wanted = needed;
    }
    const former = mine.flatMap((one) => (one.service === service ? [one.parameter] : []));
    const here = changesAt(its, wanted, former.toReversed());
    changes.push(...here);
    if (here.length > 0) (wanted.size > 0 ? on : off).push(its);
  }
  if (table !== undefined && isPrimary && entrances.size === 0) notes.push(nowhere);
  for (const [service, own] of table === undefined ? overrides : []) {
    const names = own.get(tables);
    if (names !== undefined && known.has(names) && !gone.has(service) && !view(service).ours(tables))
      notes.push(strayFinding(service, names));
  }
  // What is ours goes, or is another one, with the changes above.
  for (const [service, names] of gone)
    if (!changes.some((one) => one.service === service && one.parameter === tables))
      notes.push(goneFinding(service, names));
  const rules = [...new Set(on.flatMap(({ lookup }) => senderRule(lookup) ?? []))];
  const set = changes.filter(({ parameter, before, after }) => isList(parameter) && before === undefined && after);
  const copied = [...new Set(set.map(({ parameter }) => parameter))];
  const ids = (views: readonly ServiceView[]): readonly string[] => views.map(({ service }) => service);
  if (on.length > 0) notes.push(changedFinding(ids(on), true, { rules, copied }));
  if (off.length > 0) notes.push(changedFinding(ids(off), false, { rules: [], copied: [] }));
  return { changes, notes };
};
