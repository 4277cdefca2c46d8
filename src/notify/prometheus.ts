// A file for node_exporter's textfile collector: written whole at every run, so that an alert can see both a fault and that nothing ran.
import { lstat, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { type Labels, series } from "../domain/exposition.ts";
import { Failure } from "../domain/failure.ts";
import { shellWord } from "../domain/shell-word.ts";
import { fileFailure, writeFileAtomic } from "../system/files.ts";
import type { ChannelFactory, Report } from "./channel.ts";

interface Family {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly (readonly [Labels, number])[];
}

const seconds = (date: Date | string): number => Math.floor(new Date(date).getTime() / 1000);

const familiesOf = ({ lastRun, outcome, lastSuccess, open, certificates }: Report): readonly Family[] => [
  {
    name: "mailcert_last_run_timestamp_seconds",
    help: "When the last run ended, in seconds since 1970; absent before the first.",
    samples: lastRun === undefined ? [] : [[{}, seconds(lastRun)]],
  },
  {
    name: "mailcert_last_success_timestamp_seconds",
    help: "When the last run without a fault ended, in seconds since 1970; absent before the first.",
    samples: lastSuccess === undefined ? [] : [[{}, seconds(lastSuccess)]],
  },
  {
    name: "mailcert_last_run_ok",
    help: "0 where the last run had a fault, else 1.",
    samples: [[{}, outcome === "fault" ? 0 : 1]],
  },
  {
    name: "mailcert_open_findings",
    help: "What is not as it should be, in all.",
    samples: [
      [{ severity: "fault" }, open.faults],
      [{ severity: "warning" }, open.warnings],
    ],
  },
  {
    name: "mailcert_certificate_not_after_timestamp_seconds",
    help: "When the live certificate ends, in seconds since 1970; absent where none is live.",
    samples: certificates.flatMap(({ name, notAfter }) =>
      notAfter === undefined ? [] : [[{ certificate: name }, seconds(notAfter)] as const],
    ),
  },
  {
    name: "mailcert_certificate_faults",
    help: "Open faults of the certificate.",
    samples: certificates.map(({ name, faults }) => [{ certificate: name }, faults] as const),
  },
  {
    name: "mailcert_certificate_stage",
    help: "How far its newest generation is: 0 none, 1 staged, 2 switched, 3 reloaded, 4 verified.",
    samples: certificates.map(({ name, stage }) => [{ certificate: name }, stages.indexOf(stage)] as const),
  },
];

const stages = ["none", "staged", "switched", "reloaded", "verified"];

export const textfile = (report: Report): string =>
  familiesOf(report)
    .flatMap(({ name, help, samples }) =>
      samples.length === 0
        ? []
        : [
            `# HELP ${name} ${help}`,
            `# TYPE ${name} gauge`,
            ...samples.map(([labels, value]) => `${series(name, labels)} ${value}`),
          ],
    )
    .map((line) => `${line}\n`)
    .join("");

/** The unit of the hourly run may write to folders alone that were there when it was written. */
const makeFolder = (folder: string): string =>
  `mkdir -p ${shellWord(folder)}, then, where a timer runs it: mailcert schedule install; or name the folder that node_exporter reads`;

const folderFailure = (path: string, cause?: unknown): Failure =>
  new Failure("cannot-create", `prometheus: there is no folder ${dirname(path)}`, {
    hints: [makeFolder(dirname(path))],
    facts: { path },
    cause,
  });

export const createPrometheus: ChannelFactory = ({ prometheus: path = "" }) => ({
  hears: "runs",
  target: path,
  check: async () => {
    const folder = await stat(dirname(path)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") throw folderFailure(path, error);
      throw fileFailure(error, "look at", dirname(path));
    });
    if (!folder.isDirectory()) throw folderFailure(path);
  },
  send: async (report) => {
    const present = await lstat(path).catch(() => undefined);
    if (present !== undefined && !present.isFile())
      throw new Failure("cannot-create", `prometheus: ${path} is no plain file`, { facts: { path } });
    try {
      // Whoever reads the folder may have been given the file; and what a killed run left there nobody else takes away.
      await writeFileAtomic(path, textfile(report), { mode: 0o644, keepMode: true });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.facts?.["code"] === "ENOENT") throw folderFailure(path, error);
      throw new Failure(error.kind, `prometheus: ${error.message}`, { hints: error.hints, cause: error });
    }
  },
});
