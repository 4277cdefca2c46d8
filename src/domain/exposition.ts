// Prometheus's text exposition format 0.0.4: names of series with their labels, escaped as it says.

export type Labels = Readonly<Record<string, string>>;

/** Label values may hold any text; these three are escaped. No control character belongs into a name or an address. */
const escapeLabel = (value: string): string =>
  value
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll('"', '\\"')
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, "\ufffd");

export const series = (name: string, labels: Labels): string => {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escapeLabel(value)}"`);
  return pairs.length > 0 ? `${name}{${pairs.join(",")}}` : name;
};
