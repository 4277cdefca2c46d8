// `window:` of a certificate's entry, or of the whole configuration -> maintenance windows, or every problem in it.
import { type Window, parseWindow } from "../domain/window.ts";
import { quoted } from "./problem.ts";
import { type Field, type Source, readTexts } from "./source.ts";
import { isNone } from "./values.ts";

const hint = 'write it in quotes: "02:00-05:00", "Sat,Sun 02:00-05:00", "Mon-Fri 22:00-04:00 Europe/Berlin"';

/** undefined where there are none. */
export const readWindow = (source: Source, field: Field | undefined): readonly Window[] | undefined => {
  const texts = readTexts(source, field, "window");
  return texts?.flatMap(({ text, node }) => {
    const window = parseWindow(text);
    if (!("problem" in window)) return [window];
    source.report(node, `window: ${quoted(text)} ${window.problem}`, hint);
    return [];
  });
};

/** Of one certificate: `none` is a word, too. */
export const readOwnWindow = (source: Source, field: Field | undefined): readonly Window[] | "none" | undefined =>
  isNone(field) ? "none" : readWindow(source, field);
