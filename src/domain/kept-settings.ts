// What an entry says and no flag does: it stays as it is when `setup` or `issue` is run again.
import type { CertificateConfig } from "./certificate-config.ts";

type Kept = Pick<
  CertificateConfig,
  "csr" | "places" | "files" | "bundleUrl" | "signProfile" | "account" | "hooks" | "window"
>;

const keys: readonly (keyof Kept)[] = [
  "csr",
  "places",
  "files",
  "bundleUrl",
  "signProfile",
  "account",
  "hooks",
  "window",
];

export const keptSettings = (existing: CertificateConfig | undefined): Partial<Kept> =>
  Object.fromEntries(keys.flatMap((key) => (existing?.[key] === undefined ? [] : [[key, existing[key]] as const])));
