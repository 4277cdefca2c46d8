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
} as const;
