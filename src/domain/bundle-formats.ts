// The formats of client-import files by name: what --format takes. `bundles/index.ts` holds the one that writes each.

export const bundleFormats = {
  pem: "root certificate as text (Thunderbird, Android, Linux, mutt, msmtp, mbsync)",
  der: "root certificate in binary (Windows, macOS)",
  pkcs7: "all roots of the CA in one file (Windows, for administrators)",
  java: "truststore with all roots of the CA (Java programs), password: changeit",
  mobileconfig: "profile with all roots of the CA (iPhone, iPad, Mac)",
  account: "profile with the root and the mail account (iPhone, iPad, Mac)",
  autoconfig: "account settings for Thunderbird and others (autoconfig XML)",
  autodiscover: "account settings for Outlook (Autodiscover XML)",
  srv: "account settings in DNS, and where the two files above go (zone file)",
  programs: "settings of mutt, msmtp, mbsync, fetchmail, OfflineIMAP, alpine, aerc",
  windows: "scripts for Windows (PowerShell, certutil), notes for Group Policy and Intune",
  macos: "script for Mac",
  linux: "script for the trust store of Debian, Fedora, Arch, SUSE",
  android: "notes for Android",
  thunderbird: "policies.json and a script for Thunderbird's own store",
  readme: "what each client's user has to click, fingerprints, account settings",
  page: "the same as a web page (English, German, French) with links to the other files",
} as const;

/** Formats that say where an account connects to, with the files that each of them makes. */
export const accountFiles = {
  account: ["account.mobileconfig"],
  autoconfig: ["config-v1.1.xml"],
  autodiscover: ["autodiscover.xml"],
  srv: ["srv.zone"],
  programs: [
    "muttrc.txt",
    "msmtprc.txt",
    "mbsyncrc.txt",
    "fetchmailrc.txt",
    "offlineimaprc.txt",
    "alpine.txt",
    "aerc-accounts.txt",
  ],
} as const satisfies Readonly<Partial<Record<keyof typeof bundleFormats, readonly string[]>>>;

export type BundleFormat = keyof typeof bundleFormats;

export const bundleFormatNames = Object.keys(bundleFormats) as readonly BundleFormat[];
