// A QR code (ISO/IEC 18004) as the path of an SVG: one square for each dark module, four light ones around it all.
import { encode } from "uqr";

export interface QrPath {
  /** Modules on each side, the light ones around it included: the SVG's view box. */
  readonly size: number;
  readonly path: string;
}

/** Level M: a seventh of the code may be dirt, and a phone still reads it. One mask for all: to weigh the eight against each other costs more than all else of the page. */
export const qrPath = (text: string): QrPath => {
  const { size, data } = encode(text, { ecc: "M", border: 4, maskPattern: 2 });
  const rows = data.map((row, y) => {
    const runs = row.map((dark) => (dark ? "1" : "0")).join("");
    return [...runs.matchAll(/1+/g)].map((run) => `M${run.index} ${y}h${run[0].length}v1h-${run[0].length}z`).join("");
  });
  return { size, path: rows.join("") };
};
