// The ACME CAs that have a short name: their directory URL (RFC 8555 §7.1.1) and what is known of them before asking.

export interface AcmeCa {
  /** For people. */
  readonly title: string;
  readonly directory: string;
  /** Where its terms of service are to be read. */
  readonly terms: string;
  /** Only names that resolve on the public Internet can be certified (CA/Browser Forum Baseline Requirements §4.2.2). */
  readonly public: boolean;
  /** Computers and phones know its roots. */
  readonly trusted: boolean;
  /** A new account needs an external account binding (RFC 8555 §7.3.4). */
  readonly needsAccountBinding: boolean;
  /** Where to get one, one sentence. */
  readonly binding?: string;
  /** The name that CAA records call it by (`caaIdentities` of its directory). */
  readonly caa: string;
  /** Directory of its test instance, which judges names as this one does and has limits of its own. */
  readonly staging?: string;
}

const letsEncryptStaging = "https://acme-staging-v02.api.letsencrypt.org/directory";

/** Short name -> CA. What `--issuer letsencrypt` and `issuer: letsencrypt` stand for. */
export const acmeCas = {
  letsencrypt: {
    title: "Let's Encrypt",
    directory: "https://acme-v02.api.letsencrypt.org/directory",
    terms: "https://letsencrypt.org/repository/",
    public: true,
    trusted: true,
    needsAccountBinding: false,
    caa: "letsencrypt.org",
    staging: letsEncryptStaging,
  },
  "letsencrypt-staging": {
    title: "Let's Encrypt (staging, not trusted by anyone)",
    directory: letsEncryptStaging,
    terms: "https://letsencrypt.org/repository/",
    public: true,
    trusted: false,
    needsAccountBinding: false,
    caa: "letsencrypt.org",
  },
  zerossl: {
    title: "ZeroSSL",
    directory: "https://acme.zerossl.com/v2/DV90",
    terms: "https://zerossl.com/terms/",
    public: true,
    trusted: true,
    needsAccountBinding: true,
    caa: "sectigo.com",
    binding: "ZeroSSL shows both on the Developer page of its dashboard (EAB Credentials for ACME Clients)",
  },
  google: {
    title: "Google Trust Services",
    directory: "https://dv.acme-v02.api.pki.goog/directory",
    terms: "https://pki.goog/repository/",
    public: true,
    trusted: true,
    needsAccountBinding: true,
    caa: "pki.goog",
    binding:
      "Google gives both with: gcloud publicca external-account-keys create; they are void when no account is registered with them within 7 days",
  },
} as const satisfies Readonly<Record<string, AcmeCa>>;

export type AcmeCaName = keyof typeof acmeCas;

export const acmeCaNames = Object.keys(acmeCas) as readonly AcmeCaName[];

/** What --issuer takes. */
export const issuerWords: readonly string[] = ["private-ca", "self-signed", "acme", ...acmeCaNames];

export const isAcmeCaName = (text: string): text is AcmeCaName => Object.hasOwn(acmeCas, text);

/** The known CA behind a directory URL, however it was named. */
export const acmeCaOf = (directory: string): (AcmeCa & { readonly name: AcmeCaName }) | undefined => {
  const name = acmeCaNames.find((known) => acmeCas[known].directory === directory);
  return name === undefined ? undefined : { name, ...acmeCas[name] };
};

/** Where an order can be tried before it is placed at this directory; undefined: nowhere. */
export const stagingOf = (directory: string): string | undefined => acmeCaOf(directory)?.staging;

/** The way to a new account at a CA, as a command. */
export const registerCommand = (directory: string): string => {
  const ca = acmeCaOf(directory)?.name;
  return `mailcert account register ${ca === undefined ? `--acme ${directory}` : `--issuer ${ca}`} --agree-tos`;
};
