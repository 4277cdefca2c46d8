// The root as PEM text: one certificate, ending in .crt, which update-ca-certificates and Android insist on.
import type { Bundle } from "./bundle.ts";
import { importableOf, olderFile } from "./importable.ts";

export const pem: Bundle = (material) => {
  const importable = importableOf(material);
  if (importable === undefined) return [];
  const { newer, older, stem } = importable;
  return [
    ...(newer === undefined
      ? []
      : [
          {
            path: `${stem}-newer.crt`,
            content: `${newer.pem.trim()}\n`,
            summary: "the next root, which signs from the next renewal on: to be imported beside the other",
          },
        ]),
    ...older.map((one, index) => ({
      path: olderFile(stem, index, "crt"),
      content: `${one.pem.trim()}\n`,
      summary:
        "the root before it, which is on its way out: programs that take one file need all of them, one after the other",
    })),
    {
      path: `${stem}.crt`,
      content: `${importable.certificate.pem.trim()}\n`,
      // The settings of Thunderbird, Android and Linux take authorities alone.
      summary:
        importable.kind === "self-signed"
          ? "for mutt, msmtp, mbsync (PEM)"
          : "for Thunderbird, Android, Linux, mutt, msmtp, mbsync (PEM)",
    },
  ];
};
