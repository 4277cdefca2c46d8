// Status: a table of certificates, what is wrong below it, whether anything renews by itself; and the JSON twin.
import { goOnCommand } from "../domain/revocation.ts";
import { entryTitle, issuerTitle, setupAgain, setupCommand } from "../domain/setup-command.ts";
import type { DeploymentRecord } from "../store/store.ts";
import type { RunAtWork } from "../usecases/run-at-work.ts";
import type { HourlyRun } from "../usecases/schedule.ts";
import type { CaTrouble, CertificateStatus, StatusResult } from "../usecases/status.ts";
import { day, minute, timeLeft } from "./dates.ts";
import { findingLines } from "./findings-text.ts";
import { namesForPeople } from "./names.ts";
import { decisionText } from "./renew.ts";
import { beforeSwitch, howMany, notProven } from "./served-entries.ts";
import { daysWithoutRun } from "../domain/overdue.ts";
import { tlsaLine } from "../domain/tlsa.ts";
import { table } from "./table.ts";

export const expiry = ({ live, target }: CertificateStatus, now: Date): string => {
  const generation = live ?? target;
  if (!generation) return "none yet";
  const until = new Date(generation.notAfter);
  if (generation.revoked) return `REVOKED ${day(new Date(generation.revoked.at))}`;
  return until <= now ? `EXPIRED ${day(until)}` : `${day(until)} (${timeLeft(now, until)})`;
};

/** The CA by its name: who issued what is there, else who is to. */
export const issuer = ({ live, target, asked, issuer: kind, authority }: CertificateStatus): string => {
  if (asked) return entryTitle(asked);
  const of = live ?? target ?? (kind === "unknown" ? undefined : { issuer: kind, authority });
  return of ? issuerTitle(of) : kind;
};

/** Nothing of it could be proven: its addresses are away, or its entry points have certificates of their own. */
const isUnseen = (deployments: CertificateStatus["deployments"]): boolean => {
  const entries = Object.values(deployments).flatMap((one) => one.entries);
  return entries.length > 0 && entries.every(({ verdict }) => verdict !== "proven");
};

export const stage = ({ parked, stage: reached, deployments }: CertificateStatus): string => {
  if (parked) return "taken out";
  // Nothing was there to be seen: no server is to serve it.
  if (reached === "verified" && Object.keys(deployments).length === 0) return "live";
  if (reached === "verified" && isUnseen(deployments)) return "in place";
  return reached === "none" ? "-" : reached;
};

const isForOthers = (servers: CertificateStatus["servers"]): boolean => servers !== "auto" && servers?.length === 0;

/** Who gets it at this server: everybody, those who ask for its names, or everybody at some of its entry points. */
const toWhom = (
  id: string,
  { byName, places }: DeploymentRecord,
  defaults: NonNullable<StatusResult["defaults"]>,
): string => {
  if (places) {
    const at = [places.services, places.addresses].flatMap((some) => some?.join(" and ") ?? []).join(" at ");
    return ` (for everybody: ${at})`;
  }
  const everybodys = defaults[id];
  if (everybodys === undefined) return "";
  if (!byName) return " (default)";
  return everybodys === null ? " (by name; no certificate of mailcert is the default)" : " (by name)";
};

const servedBy = (one: CertificateStatus, defaults: NonNullable<StatusResult["defaults"]>): readonly string[] => {
  const { deployments, servers } = one;
  const parts = Object.entries(deployments).map(([id, record]) => {
    const { entries } = record;
    const proven = entries.filter(({ verdict }) => verdict === "proven");
    const ports = [...new Set(proven.map(({ url }) => url.slice(url.lastIndexOf(":") + 1)))].toSorted(
      (a, b) => Number(a) - Number(b),
    );
    return `${id}${ports.length > 0 ? ` ${ports.join(",")}` : ""}${toWhom(id, record, defaults)}`;
  });
  if (parts.length > 0)
    return [`  served by ${parts.join("; ")}${howMany(one)}`, ...notProven(one), ...beforeSwitch(one)];
  return [
    isForOthers(servers)
      ? "  for other programs to read: no mail server is to serve it (servers: none)"
      : "  served by nowhere",
  ];
};

const has = (check: string, { findings = [] }: CertificateStatus): boolean =>
  findings.some((one) => one.check === check);

