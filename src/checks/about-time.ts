// OpenSSL's errors about dates: it keeps one error for a whole path, and these come last.

export const isAboutTime = (error: string | undefined): boolean =>
  error === "CERT_HAS_EXPIRED" || error === "CERT_NOT_YET_VALID";
