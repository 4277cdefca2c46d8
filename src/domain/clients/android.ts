// Android: the user's own store, which its installer fills with CA certificates alone, and apps that look into it or do not.
import type { CauseId } from "./causes.ts";
import type { Client, Rule } from "./client.ts";

const install = {
  format: "pem",
  how: "Settings, Security, Encryption & credentials, Install a certificate, CA certificate (the phone needs a screen lock)",
} as const;
const installer = "the phone's installer takes CA certificates alone";
const userStore = "developer.android.com (network security configuration: user-added CAs since Android 7)";

const named: readonly CauseId[] = ["name", "no-san", "early", "gap"];
const broken: readonly (readonly [CauseId, string])[] = [
  ["outside", "RFC 5280 §4.2.1.10"],
  ["other-eku", "RFC 5280 §4.2.1.12"],
  ["edwards", "CA/Browser Forum BR §6.1.1.5, monogon/monogon#194"],
];

/** An app that trusts the user's store, and asks a person where a certificate is not trusted. */
const asking = (dialog: string, source: string, ended: Rule): readonly Rule[] => [
  { cause: "no-ca", verdict: "asks", says: `${installer}; the app itself ${dialog}`, source },
  { cause: "root-no-ca", verdict: "asks", says: `${installer}; the app itself ${dialog}`, source },
  { cause: "root-silent", verdict: "asks", says: `${installer}; the app itself ${dialog}`, source },
  ...named.map((cause): Rule => ({ cause, verdict: "asks", says: dialog, source })),
  ended,
  ...broken.map(([cause, rfc]): Rule => ({ cause, verdict: "refuses", says: "the connection fails", source: rfc })),
];

const strict: readonly Rule[] = [...named, "ended" as const].map((cause): Rule => ({
  cause,
  verdict: "refuses",
  says: "the connection fails",
  source: userStore,
}));

export const androidClients: readonly Client[] = [
  {
    id: "thunderbird-android",
    name: "Thunderbird for Android, K-9 Mail",
    versions: "K-9 5.8 and later",
    kind: "phone",
    store: "the system's, with what its user installed",
    imports: install,
    rules: asking("asks whether to accept the certificate", "thunderbird/thunderbird-android#5478, #2361", {
      cause: "ended",
      verdict: "refuses",
      says: "mail stops coming without a word",
      source: "thunderbird/thunderbird-android#6444",
    }),
  },
  {
    id: "fairemail",
    name: "FairEmail",
    versions: "all",
    kind: "phone",
    store: "the system's, with what its user installed; or a fingerprint in the account's settings",
    imports: install,
    rules: asking("shows the error, and a box below it that pins the fingerprint", "FairEmail FAQ 4", {
      cause: "ended",
      verdict: "asks",
      says: "shows the error, and a box below it that pins the fingerprint",
      source: "FairEmail FAQ 4",
    }),
  },
  {
    id: "gmail-android",
    name: "Gmail for Android (other accounts), AOSP Mail",
    versions: "Android 7 and later",
    kind: "phone",
    store: "the system's; what its user installed is not promised to count",
    rules: [
      {
        cause: "imported",
        verdict: "refuses",
        says: 'with "SSL/TLS" and "STARTTLS"; "SSL/TLS (Accept all certificates)" connects and checks nothing at all',
        source: userStore,
      },
      ...strict,
      ...broken.map(([cause, source]): Rule => ({ cause, verdict: "refuses", says: "the connection fails", source })),
    ],
  },
  {
    id: "android-apps",
    name: "other mail apps on Android",
    versions: "those made for Android 7 and later",
    kind: "phone",
    store: "the system's alone, unless the app's makers opted in to what its user installed",
    rules: [
      {
        cause: "imported",
        verdict: "never",
        says: "roots that its user installed are not looked at",
        source: userStore,
      },
      ...strict,
      ...broken.map(([cause, source]): Rule => ({ cause, verdict: "refuses", says: "the connection fails", source })),
    ],
  },
];
