// The root as DER: what a double click on Windows and macOS opens.
import type { Bundle } from "./bundle.ts";
import { importableOf } from "./importable.ts";

export const der: Bundle = (material) => {
  const importable = importableOf(material);
  if (importable === undefined) return [];
  return [
    {
      path: `${importable.stem}.cer`,
      content: new Uint8Array(importable.certificate.der),
      summary: "for Windows (Outlook) and macOS (DER)",
    },
  ];
};
