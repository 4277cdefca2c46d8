// The root as PEM text: one certificate, ending in .crt, which update-ca-certificates and Android insist on.
import type { Bundle } from "./bundle.ts";
import { importableOf } from "./importable.ts";

export const pem: Bundle = (material) => {
  const importable = importableOf(material);
  if (importable === undefined) return [];
  const older = importable.older.map(({ pem: text }) => `${text.trim()}\n`);
  const { newer } = importable;
  return [
    ...(newer === undefined
      ? []
      : [
          {
            path: `${importable.stem}-newer.crt`,
            content: `${newer.pem.trim()}\n`,
            summary: "the next root, which signs from the next renewal on: to be imported beside the other",
          },
        ]),
    ...(older.length === 0
      ? []
      : [
          {
            path: `${importable.stem}-older.crt`,
            content: older.join(""),
            summary:
              "the root before it, which is on its way out: programs that take one file need both, one after the other",
          },
        ]),
    {
      path: `${importable.stem}.crt`,
      content: `${importable.certificate.pem.trim()}\n`,
      // The settings of Thunderbird, Android and Linux take authorities alone.
      summary:
        importable.kind === "self-signed"
          ? "for mutt, msmtp, mbsync (PEM)"
          : "for Thunderbird, Android, Linux, mutt, msmtp, mbsync (PEM)",
    },
  ];
};
