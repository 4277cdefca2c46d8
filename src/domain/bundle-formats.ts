// The formats of client-import files by name: what --format takes. `bundles/index.ts` holds the one that writes each.

export const bundleFormats = {
  pem: "root certificate as text (Thunderbird, Android, Linux, mutt, msmtp, mbsync)",
  der: "root certificate in binary (Windows, macOS)",
  mobileconfig: "profile with the root certificate (iPhone, iPad, Mac)",
  readme: "what each client's user has to click, fingerprints, account settings",
  page: "the same as a web page (English, German, French) with links to the other files",
} as const;

export type BundleFormat = keyof typeof bundleFormats;

export const bundleFormatNames = Object.keys(bundleFormats) as readonly BundleFormat[];
