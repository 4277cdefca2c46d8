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
  const plain = oneLine(label, 200).replace(/[=\s]/g, "_");
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

/** The metrics in their order, which graphs rely on; where they take more than `max` bytes, those with the greatest values are left out. */
const fitting = (metrics: readonly Metric[], max: number): readonly string[] => {
  let used = 0;
  const kept = new Set(
    metrics
      .toSorted((left, right) => left.value - right.value)
      .filter((metric) => (used += bytes(metricText(metric)) + 1) <= max),
  );
  return metrics.filter((metric) => kept.has(metric)).map(metricText);
};

/**
 * The whole output. `status` is one line of text without state and data; `overall` are metrics that are always there, of `days` those with the
 * greatest values are left out where they are too many, and long lines from the end; `more` says how to see those.
 */
export const pluginOutput = (
  state: string,
  status: string,
  { overall, days }: { readonly overall: readonly Metric[]; readonly days: readonly Metric[] },
  lines: readonly string[],
  more: string,
): string => {
  const data = [...overall.map(metricText), ...fitting(days, most.data)].join(" ");
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
