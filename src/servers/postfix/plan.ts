// What Postfix needs to serve a certificate: the chain files in main.cf, the older settings out, and services that have their own kept as they are.
import { join } from "node:path";
import type { Finding } from "../../domain/finding.ts";
import type { Change, Override, PlacedCertificate, ServedCertificate, ServerPlan } from "../server.ts";
import { chainValue, sameFiles } from "./own-certificate.ts";
import { chainParameter, legacyParameters, levelParameters, ownLegacy, refersTo } from "./parameters.ts";
import type { Parameters, Postconf, Service } from "./postconf.ts";
import { textMaps } from "./indexed.ts";
import { type Strays, findStrays, planPlaces } from "./places.ts";
import { mapsIn, planSni, sniParameter } from "./sni.ts";
import { type RelayWish, planRelay } from "./relay.ts";
import { submissionNotes } from "./submission.ts";

interface Situation {
  readonly explicit: Parameters;
  readonly effective: Parameters;
  readonly services: readonly Service[];
  readonly overrides: ReadonlyMap<string, Parameters>;
  readonly expanded: ReadonlyMap<string, Parameters>;
}

const empty: Parameters = new Map();

/**
 * smtpd ignores `-o smtpd_tls_cert_file` of a service, silently, once main.cf has chain files (seen on 3.7 and 3.10); an empty
 * `-o smtpd_tls_chain_files=` gives the service its own certificate back.
 */
const keepOwnCertificates = (
  situation: Situation,
  wanted: string,
  isTold: (service: string) => boolean,
): { changes: Change[]; notes: Finding[] } => {
  const changes: Change[] = [];
  const notes: Finding[] = [];
  const present = situation.effective.get(chainParameter) ?? "";
  for (const service of situation.services.filter((one) => one.command === "smtpd")) {
    const own = situation.overrides.get(service.id) ?? empty;
    const chain = own.get(chainParameter);
    const legacy = ownLegacy(own);
    if (chain !== undefined && chain !== "") {
      if (isTold(service.id)) continue;
      notes.push({
        check: "own-certificate",
        severity: "info",
        message: `the service ${service.id} keeps its own certificate: -o ${chainParameter}=${chain}`,
        hint: `to give it this one: postconf -PX ${service.id}/${chainParameter}`,
      });
    } else if (chain === "" && legacy.length === 0) {
      notes.push({
        check: "own-certificate",
        severity: "warning",
        message: `the service ${service.id} has an empty -o ${chainParameter}=: it serves main.cf's older settings, not this certificate`,
        hint: `to give it this one: postconf -PX ${service.id}/${chainParameter} && postfix reload`,
      });
    } else if (legacy.length > 0) {
      const settings = legacy.map((name) => `-o ${name}=${own.get(name)}`).join(" ");
      if (chain === undefined && present !== "" && !sameFiles(present, wanted)) {
        notes.push({
          check: "own-certificate",
          severity: "warning",
          message: `the service ${service.id} has ${settings}, which Postfix ignores because main.cf sets ${chainParameter}: it serves what main.cf says`,
          hint: `to make it count: postconf -P ${service.id}/${chainParameter}=`,
        });
        continue;
      }
      if (chain === undefined) {
        changes.push({
          kind: "service-parameter",
          service: service.id,
          parameter: chainParameter,
          before: undefined,
          after: "",
        });
      }
      notes.push({
        check: "own-certificate",
        severity: "info",
        message: `the service ${service.id} keeps its own certificate: ${settings}`,
        hint: `to give it this one: postconf -PX ${[...legacy, chainParameter].map((name) => `${service.id}/${name}`).join(" ")}`,
      });
    }
  }
  return { changes, notes };
};

/** Who else needs a legacy parameter of main.cf: a setting that refers to it, or a service with its own that takes this one from main.cf. */
const needs = (situation: Situation, name: string): string | undefined => {
  for (const [other, value] of situation.explicit) {
    const goes = (legacyParameters as readonly string[]).includes(other);
    if (!goes && refersTo(value, name)) return `${other} = ${value}`;
  }
  for (const [service, own] of situation.overrides) {
    for (const [other, value] of own)
      if (refersTo(value, name)) return `-o ${other}=${value} of the service ${service}`;
    if (ownLegacy(own).length > 0 && !own.has(name))
      return `the service ${service}, which does not read ${chainParameter}`;
  }
  return undefined;
};

const removeLegacy = (situation: Situation): { changes: Change[]; notes: Finding[] } => {
  const changes: Change[] = [];
  const notes: Finding[] = [];
  for (const parameter of legacyParameters) {
    const before = situation.explicit.get(parameter);
    if (before === undefined) continue;
    const user = needs(situation, parameter);
    if (user === undefined) {
      changes.push({ kind: "parameter", parameter, before, after: undefined });
    } else {
      notes.push({
        check: "legacy-setting-kept",
        severity: "info",
        message: `${parameter} stays in main.cf, where smtpd no longer reads it: it is used by ${user}`,
      });
    }
  }
  return { changes, notes };
};

/** TLS is switched on only where nobody ever decided: an explicit `none` is a decision, which only a yes overrules. */
const switchTlsOn = ({ explicit, effective }: Situation, mainCf: string): { changes: Change[]; off: Override[] } => {
  const parameter = "smtpd_tls_security_level";
  const level = effective.get(parameter) ?? "";
  if (level === "none") {
    const edit: Change = { kind: "parameter", parameter, before: explicit.get(parameter), after: "may" };
    return {
      changes: [],
      off: [{ scope: "everybody", path: mainCf, setting: `${parameter} = none`, edit: [edit] }],
    };
  }
  const decided =
    level !== "" || effective.get("smtpd_use_tls") === "yes" || effective.get("smtpd_enforce_tls") === "yes";
  if (decided || explicit.has("smtpd_use_tls")) return { changes: [], off: [] };
  return { changes: [{ kind: "parameter", parameter, before: explicit.get(parameter), after: "may" }], off: [] };
};

