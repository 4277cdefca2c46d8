// A renewal run's result: a line or a block for each certificate, and its JSON twin.
import type { Decision } from "../domain/renew-decision.ts";
import type { RenewResult, RenewedCertificate } from "../usecases/renew.ts";
import { day, minute } from "./dates.ts";
import { findingsText } from "./findings-text.ts";
import { textWidth, wrap } from "../domain/wrap.ts";
import { deploymentDocument, deploymentText, hasFault } from "./deployment.ts";

const windowText = ({ start, end, explanationUrl }: NonNullable<Extract<Decision, { action: "nothing" }>["advised"]>) =>
  `the CA's window ${minute(new Date(start))} to ${minute(new Date(end))}${explanationUrl === undefined ? "" : `: ${explanationUrl}`}`;

export const decisionText = (decision: Decision): string => {
  switch (decision.action) {
    case "nothing":
      return decision.advised === undefined
        ? `nothing to do; renewal is due on ${day(decision.dueAt)}`
        : `nothing to do; renews at ${minute(decision.dueAt)} (${windowText(decision.advised)})`;
    case "issue":
      return `to be issued: ${decision.why}${decision.explanationUrl === undefined ? "" : ` (${decision.explanationUrl})`}`;
    case "deploy":
      return `to be deployed: ${decision.why}`;
    case "wait":
      return decision.window ? decision.why : `next attempt ${minute(decision.until)}: ${decision.why}`;
  }
};

/** A person who sees the old certificate is not helped by what is done once a day. */
const lookNow = ({ certificate, provenAt }: RenewedCertificate): readonly string[] =>
  provenAt === undefined
    ? []
    : [
        `  -> seen at its entry points at ${minute(provenAt)}, which is looked at once a day; now: mailcert deploy ${certificate}`,
      ];

const oneText = (one: RenewedCertificate, now: Date, terminal: boolean): string => {
  const notes = (one.issued?.notes ?? []).map((note) => `\n${wrap(note, textWidth, "  ", "    ")}`).join("");
  const ending = findingsText(one.findings);
  const look = terminal
    ? lookNow(one)
        .map((line) => `\n${line}`)
        .join("")
    : "";
  return `${stateText(one, now)}${look}${notes}${ending === "" ? "" : `\n${ending}`}`;
};

const stateText = (one: RenewedCertificate, now: Date): string => {
  const deployed = one.deployed ? deploymentText(one.deployed, now, "trouble") : undefined;
  if (one.failure) {
    const hints = one.failure.hints.map((hint) => `\n  -> ${hint}`).join("");
    const what = one.foreseen ? `${decisionText(one.decision)}; that would FAIL` : "FAILED";
    const failed = `${one.certificate}: ${what}: ${one.failure.message}${hints}`;
    return deployed === undefined ? failed : `${deployed}\n\n${failed}`;
  }
  if (deployed !== undefined) return deployed;
  const { certificate: name, decision } = one;
  if (decision.action === "wait" && decision.window)
    return `${name}: ${one.issued ? "issued; " : ""}${decision.why}\n  -> to have it served at once: mailcert deploy ${name}`;
  const ways =
    decision.action === "wait" ? [...(decision.hints ?? []), `mended? \`mailcert renew ${name}\` tries at once`] : [];
  const out = one.parked ? `; taken out of the servers: \`mailcert deploy ${name}\` puts it back` : "";
  return [`${name}: ${decisionText(decision)}${out}`, ...ways.map((way) => `  -> ${way}`)].join("\n");
};

const isIdle = (one: RenewedCertificate): boolean =>
  one.decision.action === "nothing" &&
  one.deployed === undefined &&
  one.failure === undefined &&
  one.findings.length === 0;

/** From here on certificates with nothing to do share one line: an hourly run over a thousand of them must not fill the journal. */
const manyIdle = 10;

const idleText = (idle: readonly RenewedCertificate[]): string => {
  const due = idle.flatMap(({ certificate, decision }) =>
    decision.action === "nothing" ? [{ certificate, at: decision.dueAt }] : [],
  );
  const next = due.reduce((first, one) => (one.at < first.at ? one : first));
  return `${idle.length} certificates: nothing to do; the first renewal is due on ${day(next.at)} (${next.certificate})`;
};

/** Said by each run for days: by channels once, by `status`, and not by each mail of cron. */
const standing: ReadonlySet<string> = new Set(["window-missed"]);

/** With `quiet` only what a person must see: faults; waiting is no news. `terminal`: a person reads it just now. */
export const renewText = (
  { certificates, findings }: RenewResult,
  now: Date,
  quiet: boolean,
  terminal = false,
): string => {
  const shown = certificates.filter(
    (one) =>
      !quiet ||
      one.findings.some(({ check }) => !standing.has(check)) ||
      // Something was not had as it is wished for, or is left for a person to do: once for each certificate issued.
      one.issued?.notes !== undefined ||
      (one.failure && one.failure.kind !== "try-later") ||
      (one.deployed && (hasFault(one.deployed) || one.deployed.findings.some(({ check }) => check === "key-exposed"))),
  );
  const idle = shown.filter(isIdle);
  const busy = idle.length < manyIdle ? shown : shown.filter((one) => !isIdle(one));
  const orphans = findingsText(findings, quiet ? ["fault"] : undefined);
  return [
    ...busy.map((one) => oneText(one, now, terminal)),
    ...(busy.length < shown.length ? [idleText(idle)] : []),
    ...(orphans === "" ? [] : [orphans]),
  ].join("\n\n");
};

export const renewDocument = (result: RenewResult): object => ({
  schema: "mailcert.renew/1",
  ok: result.outcome === "done",
  outcome: result.outcome,
  certificates: result.certificates.map((one) => ({
    certificate: one.certificate,
    decision: one.decision,
    ...(one.parked ? { parked: true } : {}),
    ...(one.issued ? { issued: one.issued.generation } : {}),
    ...(one.issued?.notes ? { notes: one.issued.notes } : {}),
    ...(one.deployed ? { deployed: deploymentDocument(one.deployed) } : {}),
    ...(one.findings.length > 0 ? { findings: one.findings } : {}),
    ...(one.failure
      ? {
          error: {
            kind: one.failure.kind,
            message: one.failure.message,
            hints: one.failure.hints,
            ...(one.failure.facts ? { facts: one.failure.facts } : {}),
          },
        }
      : {}),
  })),
  findings: result.findings,
});
