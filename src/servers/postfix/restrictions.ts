// Postfix's restriction lists: where a login counts in one (permit_sasl_authenticated), and what makes a client certificate count in the same place.
const login = "permit_sasl_authenticated";
const certificate = "permit_tls_clientcerts";
export const classes = "smtpd_restriction_classes";

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

/**
 * All that lists may come to, in small letters, for a search: with every parameter and restriction class that they name, in conditions as well. What a table
 * or a policy server answers may be any class (access(5)), so beside one of those all classes count.
 */
export const reached = (parameters: readonly string[], lookup: Lookup): string => {
  const known = new Set(flatten(lookup(classes), lookup));
  const seen = new Set<string>();
  const texts: string[] = [];
  const follow = (parameter: string): void => {
    if (seen.has(parameter)) return;
    seen.add(parameter);
    const text = lookup(parameter);
    texts.push(text.toLowerCase());
    for (const [, sign, name = ""] of text.matchAll(/(\$[{(]?)?(\w+)/g)) {
      if (sign !== undefined || known.has(name)) follow(name);
      if (/^check_/i.test(name)) for (const one of known) follow(one);
    }
  };
  for (const parameter of parameters) follow(parameter);
  return texts.join("\n");
};

/** What stands before the login in a list, in small letters: it judges those without one, too. All of it, where the list has no login. */
export const beforeLogin = (parameter: string, lookup: Lookup): readonly string[] => {
  const words = flatten(lookup(parameter), lookup).map((word) => word.toLowerCase());
  const at = words.indexOf(login);
  return at < 0 ? words : words.slice(0, at);
};

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
