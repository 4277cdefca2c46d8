// MTA-STS (RFC 8461): the TXT record, the policy's text, and whether a policy speaks of a host.

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

/** The policy in a text of `key: value` lines, unknown keys ignored; undefined where senders would find none (RFC 8461 §3.2). */
export const parseStsPolicy = (text: string): StsPolicy | undefined => {
  const fields = text
    .split(/\r?\n/)
    .flatMap((line) => [/^([A-Za-z0-9][A-Za-z0-9_.-]{0,31}):[ \t]*(.*?)[ \t]*$/.exec(line)])
    .filter((field) => field !== null);
  const values = (key: string): readonly string[] =>
    fields.filter(([, name]) => name === key).map(([, , value = ""]) => value);
  // Of a key that stands twice the first counts; `mx` may stand many times.
  const mode = (["enforce", "testing", "none"] as const).find((one) => one === values("mode")[0]);
  const age = values("max_age")[0] ?? "";
  if (values("version")[0] !== "STSv1" || mode === undefined || !/^\d{1,10}$/.test(age)) return undefined;
  const mx = values("mx").map((value) => value.toLowerCase().replace(/\.$/, ""));
  if (mx.some((one) => !pattern.test(one)) || (mx.length === 0 && mode !== "none")) return undefined;
  return { mode, mx, maxAge: Math.min(Number(age), longestAge) };
};

/** Does a policy list this MX host? A star stands for exactly one label, the left-most (RFC 8461 §4.1). */
export const stsCovers = ({ mx }: StsPolicy, host: string): boolean => {
  const name = host.toLowerCase();
  const parent = name.slice(name.indexOf(".") + 1);
  return mx.some((one) => (one.startsWith("*.") ? name.includes(".") && one.slice(2) === parent : one === name));
};
