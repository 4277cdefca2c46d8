// The registry of issuers: one line each; what an issuer needs is loaded when it is used.

export const issuers = {
  "private-ca": {
    summary: "a private CA on this host, name-constrained; people import its root once (default)",
    load: () => import("./private-ca/index.ts"),
  },
  "self-signed": {
    summary: "a certificate that nobody vouches for, for a quick test",
    load: () => import("./self-signed/index.ts"),
  },
  acme: {
    summary: "an ACME CA such as Let's Encrypt: trusted everywhere, validated over HTTP",
    load: () => import("./acme/index.ts"),
  },
} as const;
