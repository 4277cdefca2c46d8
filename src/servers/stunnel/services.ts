// The services of a stunnel that end TLS: where each listens, which protocol it speaks, and the certificate lines that hold for it.
import { mailProtocolOf } from "../mail-ports.ts";
import type { Listener } from "../server.ts";
import { type OptionLine, type Service, type StunnelConfiguration, valueIn } from "./parse.ts";

export interface TlsService {
  readonly name: string;
  /** `993`, `:::993`, `localhost:imaps`; undefined for one that another hands its clients to, by SNI. */
  readonly accept: string | undefined;
  /** `protocol = imap`: STARTTLS, in that protocol. */
  readonly dialogue: string | undefined;
  /** The names that `sni = SERVICE:NAME` gives it. */
  readonly sni: readonly string[];
  /** The service that hands it its clients. */
  readonly primary: string | undefined;
  /** Its own ones, without those that all services have. */
  readonly options: readonly OptionLine[];
  readonly certificates: readonly OptionLine[];
  readonly inherited: boolean;
}

/** Of the lines that mailcert replaces. */
export const isCertificateLine = ({ name, value }: OptionLine): boolean =>
  name === "cert" || name === "key" || (name === "config" && /^(Certificate|PrivateKey)\s*:/i.test(value));

const linesOf = (options: readonly OptionLine[]): readonly OptionLine[] => options.filter(isCertificateLine);

const serviceOf = (global: readonly OptionLine[], { name, options }: Service): TlsService | undefined => {
  const value = (option: string): string | undefined => valueIn(options, option) ?? valueIn(global, option);
  if (value("client")?.toLowerCase() === "yes") return undefined;
  const own = linesOf(options);
  const patterns = options.filter((option) => option.name === "sni").map((option) => option.value);
  const accept = valueIn(options, "accept");
  if (accept === undefined && patterns.length === 0) return undefined;
  return {
    name,
    accept,
    options,
    dialogue: value("protocol")?.toLowerCase(),
    sni: patterns.flatMap((text) => /^[^:]*:(.*)$/.exec(text)?.[1] ?? []),
    primary: /^([^:]*):/.exec(patterns[0] ?? "")?.[1],
    certificates: own.length > 0 ? own : linesOf(global),
    inherited: own.length === 0,
  };
};

/** Those that end TLS; clients' ends of tunnels are none of ours. */
export const tlsServices = ({ global, services }: StunnelConfiguration): readonly TlsService[] =>
  services.flatMap((service) => serviceOf(global, service) ?? []);

/** `[HOST:]PORT`; the port may be a name. A path is a unix socket. */
export const acceptOf = (text: string): { readonly host: string; readonly port: string } | undefined => {
  if (text.startsWith("/")) return undefined;
  const colon = text.lastIndexOf(":");
  const host = text.slice(0, Math.max(colon, 0));
  return { host: host === "" ? "0.0.0.0" : host.replace(/^\[(.*)\]$/, "$1"), port: text.slice(colon + 1) };
};

/** What is spoken at a port; undefined: nothing of mail's. */
export const spokenAt = ({ dialogue }: TlsService, port: number): Pick<Listener, "protocol" | "mode"> | undefined => {
  if (dialogue === "imap" || dialogue === "pop3") return { protocol: dialogue, mode: "starttls" };
  if (dialogue === "smtp") return { protocol: port === 465 || port === 587 ? "submission" : "smtp", mode: "starttls" };
  // `proxy` only tells the server behind it where a client comes from; others are dialogues of other programs.
  const protocol = dialogue === undefined || dialogue === "proxy" ? mailProtocolOf(port) : undefined;
  return protocol && { protocol, mode: "implicit" };
};
