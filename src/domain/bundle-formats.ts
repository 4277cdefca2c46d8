// The formats of client-import files by name: what --format takes. `bundles/index.ts` holds the one that writes each.

export const bundleFormats = {
  pem: "root certificate as text (Thunderbird, Android, Linux, mutt, msmtp, mbsync)",
  der: "root certificate in binary (Windows, macOS)",
  pkcs7: "all roots of the CA in one file (Windows, for administrators)",
  java: "truststore with all roots of the CA (Java programs), password: changeit",
  mobileconfig: "profile with all roots of the CA (iPhone, iPad, Mac)",
  windows: "scripts for Windows (PowerShell, certutil), notes for Group Policy and Intune",
  macos: "script for Mac",
  linux: "script for the trust store of Debian, Fedora, Arch, SUSE",
  android: "notes for Android",
  thunderbird: "policies.json and a script for Thunderbird's own store",
  readme: "what each client's user has to click, fingerprints, account settings",
} as const;

export type BundleFormat = keyof typeof bundleFormats;

export const bundleFormatNames = Object.keys(bundleFormats) as readonly BundleFormat[];
