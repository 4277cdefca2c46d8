// Where a listener binds, as written in `--http-address`: `:80` (every address, both families), `192.0.2.1:80`, `[2001:db8::1]:80`.
import { isIPv4, isIPv6 } from "node:net";

export interface ListenAddress {
  /** undefined: every address of both families. */
  readonly host?: string;
  readonly port: number;
}

/** What `text` says, or why it says nothing that one can listen on. A name is refused: it could resolve to anything. */
export const parseListenAddress = (text: string): ListenAddress | { readonly problem: string } => {
  const parts = /^(?:\[([^\]]*)\]|([^:[\]]*)):([0-9]{1,5})$/.exec(text);
  if (!parts) return { problem: "write it as :PORT, ADDRESS:PORT or [IPV6-ADDRESS]:PORT" };
  const [, six, four, digits] = parts;
  const port = Number(digits);
  if (port < 1 || port > 65_535) return { problem: "the port must be between 1 and 65535" };
  if (six !== undefined)
    return isIPv6(six) ? { host: six, port } : { problem: "what stands in brackets must be an IPv6 address" };
  if (four === undefined || four === "" || four === "*") return { port };
  return isIPv4(four)
    ? { host: four, port }
    : { problem: "the host must be an IP address of this machine, not a name" };
};
