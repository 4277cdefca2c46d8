// The root as PEM text: one certificate, ending in .crt, which update-ca-certificates and Android insist on.
import type { Bundle } from "./bundle.ts";
import { importableOf } from "./importable.ts";

export const pem: Bundle = (material) => {
  const importable = importableOf(material);
  if (importable === undefined) return [];
  return [
    {
      path: `${importable.stem}.crt`,
      content: `${importable.certificate.pem.trim()}\n`,
      summary: "for Thunderbird, Android, Linux, mutt, msmtp, mbsync (PEM)",
    },
  ];
};
