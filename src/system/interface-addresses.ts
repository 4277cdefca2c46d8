// The addresses of this host's network interfaces, by the interface's name.
import { networkInterfaces } from "node:os";

/** undefined: there is no interface of that name. */
export const interfaceAddresses = (name: string): readonly string[] | undefined =>
  networkInterfaces()[name]?.map(({ address }) => address);
