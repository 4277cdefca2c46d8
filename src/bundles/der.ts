// The root as DER: what a double click on Windows and macOS opens.
import type { Bundle } from "./bundle.ts";
import { importableOf } from "./importable.ts";

export const der: Bundle = (material) => {
  const importable = importableOf(material);
  if (importable === undefined) return [];
  const { newer } = importable;
  return [
    ...(newer === undefined
      ? []
      : [
          {
            path: `${importable.stem}-newer.cer`,
            content: new Uint8Array(newer.der),
            summary: "the next root, for Windows and macOS (DER)",
          },
        ]),
    {
      path: `${importable.stem}.cer`,
      content: new Uint8Array(importable.certificate.der),
      summary: "for Windows (Outlook) and macOS (DER)",
    },
  ];
};
