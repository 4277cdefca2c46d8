// Targets of verify: a host name (all its usual entry points) or a URL (exactly one), read into entry points.
import type { EntryPoint, Mode, ProtocolName } from "./entry-point.ts";
import { roleOf } from "./entry-point.ts";
import { Failure } from "./failure.ts";
import { canonicalIp } from "./ip.ts";
import { NameProblem, canonicalName, isWildcard } from "./names.ts";
import { own } from "./own.ts";
import { clean } from "./text.ts";

/** Usual ports by protocol and mode: the registry of protocols. */
export type PortTable = Readonly<Record<ProtocolName, { readonly ports: Readonly<Partial<Record<Mode, number>>> }>>;

export interface Target extends EntryPoint {
  /** Named by URL, --entry or --port, so that a refusal is a fault; a guessed usual port may be absent. */
  readonly demanded: boolean;
}

interface Scheme {
  readonly protocol: ProtocolName;
  readonly mode: Mode;
}

export interface TargetOptions {
  /** Only these (`imap`, `imaps`, ...). */
  readonly entries?: readonly string[];
  /** Ports other than the usual ones, by scheme. */
  readonly ports?: Readonly<Record<string, number>>;
}

const aliases: Readonly<Record<string, string>> = {
  smtps: "submissions",
  managesieve: "sieve",
  managesieves: "sieves",
  pop: "pop3",
  pops: "pop3s",
};

/** `imaps`: implicit TLS has an `s` at the end. */
const schemeOf = ({ protocol, mode }: Scheme): string => `${protocol}${mode === "implicit" ? "s" : ""}`;

const schemes = (table: PortTable): readonly string[] =>
  (Object.keys(table) as ProtocolName[]).flatMap((protocol) =>
    (["starttls", "implicit"] as const)
      .filter((mode) => table[protocol].ports[mode] !== undefined)
      .map((mode) => schemeOf({ protocol, mode })),
  );

const readScheme = (text: string, table: PortTable): Scheme | undefined => {
  const word = own(aliases, text.toLowerCase()) ?? text.toLowerCase();
  const known = (name: string): name is ProtocolName => Object.hasOwn(table, name);
  if (known(word)) return { protocol: word, mode: "starttls" };
  const bare = word.replace(/s$/, "");
  return bare !== word && known(bare) ? { protocol: bare, mode: "implicit" } : undefined;
};

const unknownScheme = (text: string, table: PortTable): Failure =>
  new Failure("usage", `unknown protocol "${clean(text, 40)}"`, {
    hints: [`known are: ${schemes(table).join(", ")} (also smtps, managesieve)`],
  });

/** A host name or an address; a name without a dot is let through, for hosts of one's own network. */
export const readHost = (text: string): string => {
  const bare = /^\[.*\]$/.test(text) ? text.slice(1, -1) : text;
  if (/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(bare) && !/^\d+$/.test(bare)) return bare.toLowerCase();
  try {
    const name = canonicalName(bare);
    if (!isWildcard(name)) return name;
  } catch (error) {
    if (!(error instanceof NameProblem)) throw error;
    throw new Failure("usage", error.message, {
      hints: ["give a host name (mail.example.org), an address, or a URL (imaps://mail.example.org)"],
    });
  }
  throw new Failure("usage", `"${clean(text, 80)}" is a wildcard: there is no host to connect to`, {
    hints: ["give one of the host names that it stands for"],
  });
};

const readPort = (text: string, where: string): number => {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new Failure("usage", `"${clean(text, 20)}" is no port (${clean(where, 120)})`, {
    hints: ["a port is a number from 1 to 65535"],
  });
};

/** `host`, `host:port`, `[::1]:port`, `::1`. */
const splitPort = (text: string): { readonly host: string; readonly port?: string } => {
  if (canonicalIp(text) !== undefined) return { host: text };
  const match = /^(\[[^\]]*\]|[^:]*):([^:]*)$/.exec(text);
  return match ? { host: match[1] ?? "", port: match[2] ?? "" } : { host: text };
};

