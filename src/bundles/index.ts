// The registry of bundle formats, one file each. Light ones come with it, in one file less to load for each; a heavy one is loaded when first used.
import type { BundleFormat } from "../domain/bundle-formats.ts";
import { account } from "./account.ts";
import { autoconfig } from "./autoconfig.ts";
import { autodiscover } from "./autodiscover.ts";
import type { Bundle } from "./bundle.ts";
import { der } from "./der.ts";
import { mobileconfig } from "./mobileconfig.ts";
import { pem } from "./pem.ts";
import { readme } from "./readme.ts";
import { srv } from "./srv.ts";

export const bundles: Readonly<Record<BundleFormat, () => Promise<Bundle>>> = {
  pem: async () => pem,
  der: async () => der,
  pkcs7: async () => (await import("./pkcs7.ts")).pkcs7,
  java: async () => (await import("./java.ts")).java,
  mobileconfig: async () => mobileconfig,
  account: async () => account,
  autoconfig: async () => autoconfig,
  autodiscover: async () => autodiscover,
  srv: async () => srv,
  programs: async () => (await import("./programs.ts")).programs,
  windows: async () => (await import("./windows.ts")).windows,
  macos: async () => (await import("./macos.ts")).macos,
  linux: async () => (await import("./linux.ts")).linux,
  android: async () => (await import("./android.ts")).android,
  thunderbird: async () => (await import("./thunderbird.ts")).thunderbird,
  readme: async () => readme,
  // Last: it links to what the others made.
  page: async () => (await import("./page.ts")).page,
};
