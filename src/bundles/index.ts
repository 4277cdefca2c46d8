// The registry of bundle formats: one file each, loaded when first used.
import type { BundleFormat } from "../domain/bundle-formats.ts";
import type { Bundle } from "./bundle.ts";

export const bundles: Readonly<Record<BundleFormat, () => Promise<Bundle>>> = {
  pem: async () => (await import("./pem.ts")).pem,
  der: async () => (await import("./der.ts")).der,
  mobileconfig: async () => (await import("./mobileconfig.ts")).mobileconfig,
  readme: async () => (await import("./readme.ts")).readme,
  // Last: it links to what the others made.
  page: async () => (await import("./page.ts")).page,
};
