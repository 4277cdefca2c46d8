// A small JSON Schema validator: only the words that docs/schema uses; an unknown word is an error, so that nothing passes unseen.

type Schema = Readonly<Record<string, unknown>>;

const known = new Set([
  "$schema",
  "$id",
  "$defs",
  "$ref",
  "title",
  "description",
  "type",
  "const",
  "enum",
  "pattern",
  "minimum",
  "maximum",
  "required",
  "properties",
  "additionalProperties",
  "items",
  "anyOf",
  "oneOf",
]);

const typeOf = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "array" : Number.isInteger(value) ? "integer" : typeof value;

/** Every way in which `value` breaks `schema`; empty: valid. */
export const problems = (schema: Schema, value: unknown, root: Schema = schema, at = "$"): readonly string[] => {
  const unknown = Object.keys(schema).filter((word) => !known.has(word));
  if (unknown.length > 0) throw new Error(`schema word not known to this validator: ${unknown.join(", ")}`);
  const found: string[] = [];
  const ref = schema["$ref"];
  if (typeof ref === "string") {
    const name = ref.replace("#/$defs/", "");
    const target = (root["$defs"] as Record<string, Schema> | undefined)?.[name];
    if (!target) throw new Error(`no definition ${ref}`);
    found.push(...problems(target, value, root, at));
  }
  const type = schema["type"];
  const actual = typeOf(value);
  const types = (type === undefined ? [] : [type].flat()) as unknown as readonly string[];
  if (types.length > 0 && !types.includes(actual) && !(actual === "integer" && types.includes("number"))) {
    return [...found, `${at}: ${actual}, not ${types.join(" or ")}`];
  }
  if ("const" in schema && schema["const"] !== value) found.push(`${at}: not ${JSON.stringify(schema["const"])}`);
  if (Array.isArray(schema["enum"]) && !schema["enum"].includes(value))
    found.push(`${at}: ${JSON.stringify(value)} is none of ${schema["enum"].join(", ")}`);
  if (
    typeof value === "string" &&
    typeof schema["pattern"] === "string" &&
    !new RegExp(schema["pattern"]).test(value)
  ) {
    found.push(`${at}: "${value}" does not match ${schema["pattern"]}`);
  }
  if (typeof value === "number") {
    if (typeof schema["minimum"] === "number" && value < schema["minimum"])
      found.push(`${at}: under ${schema["minimum"]}`);
    if (typeof schema["maximum"] === "number" && value > schema["maximum"])
      found.push(`${at}: over ${schema["maximum"]}`);
  }
  for (const word of ["anyOf", "oneOf"] as const) {
    const choices = schema[word] as readonly Schema[] | undefined;
    if (!choices) continue;
    const matching = choices.filter((choice) => problems(choice, value, root, at).length === 0).length;
    if (word === "anyOf" ? matching === 0 : matching !== 1) found.push(`${at}: matches ${matching} of ${word}`);
  }
  if (Array.isArray(value) && schema["items"]) {
    found.push(...value.flatMap((item, index) => problems(schema["items"] as Schema, item, root, `${at}[${index}]`)));
  }
  if (actual === "object") {
    const object = value as Record<string, unknown>;
    const properties = (schema["properties"] ?? {}) as Record<string, Schema>;
    for (const name of (schema["required"] ?? []) as readonly string[])
      if (!(name in object)) found.push(`${at}.${name}: missing`);
    for (const [name, part] of Object.entries(object)) {
      const own = properties[name];
      if (own) found.push(...problems(own, part, root, `${at}.${name}`));
      else if (schema["additionalProperties"] === false) found.push(`${at}.${name}: not allowed`);
      else if (typeof schema["additionalProperties"] === "object") {
        found.push(...problems(schema["additionalProperties"] as Schema, part, root, `${at}.${name}`));
      }
    }
  }
  return found;
};
