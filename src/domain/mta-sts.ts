// MTA-STS (RFC 8461): the TXT record, the policy's text, and whether a policy speaks of a host.
import { clean } from "./text.ts";

export interface StsPolicy {
  readonly mode: "enforce" | "testing" | "none";
  /** Patterns as they stand, lower case: `mail.example.org`, `*.example.org`. */
  readonly mx: readonly string[];
  /** Seconds. */
  readonly maxAge: number;
}

/** The id of a domain's `_mta-sts` TXT record; undefined unless there is exactly one (RFC 8461 §3.1). */
export const stsId = (records: readonly string[]): string | undefined => {
  const [first, ...more] = records.filter((text) => /^v=STSv1[ \t]*;/.test(text));
  if (first === undefined || more.length > 0) return undefined;
  return /;[ \t]*id[ \t]*=[ \t]*([A-Za-z0-9]{1,32})[ \t]*(?:;|$)/.exec(first)?.[1];
};

const pattern = /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{1,63}$/;
const longestAge = 31_557_600;

/** Of `key: value` lines; others are ignored (RFC 8461 §3.2). */
const valuesIn = (text: string): ((key: string) => readonly string[]) => {
  const fields = text
    .split(/\r?\n/)
    .flatMap((line) => [/^([A-Za-z0-9][A-Za-z0-9_.-]{0,31}):[ \t]*(.*?)[ \t]*$/.exec(line)])
    .filter((field) => field !== null);
  return (key) => fields.filter(([, name]) => name === key).map(([, , value = ""]) => value);
};

const modes = ["enforce", "testing", "none"] as const;

/** Of a key that stands twice the first counts; `mx` may stand many times. */
const mxIn = (values: ReturnType<typeof valuesIn>): readonly string[] =>
  values("mx").map((value) => value.toLowerCase().replace(/\.$/, ""));

/** The first thing for which senders take a text for no policy; undefined: it is one. A phrase, bounded. */
export const stsProblem = (text: string): string | undefined => {
  const values = valuesIn(text);
  const [version] = values("version");
  const [mode] = values("mode");
  const [age] = values("max_age");
  const mx = mxIn(values);
  const odd = mx.find((one) => !pattern.test(one));
  const quoted = (value: string): string => `"${clean(value, 80)}"`;
  if (version !== "STSv1")
    return version === undefined ? "it has no line `version: STSv1`" : `its version is ${quoted(version)}`;
  if (mode === undefined) return "it has no line `mode:`";
  if (!modes.some((one) => one === mode)) return `its mode is ${quoted(mode)} (enforce, testing or none)`;
  if (age === undefined) return "it has no line `max_age:`";
  if (!/^\d{1,10}$/.test(age)) return `its max_age is ${quoted(age)}, not a number of seconds`;
  if (odd !== undefined) return `${quoted(odd)} in its \`mx:\` lines is no host name`;
  return mx.length === 0 && mode !== "none" ? "it has no line `mx:`" : undefined;
};

/** The policy in a text; undefined where senders would find none (RFC 8461 §3.2). */
export const parseStsPolicy = (text: string): StsPolicy | undefined => {
  if (stsProblem(text) !== undefined) return undefined;
  const values = valuesIn(text);
  const mode = modes.find((one) => one === values("mode")[0]);
  if (mode === undefined) return undefined;
  return { mode, mx: mxIn(values), maxAge: Math.min(Number(values("max_age")[0]), longestAge) };
};

/** Does a policy list this MX host? A star stands for exactly one label, the left-most (RFC 8461 §4.1). */
export const stsCovers = ({ mx }: StsPolicy, host: string): boolean => {
  const name = host.toLowerCase();
  const parent = name.slice(name.indexOf(".") + 1);
  return mx.some((one) => (one.startsWith("*.") ? name.includes(".") && one.slice(2) === parent : one === name));
};
