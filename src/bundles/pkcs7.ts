// PKCS#7 with certificates alone (.p7b): all roots of a private CA and what stands between them and the leaf, for Windows in one go.
import { readCertificate } from "../domain/certificate.ts";
import type { Bundle } from "./bundle.ts";
import { certificatesOnly } from "./cms.ts";
import { importableOf } from "./importable.ts";

export const pkcs7: Bundle = (material) => {
  const importable = importableOf(material);
  // A self-signed certificate is one alone: the binary form is enough for it.
  if (importable?.kind !== "private-ca") return [];
  const authorities = [importable.certificate, ...importable.beside, ...material.chain.map(readCertificate)];
  const each = new Map(authorities.filter(({ isCa }) => isCa).map(({ sha256, der }) => [sha256, der]));
  return [
    {
      path: "ca.p7b",
      content: new Uint8Array(certificatesOnly([...each.values()])),
      summary: "all roots in one file, for administrators of Windows (PKCS#7)",
    },
  ];
};