export interface PostfixWish {
  readonly configDir: string;
  /** undefined: Postfix keeps its own for everybody who asks for no known name. */
  readonly main: ServedCertificate | undefined;
  readonly bySni: readonly ServedCertificate[];
  /** Services with one of their own, by id. */
  readonly services?: ReadonlyMap<string, PlacedCertificate>;
  /** All that have places, wherever these are. */
  readonly placed?: readonly ServedCertificate[];
  /** Chains that mailcert set at services, of all times. */
  readonly set?: readonly string[];
  /** Absent: nobody can tell what is wished, and everything stays. */
  readonly relay?: RelayWish;
  /** Absent: Postfix reads a map of ours. */
  readonly rows?: RowsWish;
}

/** A program gets rows for a database of the admin's. */
interface RowsWish {
  readonly program: string;
  /** Whether every one of these keys is in one of the maps of a value. */
  readonly answer: (value: string, keys: readonly string[]) => Promise<boolean>;
}

/** What somebody's program may fill. */
const databases: readonly string[] = ["ldap", "lmdb", "memcache", "mongodb", "mysql", "pgsql", "socketmap", "sqlite"];

/** A program that fills a table which nobody looks into. */
const rowsNotes = async (
  postconf: Postconf,
  { explicit }: Situation,
  { bySni, rows }: PostfixWish,
): Promise<readonly Finding[]> => {
  const tables = mapsIn(explicit.get(sniParameter) ?? "").filter((map) => textMaps(map).length === 0);
  if (!rows || bySni.length === 0 || tables.length > 0) return [];
  const types = (await postconf.types()).filter((type) => databases.includes(type));
  const had = types.length === 0 ? "none of a database: install its package" : types.join(", ");
  return [
    {
      check: "deploy-config",
      severity: "fault",
      message: `main.cf names no database in ${sniParameter}: Postfix does not look into what ${rows.program} fills`,
      hint: `in main.cf, set ${sniParameter} to the table's own TYPE:FILE (types that this Postfix reads: ${had}); once \`postmap -q NAME TYPE:FILE\` finds a name: postfix reload. Or take postfix_sni_rows out of the configuration`,
    },
  ];
};

/** inet services of smtpd are those that have a place, and are copied with their lines. */
export const straysOf = (
  { placed = [], set = [] }: PostfixWish,
  isGiven: (service: string) => boolean,
  { services, overrides }: Pick<Situation, "services" | "overrides">,
): Strays => {
  const entrances = services.flatMap(({ id, type, command }) => (type === "inet" && command === "smtpd" ? [id] : []));
  return findStrays(placed, isGiven, overrides, { entrances, set });
};

export const planPostfix = async (
  postconf: Postconf,
  wish: PostfixWish,
  /** Of the primary instance, which is the one that people send through; undefined for the others. */
  masterCf: { readonly path: string; readonly text: string } | undefined,
): Promise<ServerPlan> => {
  const { configDir, main, bySni, rows, services = new Map() } = wish;
  const whole: Situation = {
    explicit: await postconf.explicit(),
    effective: await postconf.effective([chainParameter, sniParameter, ...levelParameters]),
    services: await postconf.services(),
    overrides: await postconf.overrides(),
    expanded: await postconf.overrides(true),
  };
  const byName = bySni.length > 0 || (whole.effective.get(sniParameter) ?? "") !== "";
  const places = planPlaces(services, whole.overrides, byName ? sniParameter : undefined);
  const ofServices = places.settings.map(({ service, parameter, certificate = "" }) => ({
    service,
    parameter,
    certificate,
  }));
  // What is set for these is their certificate's, and nobody's own; what somebody else set stays until a yes.
  const isGiven = (id: string): boolean =>
    places.settings.some(({ service, parameter }) => service === id && parameter === chainParameter);
  const { copied: strays, theirs } = straysOf(wish, isGiven, whole);
  const isStray = (id: string): boolean => strays.some(({ service }) => service === id);
  const situation = { ...whole, services: whole.services.filter(({ id }) => !isGiven(id) && !isStray(id)) };
  const { adopted } = places;
  const relay = wish.relay
    ? await planRelay(postconf, whole, wish.relay, masterCf !== undefined)
    : { changes: [], notes: [] };
  const given = [...places.changes, ...strays, ...relay.changes];
  const names = await planSni(situation, configDir, main, bySni, rows?.answer);
  const notes = [
    ...relay.notes,
    ...(await rowsNotes(postconf, situation, wish)),
    ...(masterCf ? submissionNotes(whole.services, masterCf) : []),
  ];
  const tls = switchTlsOn(situation, join(configDir, "main.cf"));
  if (!main) return { changes: [...given, ...names, ...tls.changes], ofServices, adopted, off: tls.off, notes };
  const wanted = chainValue(main);
  const before = situation.explicit.get(chainParameter);
  // First the services that have their own: at no moment does one of them serve something else.
  const own = keepOwnCertificates(situation, wanted, (id) => theirs.some(({ service }) => service === id));
  const chain: Change[] =
    before !== undefined && sameFiles(before, wanted)
      ? []
      : [{ kind: "parameter", parameter: chainParameter, before, after: wanted }];
  const legacy = removeLegacy(situation);
  return {
    ofServices,
    adopted,
    changes: [...given, ...own.changes, ...chain, ...tls.changes, ...legacy.changes, ...names],
    off: tls.off,
    notes: [...own.notes, ...legacy.notes, ...notes],
  };
};