/** A removal has something to take out, or to have read: what would still be read by a server must not be removed. */
const isOurs = (one: CertificateStatus): boolean =>
  Object.keys(one.deployments).length > 0 ||
  has("deploy-unread", one) ||
  (!one.parked && !isForOthers(one.servers) && one.stage !== "none" && one.stage !== "staged");

const next = (one: CertificateStatus): string => {
  if (one.asked) return "not set up: the attempt failed, and no run tries it again by itself";
  if (!one.configured) return "not in the configuration: not renewed";
  if (one.parked) return `taken out of the servers; mailcert deploy ${one.name} puts it back`;
  return one.next ? decisionText(one.next) : "";
};

const forget = (one: CertificateStatus): readonly string[] => {
  if (one.configured) return [];
  const again = one.live ?? one.target;
  return [
    ...(one.asked ? [`  to try it again: ${setupCommand(one.name, one.asked)}`] : []),
    ...(again ? [`  to have it renewed again: ${setupAgain(one.name, again)}`] : []),
    ...(isOurs(one) ? [`  to take it out of the servers: mailcert deploy --remove ${one.name}`] : []),
    `  to forget it${isOurs(one) ? " after that" : has("still-named", one) ? " once no server names it any more" : ""}: rm -r ${one.folder}`,
  ];
};

const generation = ({ live, target, rolledBack }: CertificateStatus): readonly string[] => {
  const number = live?.number;
  const back = rolledBack.length === 0 ? "" : ` (${rolledBack.join(", ")} rolled back)`;
  const waiting = target !== undefined && target.number !== number ? [`generation ${target.number} is waiting`] : [];
  const parts = [...(number === undefined ? [] : [`generation ${number}${back}`]), ...waiting];
  return parts.length === 0 ? [] : [`  ${parts.join(", ")}`];
};

/** What failed and what to do about it, once. */
const trouble = ({
  name,
  configured,
  lastError,
  attempts,
  next: decision,
  ...one
}: CertificateStatus): readonly string[] => {
  if (!lastError) return [];
  // Of what DNS held back the last run's word is enough.
  if (one.held && lastError.facts?.["code"] === "DANE") return [];
  const at = minute(new Date(lastError.at));
  const hints = (lastError.hints ?? []).map((hint) => `    -> ${hint}`);
  const again = configured ? [`    -> mended? \`mailcert renew ${name}\` tries at once`] : [];
  // What holds it back by itself has been said above: the reason of the failure, unless it is a window.
  if (decision?.action === "wait" && !decision.window)
    return [`  attempt ${attempts} failed at ${at}`, ...hints, ...again];
  const of = lastError.asked === undefined ? "" : `, of an attempt to change to ${lastError.asked}`;
  if (lastError.notDue)
    return [`  last error (${at}${of}, nothing was due: what is there stays): ${lastError.message}`, ...hints];
  const nothing = decision?.action === "nothing";
  return [
    `  last error (${at}${of}${attempts > 0 ? `, attempt ${attempts}` : ""}): ${lastError.message}`,
    ...hints,
    ...(nothing ? [] : again),
  ];
};

const revocation = ({ name, revocation: last, earlierRevocations = [] }: CertificateStatus): readonly string[] =>
  (last ? [last, ...earlierRevocations] : []).flatMap((pending) => [
    `  the revocation of generation ${pending.generation} (${pending.reason}) is not finished`,
    `    -> ${goOnCommand(name, pending)}`,
  ]);

/** `publish` stands in the hints, as a line of a zone file. */
const held = ({ held: waiting }: CertificateStatus): readonly string[] => {
  if (!waiting) return [];
  const { at, message, hints, publish, since } = waiting;
  const lines = publish.map(({ owner, record }) => tlsaLine(owner, record));
  const unsaid = since === undefined ? lines.filter((line) => !hints.some((hint) => hint.includes(line))) : [];
  return [
    `  held for DNS (DANE), last tried ${minute(new Date(at))}: ${message}`,
    ...unsaid.map((line) => `    -> the record of the key that waits: ${line}`),
    ...hints.map((hint) => `    -> ${hint}`),
  ];
};

