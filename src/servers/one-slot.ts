// For servers that take one key only: which of a certificate's two they are given.
import type { Slot } from "../domain/keys.ts";
import type { ServedCertificate, SlotPaths } from "./server.ts";

/** RSA where there are two: whoever asks for two has the RSA one for clients that know nothing else. */
export const chosenSlot = ({ slots }: ServedCertificate): SlotPaths => {
  const slot = slots.rsa ?? slots.ecdsa;
  if (slot) return slot;
  throw new Error("a certificate without a slot");
};

/** A further one beside `main`: of the same kind of key where it has that (`Listener.slot` says which), else its own. */
export const slotBeside = (certificate: ServedCertificate, main: ServedCertificate): SlotPaths => {
  const like: Slot = main.slots.rsa ? "rsa" : "ecdsa";
  return certificate.slots[like] ?? chosenSlot(certificate);
};
