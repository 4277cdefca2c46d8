// What a session allows, read from OpenSSL's form of it (i2d_SSL_SESSION, ssl/ssl_asn1.c), which is all that Node hands out.
import { DerProblem, childrenOf, expectTag, readElement, tags } from "../domain/der.ts";

/** `max_early_data [15] EXPLICIT INTEGER`; left out where it is 0. */
const maxEarlyDataTag = 0xa0 | 15;

/** Node 24 keeps the name that it connected to before the session: this, its length in two bytes, the name. */
const wrapping = Buffer.from("\0nodejs:tls:session:1\0", "latin1");

const unwrapped = (session: Buffer): Buffer => {
  if (!session.subarray(0, wrapping.length).equals(wrapping)) return session;
  const rest = session.subarray(wrapping.length);
  return rest.length < 2 ? rest : rest.subarray(2 + rest.readUInt16BE(0));
};

/** Bytes of early data (0-RTT, RFC 8446 §4.2.10) that the ticket allows. @returns undefined: the form is another one. */
export const maxEarlyData = (session: Buffer): number | undefined => {
  try {
    const fields = childrenOf(expectTag(readElement(unwrapped(session)), tags.sequence, "a session"));
    const field = fields.find(({ tag }) => tag === maxEarlyDataTag);
    if (!field) return fields.length > 0 ? 0 : undefined;
    const { content } = expectTag(readElement(field.content), tags.integer, "a number of bytes");
    return content.length > 0 && content.length <= 6 ? content.readUIntBE(0, content.length) : undefined;
  } catch (error) {
    if (!(error instanceof DerProblem)) throw error;
    return undefined;
  }
};
