// The registry of bundle formats, one file each. Light ones come with it, in one file less to load for each; a heavy one is loaded when first used.
import type { BundleFormat } from "../domain/bundle-formats.ts";
import { account } from "./account.ts";
import { android } from "./android.ts";
import { autoconfig } from "./autoconfig.ts";
import { autodiscover } from "./autodiscover.ts";
import type { Bundle } from "./bundle.ts";
import { der } from "./der.ts";
import { java } from "./java.ts";
import { linux } from "./linux.ts";
import { macos } from "./macos.ts";
import { mobileconfig } from "./mobileconfig.ts";
import { pem } from "./pem.ts";
import { pkcs7 } from "./pkcs7.ts";
import { programs } from "./programs.ts";
import { readme } from "./readme.ts";
import { srv } from "./srv.ts";
import { thunderbird } from "./thunderbird.ts";
import { windows } from "./windows.ts";

export const bundles: Readonly<Record<BundleFormat, () => Promise<Bundle>>> = {
  pem: async () => pem,
  der: async () => der,
  pkcs7: async () => pkcs7,
  java: async () => java,
  mobileconfig: async () => mobileconfig,
  account: async () => account,
  autoconfig: async () => autoconfig,
  autodiscover: async () => autodiscover,
  srv: async () => srv,
  programs: async () => programs,
  windows: async () => windows,
  macos: async () => macos,
  linux: async () => linux,
  android: async () => android,
  thunderbird: async () => thunderbird,
  readme: async () => readme,
  // Last: it links to what the others made.
  page: async () => (await import("./page.ts")).page,
};
