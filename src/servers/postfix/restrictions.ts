// Postfix's restriction lists: where a login counts in one (permit_sasl_authenticated), and what makes a client certificate count in the same place.
const login = "permit_sasl_authenticated";
const certificate = "permit_tls_clientcerts";

/** Neither says no, nor looks anything up: among these, order means nothing (postconf(5)). */
const permits: readonly string[] = ["permit_mynetworks", "permit_inet_interfaces", "permit_auth_destination"];

/** Value of a parameter as written, references included; "": none. */
export type Lookup = (parameter: string) => string;

/** What stands in braces is one word, `{ inet:127.0.0.1:10023, timeout=10s }`. */
const wordsOf = (list: string): readonly string[] => {
  const words = [""];
  let depth = 0;
  for (const sign of list) {
    if (depth === 0 && /[\s,]/.test(sign)) {
      words.push("");
      continue;
    }
    if (sign === "{") depth += 1;
    if (sign === "}") depth = Math.max(0, depth - 1);
    words.push(`${words.pop() ?? ""}${sign}`);
  }
  return words.filter((word) => word !== "");
};

/** `$name`, `${name}`, `$(name)`: the name. */
const referred = (word: string): string | undefined => {
  const match = /^\$(?:\{(\w+)\}|\((\w+)\)|(\w+))$/.exec(word);
  return match?.[1] ?? match?.[2] ?? match?.[3];
};

/** With what `$name` stands for; conditions (`${name?...}`) stay as they are written. */
export const flatten = (list: string, lookup: Lookup, depth = 8): readonly string[] =>
  wordsOf(list).flatMap((word) => {
    const name = referred(word);
    return name === undefined || depth === 0 ? [word] : flatten(lookup(name), lookup, depth - 1);
  });

/** A value of `-o` has no white space; a comma separates as well, in a list and in its braces. undefined: it cannot be written so. */
const asOption = (words: readonly string[]): string | undefined => {
  const tidy = (word: string): string =>
    word
      .replaceAll(/\s*,\s*/g, ",")
      .replaceAll(/\{\s+/g, "{")
      .replaceAll(/\s+\}/g, "}");
  const value = words.map(tidy).join(",");
  return /\s/.test(value) ? undefined : value;
};

/** The parameter that says where a login counts: the list, or what it refers to. */
const placeOf = (parameter: string, lookup: Lookup, depth = 8): string => {
  const words = wordsOf(lookup(parameter));
  const names = words.includes(login) || depth === 0 ? [] : words.flatMap((word) => referred(word) ?? []);
  const next = names.find((name) => flatten(lookup(name), lookup).includes(login));
  return next === undefined ? parameter : placeOf(next, lookup, depth - 1);
};

/** A reference is kept where that says the same: the list goes on to be what its parameter says, and Postfix does not call that one unused. */
const admitted = (list: string, lookup: Lookup): string | undefined => {
  const words = wordsOf(list);
  const at = words.indexOf(login);
  if (at >= 0) return asOption([...words.slice(0, at + 1), certificate, ...words.slice(at + 1)]);
  const whole = flatten(list, lookup);
  const permitsFirst = whole.slice(0, whole.indexOf(login)).every((word) => permits.includes(word));
  return permitsFirst ? asOption([certificate, ...words]) : undefined;
};

/**
 * The list in which a certificate counts where a login counts. `there`: it does so already; `none`: no login counts there; else the parameter in which a
 * person has to write it, for it stands there in a way that is not ours to change.
 */
export const admitting = (
  parameter: string,
  lookup: Lookup,
): { readonly value: string } | { readonly byHand: string } | "there" | "none" => {
  const list = lookup(parameter);
  const whole = flatten(list, lookup);
  if (whole.includes(certificate)) return "there";
  if (!whole.includes(login)) return whole.some((word) => word.includes(login)) ? { byHand: parameter } : "none";
  const value = admitted(list, lookup);
  return value === undefined ? { byHand: placeOf(parameter, lookup) } : { value };
};
