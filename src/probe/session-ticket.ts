// What a session allows, read from OpenSSL's form of it (i2d_SSL_SESSION, ssl/ssl_asn1.c), which is all that Node hands out.
import { DerProblem, childrenOf, readElement } from "../domain/der.ts";

/** `max_early_data [15] EXPLICIT INTEGER`; left out where it is 0. */
const maxEarlyDataTag = 0xa0 | 15;

/** Bytes of early data (0-RTT, RFC 8446 §4.2.10) that the ticket allows; 0: none, or the form is another one. */
export const maxEarlyData = (session: Buffer): number => {
  try {
    const field = childrenOf(readElement(session)).find(({ tag }) => tag === maxEarlyDataTag);
    if (!field) return 0;
    const { content } = readElement(field.content);
    return content.length > 0 && content.length <= 6 ? content.readUIntBE(0, content.length) : 0;
  } catch (error) {
    if (!(error instanceof DerProblem)) throw error;
    return 0;
  }
};
