// A strict reader of Prometheus's text exposition format 0.0.4 for tests, with what node_exporter's textfile collector refuses besides.

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const unescape = (text: string): string =>
  text.replace(/\\(.)/gs, (whole, character: string) => {
    const found = ({ "\\": "\\", n: "\n", '"': '"' } as Record<string, string>)[character];
    if (found === undefined) throw new Error(`no escape: ${whole}`);
    return found;
  });

const readLabels = (text: string): Readonly<Record<string, string>> => {
  const labels: Record<string, string> = {};
  let rest = text;
  while (rest !== "") {
    const found = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\.)*)"(?:,|$)/.exec(rest);
    if (!found) throw new Error(`not a label: ${rest.slice(0, 80)}`);
    const [whole, name = "", value = ""] = found;
    if (name in labels) throw new Error(`label ${name} twice`);
    labels[name] = unescape(value);
    rest = rest.slice(whole.length);
  }
  return labels;
};

/** @throws Error for a line outside the grammar, a time stamp, a series twice, or samples that do not follow their HELP and TYPE. */
export const readExposition = (text: string): readonly Sample[] => {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const samples: Sample[] = [];
  const seen = new Set<string>();
  const families = new Set<string>();
  let [help, type] = ["", ""];
  for (const line of text.slice(0, -1).split("\n")) {
    const about = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (about?.[1] === "HELP") {
      help = about[2] ?? "";
      if (families.has(help)) throw new Error(`${help} twice`);
      families.add(help);
    } else if (about?.[1] === "TYPE") {
      type = about[2] ?? "";
      if (type !== help || about[3] !== "gauge") throw new Error(`TYPE without its HELP: ${line}`);
    } else {
      const found = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/s.exec(line);
      if (!found) throw new Error(`not a sample: ${line.slice(0, 200)}`);
      const [, name = "", inside = "", value] = found;
      if (name !== type) throw new Error(`${name} under ${type}`);
      const labels = readLabels(inside);
      const key = JSON.stringify([name, Object.entries(labels).toSorted(([left], [right]) => (left < right ? -1 : 1))]);
      if (seen.has(key)) throw new Error(`twice: ${line}`);
      seen.add(key);
      samples.push({ name, labels, value: Number(value) });
    }
  }
  return samples;
};
