// What each entry point served when it was last looked at, folded: how many are proven, every other one with its words, and processes of before the switch.
import { lastProof } from "../domain/renew-decision.ts";
import type { EntryRecord } from "../store/store.ts";
import type { CertificateStatus } from "../usecases/status.ts";
import { minute } from "./dates.ts";
import { verdictWords } from "./findings-text.ts";

type Deployments = Pick<CertificateStatus, "deployments">;

const all = ({ deployments }: Deployments): readonly EntryRecord[] =>
  Object.values(deployments).flatMap(({ entries }) => entries);

/** `: all 14 proven (2026-11-20 12:00 UTC)`, `: 11 of 14 proven (...)`, with when the first of them was looked at; each address and key type of an entry point counts. */
export const howMany = (one: Deployments): string => {
  const entries = all(one);
  const proven = entries.filter(({ verdict }) => verdict === "proven").length;
  if (entries.length === 0) return "";
  const at = lastProof(one);
  const when = at === undefined ? "" : ` (${minute(at)})`;
  if (proven < entries.length) return `: ${proven} of ${entries.length} proven${when}`;
  return proven === 1 ? `: proven${when}` : `: all ${proven} proven${when}`;
};

const place = ({ url, address, slot }: EntryRecord): string =>
  `${url} at ${address}${slot === undefined ? "" : ` (${slot})`}`;

const reason = ({ verdict, message }: EntryRecord): string => `${verdict} ${message ?? ""}`;

/** One line for each verdict and reason. */
export const notProven = ({ deployments }: Deployments): readonly string[] =>
  Object.entries(deployments).flatMap(([id, { entries, at }]) => {
    const others = entries.filter(({ verdict }) => verdict !== "proven");
    const reasons = [...new Set(others.map(reason))];
    return reasons.flatMap((one) => {
      const same = others.filter((entry) => reason(entry) === one);
      const [first] = same;
      if (!first) return [];
      const more = same.length > 1 ? ` and ${same.length - 1} more` : "";
      const why = first.message === undefined ? "" : `: ${first.message}`;
      return [`    ${verdictWords[first.verdict]} (${id}, seen ${minute(new Date(at))}): ${place(first)}${more}${why}`];
    });
  });

/** Those that serve only the client that they have are nobody's trouble; the others have a finding. */
export const beforeSwitch = ({ oldProcesses }: Pick<CertificateStatus, "oldProcesses">): readonly string[] =>
  (oldProcesses ?? []).flatMap(({ id, program, count, since, takeNew }) => {
    const left = count - takeNew.length;
    if (left <= 0) return [];
    const [processes, end] =
      left === 1 ? ["process", "ends with its connection"] : ["processes", "end with their connections"];
    return [
      `    ${id}: ${left} ${program} ${processes} of before the switch (since ${minute(new Date(since))}), for clients that are connected; ${end}`,
    ];
  });
