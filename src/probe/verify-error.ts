// OpenSSL's verdict on a path by its name. Node knows names for the errors of OpenSSL 1.0 and calls every later one UNSPECIFIED; the text tells them apart.
import type { TLSSocket } from "node:tls";
import { clean } from "../domain/text.ts";

/** By OpenSSL's text (crypto/x509/x509_txt.c). */
const names: Readonly<Record<string, string>> = {
  "CA signature digest algorithm too weak": "CA_MD_TOO_WEAK",
  "CA certificate key too weak": "CA_KEY_TOO_SMALL",
  "EE certificate key too weak": "EE_KEY_TOO_SMALL",
  "permitted subtree violation": "PERMITTED_VIOLATION",
  "excluded subtree violation": "EXCLUDED_VIOLATION",
};

/** What `authorizationError` is made of, in every version of Node; its `message` is nowhere else to be had without ending the connection. */
interface Handle {
  readonly verifyError?: () => { readonly message: string } | null;
}

/** undefined: the path was accepted. A name as in openssl-verification-options(1) without `X509_V_ERR_`, or OpenSSL's text. */
export const verifyErrorOf = (tls: TLSSocket): string | undefined => {
  // A string at run time, whatever its declared type says.
  const code = tls.authorizationError as unknown as string | Error | null | undefined;
  if (!code) return undefined;
  if (code !== "UNSPECIFIED") return clean(String(code), 80);
  const text = (tls as unknown as { readonly _handle?: Handle })._handle?.verifyError?.()?.message ?? code;
  return clean(names[text] ?? text, 80);
};
