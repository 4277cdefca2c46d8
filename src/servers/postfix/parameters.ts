// The Postfix parameters that matter here, by what they do.

/** Replaced by smtpd_tls_chain_files (3.4): ignored once that is set, with a warning in the log for as long as they stand. */
export const legacyParameters = [
  "smtpd_tls_cert_file",
  "smtpd_tls_key_file",
  "smtpd_tls_dcert_file",
  "smtpd_tls_dkey_file",
  "smtpd_tls_eccert_file",
  "smtpd_tls_eckey_file",
] as const;

export const chainParameter = "smtpd_tls_chain_files";

/** Any of these says whether smtpd does TLS; the last two are the words of before 2.3. */
export const levelParameters = ["smtpd_tls_security_level", "smtpd_use_tls", "smtpd_enforce_tls"] as const;

/** A service's own certificate as `-o`, or undefined: the settings, fit to show. */
export const ownLegacy = (own: ReadonlyMap<string, string>): readonly string[] =>
  legacyParameters.filter((name) => (own.get(name) ?? "") !== "" && own.get(name) !== "none");

/** Whether `value` refers to the parameter: `$name`, `${name}`, `${name?...}`, `$(name)`. */
export const refersTo = (value: string, name: string): boolean =>
  new RegExp(`\\$[{(]?${name}(?![A-Za-z0-9_])`).test(value);
