// Reads a private key in PEM: the one place that does, since what another connection left behind can spoil a first try.
import { type KeyObject, createPrivateKey } from "node:crypto";
import { Failure } from "./failure.ts";

/** How many entries may stand in OpenSSL's error queue: a ring of 16. */
const queue = 16;

/**
 * Node 20 takes a key for unreadable where OpenSSL's error queue of this thread still holds what a failed TLS connection left
 * there ("SSL routines::passed invalid argument"): each try takes one entry out, and a key that is whole is read in the end.
 * @throws Failure `data` for anything that is no unencrypted private key in PEM; nothing of the text travels on.
 */
export const readPrivateKey = (pem: string): KeyObject => {
  for (let tries = 0; ; tries += 1) {
    try {
      return createPrivateKey(pem);
    } catch (error) {
      const left = (error as NodeJS.ErrnoException).code?.startsWith("ERR_SSL_") === true;
      if (left && tries < queue) continue;
      throw new Failure("data", "the private key cannot be read: it is not an unencrypted PEM key of a known kind");
    }
  }
};
