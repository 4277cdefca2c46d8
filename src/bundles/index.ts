// The registry of bundle formats: one file each, loaded when first used.
import type { BundleFormat } from "../domain/bundle-formats.ts";
import type { Bundle } from "./bundle.ts";

export const bundles: Readonly<Record<BundleFormat, () => Promise<Bundle>>> = {
  pem: async () => (await import("./pem.ts")).pem,
  der: async () => (await import("./der.ts")).der,
  pkcs7: async () => (await import("./pkcs7.ts")).pkcs7,
  java: async () => (await import("./java.ts")).java,
  mobileconfig: async () => (await import("./mobileconfig.ts")).mobileconfig,
  windows: async () => (await import("./windows.ts")).windows,
  macos: async () => (await import("./macos.ts")).macos,
  linux: async () => (await import("./linux.ts")).linux,
  android: async () => (await import("./android.ts")).android,
  thunderbird: async () => (await import("./thunderbird.ts")).thunderbird,
  readme: async () => (await import("./readme.ts")).readme,
};