const portFor = (scheme: Scheme, options: TargetOptions, table: PortTable): number | undefined =>
  options.ports?.[schemeOf(scheme)] ?? table[scheme.protocol].ports[scheme.mode];

/** Port 587 is submission, whatever it is called (RFC 6409 §3.1): judged as what people use. */
const asSubmission = (scheme: Scheme, port: number): Scheme =>
  scheme.protocol === "smtp" && port === 587 ? { ...scheme, protocol: "submission" } : scheme;

const ofUrl = (text: string, options: TargetOptions, table: PortTable): readonly Target[] => {
  const [, word = "", rest = ""] = /^([^:]*):\/\/(.*)$/s.exec(text) ?? [];
  const scheme = readScheme(word, table);
  if (!scheme) throw unknownScheme(word, table);
  const place = rest.replace(/\/$/, "");
  if (/[/?#@]/.test(place)) {
    throw new Failure("usage", `"${clean(text, 120)}" holds more than protocol, host and port`, {
      hints: ["write it as imaps://mail.example.org or imap://mail.example.org:10143; no user name is needed"],
    });
  }
  const { host, port: given } = splitPort(place);
  const port = given === undefined ? portFor(scheme, options, table) : readPort(given, text);
  if (port === undefined) {
    throw new Failure("usage", `${word}:// has no usual port`, {
      hints: [`name the port: ${word}://${clean(host, 100)}:PORT`],
    });
  }
  return [{ ...asSubmission(scheme, port), host: readHost(host), port, demanded: true }];
};

/** Everything that people and servers usually connect to; LMTP is between servers of one host and only checked when named. */
const usualSchemes = (table: PortTable): readonly Scheme[] =>
  (Object.keys(table) as ProtocolName[])
    .filter((protocol) => roleOf({ protocol }) !== "internal")
    .flatMap((protocol) => (["starttls", "implicit"] as const).map((mode) => ({ protocol, mode })))
    .filter(({ protocol, mode }) => table[protocol].ports[mode] !== undefined);

const ofHost = (text: string, options: TargetOptions, table: PortTable): readonly Target[] => {
  const { host: name, port: given } = splitPort(text);
  const host = readHost(name);
  if (given !== undefined) {
    const port = readPort(given, text);
    const usual = usualSchemes(table).find((scheme) => portFor(scheme, options, table) === port);
    if (!usual) {
      throw new Failure("usage", `which protocol does ${clean(text, 120)} speak?`, {
        hints: [`say it as a URL, for example imap://${clean(text, 120)} or imaps://${clean(text, 120)}`],
      });
    }
    return [{ ...usual, host, port, demanded: true }];
  }
  const named = options.entries?.map((word) => {
    const scheme = readScheme(word, table);
    if (!scheme) throw unknownScheme(word, table);
    return scheme;
  });
  return (named ?? usualSchemes(table)).map((scheme) => {
    const port = portFor(scheme, options, table);
    if (port === undefined) {
      throw new Failure("usage", `${schemeOf(scheme)} has no usual port`, {
        hints: [`name it: --port ${schemeOf(scheme)}=PORT`],
      });
    }
    return { ...scheme, host, port, demanded: named !== undefined || options.ports?.[schemeOf(scheme)] !== undefined };
  });
};

/** @throws Failure `usage` that says what is wrong with the text. */
export const parseTarget = (text: string, table: PortTable, options: TargetOptions = {}): readonly Target[] =>
  text.includes("://") ? ofUrl(text, options, table) : ofHost(text, options, table);

/** `--port imaps=10993`, several of them. */
export const parsePorts = (texts: readonly string[], table: PortTable): Readonly<Record<string, number>> =>
  Object.fromEntries(
    texts.map((text) => {
      const [word = "", port = ""] = text.split("=");
      const scheme = readScheme(word, table);
      if (!scheme) throw unknownScheme(word, table);
      return [schemeOf(scheme), readPort(port, `--port ${text}`)];
    }),
  );
