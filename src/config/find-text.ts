// Where a text stands in the configuration: what is found wrong with it on this host is told with its line.
import { LineCounter, isScalar, parseDocument, visit } from "yaml";
import type { ConfigFile } from "./problem.ts";

export interface TextPlace {
  readonly file: string;
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
}

/** The first key or value that is this text; undefined where there is none. */
export const findText = (files: readonly ConfigFile[], text: string): TextPlace | undefined => {
  for (const file of files) {
    const counter = new LineCounter();
    // Most files do not have it, and need not be read as YAML.
    if (!file.text.includes(text)) continue;
    let place: TextPlace | undefined;
    visit(parseDocument(file.text, { lineCounter: counter, uniqueKeys: false }), {
      Scalar: (_key, node) => {
        if (!isScalar(node) || node.value !== text) return undefined;
        const { line, col } = counter.linePos(node.range?.[0] ?? 0);
        place = { file: file.path, line: Math.max(1, line), column: Math.max(1, col) };
        return visit.BREAK;
      },
    });
    if (place) return place;
  }
  return undefined;
};
