// JSON of another client's: the few text fields that matter, wherever they stand.

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** undefined where it is no JSON. */
export const parseJson = (text: string | undefined): unknown => {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
};

/** The value at a path of keys, an array's first element being "0". */
const valueAt = (value: unknown, keys: readonly string[]): unknown =>
  keys.reduce<unknown>((at, key) => {
    if (Array.isArray(at)) return at[Number(key)] as unknown;
    return isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }, value);

/** The first of these places (`registration.uri`) that holds a text. */
export const textAt = (value: unknown, ...places: readonly string[]): string | undefined =>
  places
    .map((place) => valueAt(value, place.split(".")))
    .find((found): found is string => typeof found === "string" && found !== "");
