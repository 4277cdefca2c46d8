// What was taken over from another ACME client, what was not, and what to do next; and its JSON twin.
import { shellWord } from "../domain/shell-word.ts";
import type { ImportResult, ImportedAccount, ImportedCertificate } from "../usecases/import-result.ts";
import { day, timeLeft } from "./dates.ts";
import { namesForPeople } from "./names.ts";
import { textWidth, wrap } from "../domain/wrap.ts";

const accountLine = ({ url, email, outcome, ours }: ImportedAccount, dryRun: boolean): string => {
  const who = `account ${url}${email === undefined ? "" : ` (${email})`}`;
  if (outcome === "present") return `${who}: ours already`;
  if (outcome === "other") return `${who}: left there, ${ours ?? "another"} is in use here at this CA`;
  return `${who}: ${dryRun ? "would be taken over" : "taken over"}, key included`;
};

const certificateLines = (one: ImportedCertificate, dryRun: boolean, now: Date): readonly string[] => {
  const { certificate, names, outcome, generation, servers, notAfter, leaves, configChanged } = one;
  const what = `${leaves.map(({ algorithm }) => algorithm).join(" + ")}, valid until ${day(new Date(notAfter))} (${timeLeft(now, new Date(notAfter))})`;
  if (outcome === "kept") {
    const why = generation
      ? `mailcert has one of its own, valid until ${day(new Date(generation.notAfter))}`
      : "the configuration asks for another (names, keys or issuer)";
    return [`${certificate}: left alone: ${why}`];
  }
  if (outcome === "present")
    return [
      `${certificate}: ours already${generation ? ` (generation ${generation.number})` : ""}${configChanged ? "" : ", nothing was changed"}`,
    ];
  return [
    `${certificate}: ${dryRun ? "would be taken over" : `taken over as generation ${generation?.number ?? 0}, staged`}: ${what}`,
    ...(names.length > 1 ? [`  names: ${namesForPeople(names)}`] : []),
    ...(servers === "none" ? ["  it is for no mail server of this host (servers: none): another certificate is"] : []),
  ];
};

const schedule = ({ client, schedules, left, certificates }: ImportResult): readonly string[] => {
  const mine = certificates.filter(({ outcome }) => outcome !== "kept");
  if (mine.length === 0) return [];
  if (left.length > 0) {
    return [
      "",
      wrap(
        `Once it is deployed, keep ${client} from renewing it too (it goes on with ${left.slice(0, 10).join(", ")}${left.length > 10 ? ", ..." : ""}):`,
        textWidth,
      ),
      ...mine.flatMap(({ withoutIt }) => withoutIt.map((way) => `  ${way}`)),
    ];
  }
  if (schedules.length === 0)
    return ["", `No timer or cron job of ${client} was found: what runs it, if anything does, is yours to switch off.`];
  return [
    "",
    `Once it is deployed, switch ${client} off, or both renew it:`,
    ...schedules.map(({ command }) => `  ${command}`),
  ];
};

/** The run itself takes over what is named, and nothing of several otherwise. */
const choose = (client: string, certificates: readonly ImportedCertificate[]): string =>
  `Of several, those are taken over that are named, each with --name: mailcert import ${client} --name ${shellWord(certificates[0]?.lineages[0] ?? "")}`;

export const importText = (result: ImportResult, now: Date): string => {
  const { client, folder, dryRun, accounts, certificates, notTranslated } = result;
  const indented = [
    ...accounts.map((account) => accountLine(account, dryRun)),
    ...certificates.flatMap((certificate) => certificateLines(certificate, dryRun, now)),
  ].map((line) => `  ${line}`);
  const next = certificates.filter(
    ({ outcome, servers, stage }) => outcome !== "kept" && servers !== "none" && stage !== "verified",
  );
  return [
    `${client} (${folder}):`,
    ...indented,
    ...(certificates.some(({ configChanged }) => configChanged)
      ? [`  ${dryRun ? "would be written" : "written"}: ${result.config}`]
      : []),
    ...(notTranslated.length === 0 ? [] : ["", "Does not come along:"]),
    ...notTranslated.map((sentence) => wrap(sentence, textWidth, "  - ", "    ")),
    ...(dryRun && certificates.length > 1 ? ["", wrap(choose(client, certificates), textWidth)] : []),
    ...(dryRun || next.length === 0
      ? []
      : [
          "",
          "Next: deploy, prove, schedule:",
          ...next.map(({ names }) => `  mailcert setup ${shellWord(names[0] ?? "")}`),
        ]),
    ...(dryRun ? [] : schedule(result)),
  ].join("\n");
};

export const importDocument = ({ dryRun, ...result }: ImportResult): object => ({
  schema: "mailcert.import/1",
  ok: true,
  ...(dryRun ? { dryRun: true } : {}),
  ...result,
});
