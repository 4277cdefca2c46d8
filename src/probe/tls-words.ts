// OpenSSL's reasons for a failed handshake in an administrator's words.
import { clean } from "../domain/text.ts";

const words: readonly (readonly [RegExp, string])[] = [
  [
    /TLSV1_ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/,
    "no common TLS version: the server does not speak TLS 1.2 or 1.3",
  ],
  [
    /HANDSHAKE_FAILURE|NO_SHARED_CIPHER|INSUFFICIENT_SECURITY/,
    "the server found nothing in common (alert 40): often it has no usable certificate for this key type, or its key does not fit its certificate",
  ],
  [
    /UNRECOGNIZED_NAME/,
    "the server knows no certificate for this name (SNI) and refuses instead of serving its default",
  ],
  [/INTERNAL_ERROR/, "the server had an internal error (alert 80): its log says more"],
  [/CERTIFICATE_REQUIRED|BAD_CERTIFICATE|ALERT_CERTIFICATE_UNKNOWN/, "the server asks for a client certificate"],
  [
    /DH_KEY_TOO_SMALL|EE_KEY_TOO_SMALL|KEY_TOO_SMALL/,
    "the server's key or Diffie-Hellman group is too small to be accepted",
  ],
  [/BAD_ECPOINT|WRONG_CURVE|UNSUPPORTED_ELLIPTIC_CURVE/, "no common elliptic curve"],
  [/WRONG_SIGNATURE_TYPE|LEGACY_SIGALG|NO_SUITABLE_SIGNATURE/, "no common signature algorithm (SHA-1 only?)"],
];

/** Node's error code: `ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE`. */
export const handshakeWords = (code: string, message: string): string => {
  const known = words.find(([pattern]) => pattern.test(code))?.[1];
  // `...:SSL routines:ssl3_read_bytes:reason:../deps/...`: only the reason is of use to people.
  const reason = /SSL routines:[^:]*:([^:]+):/.exec(message)?.[1] ?? message;
  return known ?? `TLS handshake failed: ${clean(reason, 120)}`;
};

/** What came in was no TLS record at all. */
export const isPlainText = (code: string): boolean =>
  /WRONG_VERSION_NUMBER|HTTP_REQUEST|HTTPS_PROXY_REQUEST/.test(code);
