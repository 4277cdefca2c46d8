// Logging in with client certificates, as the configuration wants it: nothing of it happens unasked.

export interface ClientAccess {
  /** Name of the private CA whose certificates are taken. */
  readonly ca: string;
  /** Whether nobody logs in without one. */
  readonly require: boolean;
  /** Whether Postfix's submission services take one where they take a login. */
  readonly relay: boolean;
}
