// A listener whose own configuration switches TLS off: one that other machines reach is looked at all the same, for its clients fail there.
import { isLoopback } from "../domain/ip.ts";
import type { Listener, TlsOff } from "./server.ts";

/** On the loopback interface alone it is a matter between programs of this host (a content filter's way back). */
export const withoutTls = (
  address: string,
  off: TlsOff | undefined,
): Pick<Listener, "unobservable"> | Pick<Listener, "tlsOff"> => {
  if (off === undefined) return {};
  return isLoopback(address)
    ? { unobservable: `TLS is switched off, and only programs of this host come there (${off.setting})` }
    : { tlsOff: off };
};
