// Each root as DER, which is one certificate a file: what a double click on Windows and macOS opens.
import type { Bundle } from "./bundle.ts";
import { importableOf, olderFile } from "./importable.ts";

export const der: Bundle = (material) => {
  const importable = importableOf(material);
  if (importable === undefined) return [];
  const { certificate, newer, older, stem } = importable;
  return [
    ...(newer === undefined
      ? []
      : [
          {
            path: `${stem}-newer.cer`,
            content: new Uint8Array(newer.der),
            summary: "the next root, for Windows and macOS (DER)",
          },
        ]),
    ...older.map((one, index) => ({
      path: olderFile(stem, index, "cer"),
      content: new Uint8Array(one.der),
      summary: "the root before it, which is on its way out, for Windows and macOS (DER)",
    })),
    {
      path: `${stem}.cer`,
      content: new Uint8Array(certificate.der),
      summary: "for Windows (Outlook) and macOS (DER)",
    },
  ];
};
