// The form of what monitoring plugins print: `TEXT|performance data`, then long text; bounded to what Nagios and NRPE take.
import { clean } from "../domain/text.ts";

/** Nagios keeps 8 KiB of a plugin's output (MAX_PLUGIN_OUTPUT_LENGTH) and cuts the rest wherever that falls. In bytes. */
const most = { status: 400, data: 3_000, all: 8_000 };

/** One line: a bar would begin the performance data, and there is no way to escape one. */
export const oneLine = (text: string, max = 500): string => clean(text.replaceAll("|", "\u00a6"), max);

/** `'label'=value;warn;crit;min;max` (Monitoring Plugins Development Guidelines, "Performance data"). */
export interface Metric {
  readonly label: string;
  readonly value: number;
  readonly unit?: "s";
  /** It is a matter below these. */
  readonly below?: { readonly warning: number; readonly critical: number };
  /** The least that it can be. */
  readonly min?: number;
}

/** At most two decimals: finer than anybody needs for days, and no rounding up over a limit. */
const number = (value: number): string => String(Math.floor(value * 100) / 100);

/** A range `N:` alerts below N. */
const metricText = ({ label, value, unit, below, min }: Metric): string => {
  const plain = label.replace(/[=\s|]/g, "_");
  // Quotes are optional, and not every graph takes them.
  const name = /^[\w.-]+$/.test(plain) ? plain : `'${plain.replaceAll("'", "''")}'`;
  const fields = [
    `${name}=${unit === "s" ? value.toFixed(3) : number(value)}${unit ?? ""}`,
    below ? `${number(below.warning)}:` : "",
    below ? `${number(below.critical)}:` : "",
    min === undefined ? "" : String(min),
    "",
  ];
  return fields.join(";").replace(/;+$/, "");
};

const bytes = (text: string): number => Buffer.byteLength(text);

/** `text` in at most `max` bytes, an ellipsis where it was cut. */
const bounded = (text: string, max: number): string => {
  if (bytes(text) <= max) return text;
  let cut = text.slice(0, max);
  while (bytes(cut) > max - 3) cut = cut.slice(0, -1);
  // Not in the middle of a surrogate pair.
  return `${cut.replace(/[\ud800-\udbff]$/, "")}…`;
};

/** As many of `parts` as fit into `max` bytes when joined by `separator`. */
const fitting = (parts: readonly string[], separator: string, max: number): readonly string[] => {
  let used = 0;
  return parts.filter((part) => (used += bytes(part) + bytes(separator)) <= max);
};

/**
 * The whole output. `status` is one line of text without state and data; metrics and long lines are left out from the end where they are too
 * many; `more` says how to see the lines that were left out.
 */
export const pluginOutput = (
  state: string,
  status: string,
  metrics: readonly Metric[],
  lines: readonly string[],
  more: string,
): string => {
  const data = fitting(metrics.map(metricText), " ", most.data).join(" ");
  const text = bounded(`MAILCERT ${state} - ${oneLine(status, most.status)}`, most.status);
  const first = data === "" ? text : `${text}|${data}`;
  const long = lines.map((line) => oneLine(line));
  const left = most.all - bytes(first) - bytes(more) - 40;
  const shown: string[] = [];
  let used = 0;
  for (const line of long) {
    used += bytes(line) + 1;
    if (used > left) break;
    shown.push(line);
  }
  const missing = long.length - shown.length;
  return [first, ...shown, ...(missing > 0 ? [oneLine(`... and ${missing} more lines: ${more}`)] : [])].join("\n");
};