const below = (one: CertificateStatus, defaults: NonNullable<StatusResult["defaults"]>): readonly string[] => [
  `${one.name}: ${next(one)}`,
  ...generation(one),
  ...revocation(one),
  ...held(one),
  ...(one.live ? servedBy(one, defaults) : []),
  ...(one.names.length > 1 || one.names.some((name) => name.includes("xn--"))
    ? [`  names: ${namesForPeople(one.names)}`]
    : []),
  ...trouble(one),
  ...(one.caFailures ?? []).map((failure) => `  ${caTroubleText(failure, one)}`),
  ...(one.findings ?? []).flatMap((finding) => findingLines(finding, "  ")),
  ...forget(one),
];

/** `letsencrypt failed (2026-11-20 12:00): rate limited, used zerossl.example`. */
const caTroubleText = ({ ca, at, message, directory }: CaTrouble, one: CertificateStatus): string => {
  const { target } = one;
  // An older one was issued whatever became of this.
  const issued = target !== undefined && target.authority !== directory && target.createdAt >= at;
  const used = issued ? target.authority : undefined;
  const host = used !== undefined && URL.canParse(used) ? new URL(used).host : used;
  return `${ca} failed (${minute(new Date(at))}): ${message}${host === undefined ? "" : `; used ${host}`}`;
};

export const scheduleTitles = { systemd: "systemd timer", cron: "cron line", loop: "mailcert renew --every" } as const;

/** What a person should know although every certificate is well; empty: it renews by itself. */
export const hourlyWarnings = (run: HourlyRun, now: Date): readonly string[] => {
  const { behind = [] } = run;
  return [
    // It may be why the last run failed.
    ...(behind.length === 0
      ? []
      : [
          `${behind.join(" and ")} ${behind.length === 1 ? "is" : "are"} not what would be written now (other folders, servers or version since): mailcert schedule install`,
        ]),
    ...[troubleOf(run, now) ?? []].flat(),
  ];
};

const troubleOf = ({ renews, problem, failed, lastRun }: HourlyRun, now: Date): string | undefined => {
  const days = daysWithoutRun(lastRun, now);
  if (days !== undefined) return `nothing has run for ${days} days: mailcert schedule show`;
  if (failed !== undefined) return `the last run by itself failed (exit ${failed}): mailcert schedule show`;
  if (renews) return undefined;
  return problem === undefined
    ? "no timer or cron line, nothing renews by itself: mailcert schedule install, or start `mailcert renew --quiet` every hour by other means"
    : `nothing renews by itself: ${problem} (mailcert schedule show)`;
};

const hourlyText = (run: HourlyRun, now: Date): string => {
  const { renews, kind, next: at } = run;
  const when = at === undefined ? "" : `, next run ${minute(new Date(at))}`;
  return [
    ...(renews ? [`renewed by itself: ${kind === undefined ? "yes" : scheduleTitles[kind]}${when}`] : []),
    ...hourlyWarnings(run, now).map((warning) => `warning: ${warning}`),
  ].join("\n");
};

const atWorkText = ({ pid, command, since }: RunAtWork): string =>
  `another mailcert is at work (${pid === undefined ? "" : `process ${pid}: `}${command}, since ${minute(new Date(since))}): what is said here may be the middle of it`;

/** `hourly` is not asked for where nothing is to be renewed. */
export const statusText = (
  { certificates, defaults = {}, findings = [] }: StatusResult,
  hourly: HourlyRun | undefined,
  now: Date,
  atWork?: RunAtWork,
): string => {
  if (certificates.length === 0) return "no certificates yet; first time: mailcert setup mail.example.org";
  const rows = certificates.map((one) => [one.name, issuer(one), expiry(one, now), stage(one)]);
  return [
    table([["certificate", "issuer", "expires", "stage"], ...rows]),
    "",
    ...certificates.flatMap((one) => below(one, defaults)),
    ...findings.flatMap((finding) => ["", ...findingLines(finding)]),
    ...(atWork === undefined ? [] : ["", atWorkText(atWork)]),
    ...(hourly === undefined ? [] : ["", hourlyText(hourly, now)]),
  ].join("\n");
};

export const statusDocument = (
  { certificates, defaults, findings, ok }: StatusResult,
  hourly?: HourlyRun,
  atWork?: RunAtWork,
): object => ({
  schema: "mailcert.status/1",
  ok,
  certificates,
  ...(defaults ? { defaults } : {}),
  ...(findings ? { findings } : {}),
  ...(atWork ? { atWork } : {}),
  ...(hourly === undefined ? {} : { schedule: hourly }),
});
