// Options of verify that do not go together, or say nothing: refused before anything is looked at.
import type { Context } from "../cli/command.ts";
import { Failure } from "../domain/failure.ts";
import type { ReportFormat } from "../reports/verify-reports.ts";

const withTranscript: readonly ReportFormat[] = ["text", "json", "ndjson"];

export const formatOf = ({ options, globals }: Context): ReportFormat => {
  const named = options["format"] as ReportFormat | undefined;
  if (globals.json && named !== undefined && named !== "json") {
    throw new Failure("usage", `--json and --format ${named} ask for two different reports`, {
      hints: ["leave one of them out"],
    });
  }
  const format = globals.json ? "json" : (named ?? "text");
  if (options["transcript"] === true && !withTranscript.includes(format)) {
    throw new Failure("usage", `--format ${format} has no place for a transcript`, {
      hints: [`--transcript goes with --format ${withTranscript.join(", ")}`],
    });
  }
  return format;
};

/** A shell variable that is not set must not turn one question into another. Of these `--sni ""` alone means something. */
export const nothingEmpty = (options: Context["options"]): void => {
  for (const [name, value] of Object.entries(options)) {
    if (name === "sni" || !(value === "" || (Array.isArray(value) && (value.length === 0 || value.includes("")))))
      continue;
    const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new Failure("usage", `${option} is empty`, { hints: [`give it a value, or leave ${option} out`] });
  }
};

/** A plan is no report: whoever reads one by a machine, or a file, must not take it for a look at the servers. */
export const notDryAndWritten = ({ globals, options }: Context, format: ReportFormat): void => {
  if (!globals.dryRun) return;
  const other =
    options["output"] !== undefined
      ? "--output"
      : ["text", "json", "ndjson"].includes(format)
        ? undefined
        : `--format ${format}`;
  if (other !== undefined)
    throw new Failure("usage", `--dry-run makes no report: it does not go with ${other}`, {
      hints: ["its plan has two forms: text, and --json"],
    });
};
