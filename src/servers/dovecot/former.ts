// What Dovecot goes back to when our settings are taken out: what stands outside of any block in its other files, and the lines that are put back.
import type { FormerSetting } from "../../domain/former-certificate.ts";
import type { Change } from "../server.ts";
import type { Configuration, Place } from "./files.ts";
import { type Generation, type TlsSetting, tlsSettings } from "./generation.ts";

const pairs: readonly (readonly [TlsSetting, TlsSetting])[] = [
  ["cert", "key"],
  ["altCert", "altKey"],
];

/** 2.3 reads a file's content with `<`; what has another form is no path, or Dovecot's to work out. */
const fileIn = (value: string): string | undefined => /^<?\s*"?(\/[^"\s]+)"?$/.exec(value.trim())?.[1];

const shown = (setting: string, file: string, place: string): FormerSetting => ({
  setting: `${setting} = ${file} in ${place}`,
  file,
});

const ofPlaces = (places: readonly Place[], { names }: Generation): readonly (readonly FormerSetting[])[] =>
  pairs.map((pair) =>
    pair.flatMap((setting) => {
      const last = places.findLast((one) => one.setting === setting);
      const file = last && fileIn(last.value);
      return last && file !== undefined ? [shown(names[setting], file, last.path)] : [];
    }),
  );

/** A line that we replaced, which stood anywhere, also in a block. */
const ofLine = (change: Extract<Change, { kind: "line" }>, { names }: Generation): readonly FormerSetting[] =>
  [change.before ?? "", ...(change.also ?? []).map(({ before }) => before)].flatMap((text) => {
    const [, key, value = ""] = /^\s*([\w/]+)\s*=\s*(.*?)(?:\s+#.*)?$/.exec(text) ?? [];
    const file = fileIn(value);
    const isOne = tlsSettings.some((setting) => names[setting] === key || names[setting] === `ssl_server_${key ?? ""}`);
    return isOne && key !== undefined && file !== undefined ? [shown(key, file, change.path)] : [];
  });

/** `ours`: the include file. */
export const formerCertificates = (
  { places }: Configuration,
  generation: Generation,
  ours: string,
  changes: readonly Change[],
): readonly (readonly FormerSetting[])[] => [
  ...ofPlaces(
    places.filter(({ path, filters }) => path !== ours && filters.length === 0),
    generation,
  ),
  ...changes.map((change) => (change.kind === "line" ? ofLine(change, generation) : [])),
];
