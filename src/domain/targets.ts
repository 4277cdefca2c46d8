// Targets of verify: a host name (all its usual entry points) or a URL (exactly one), read into entry points.
import { type EntryPoint, type Scheme, schemeNamed, schemeOf } from "./entry-point.ts";
import { Failure } from "./failure.ts";
import { hostNameIn } from "./host-name.ts";
import { canonicalIp } from "./ip.ts";
import { NameProblem, canonicalName, isWildcard } from "./names.ts";
import { nearest } from "./nearest.ts";
import { own } from "./own.ts";
import { clean } from "./text.ts";
import { readSocketUrl } from "./unix-target.ts";
import { type PortTable, schemeWords, schemesOf } from "./usual-ports.ts";

export interface Target extends EntryPoint {
  /** Named by URL, --entry or --port, so that a refusal is a fault; a guessed usual port may be absent. */
  readonly demanded: boolean;
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
  xmpp: "xmpp-client",
  xmpps: "xmpps-client",
  snews: "nntps",
  ftpes: "ftp",
};

const readScheme = (text: string): Scheme | undefined => {
  const word = text.toLowerCase();
  return schemeNamed(own(aliases, word) ?? word);
};

const unknownScheme = (text: string, table: PortTable): Failure => {
  const known = [...schemeWords(table), ...Object.keys(aliases), "lmtp+unix"];
  const near = nearest(text, known);
  return new Failure("usage", `unknown protocol "${clean(text, 40)}"`, {
    hints: [
      near === undefined
        ? `known are: ${schemeWords(table).join(", ")} (also ${Object.keys(aliases).join(", ")}, lmtp+unix)`
        : `did you mean ${near}? \`mailcert verify --help\` names all of them`,
    ],
  });
};

/** `imaps:HOST` and `HOST:imaps`. undefined: neither word is a protocol. */
const meantUrl = (text: string): string | undefined => {
  const [first = "", second = "", ...rest] = text.split(":");
  if (rest.length > 0) return undefined;
  const [scheme, host] = readScheme(first) ? [first, second] : [second, first];
  return readScheme(scheme) && hostNameIn(host) !== undefined ? `${scheme.toLowerCase()}://${host}` : undefined;
};

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
  const socket = readSocketUrl(word, rest);
  if (socket) return [{ ...socket, demanded: true }];
  const scheme = readScheme(word);
  if (!scheme) throw unknownScheme(word, table);
  const place = rest.replace(/\/$/, "");
  if (/[/?#@]/.test(place)) {
    const meant = place.replace(/^.*@/, "").replace(/[/?#].*$/s, "");
    throw new Failure("usage", `"${clean(text, 120)}" holds more than protocol, host and port`, {
      hints: [`write it as ${word}://${clean(meant || "mail.example.org", 120)}: no user name and no path is needed`],
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

/** Everything that a mail host's people and peers usually connect to, and what --port names besides. */
const impliedSchemes = (options: TargetOptions, table: PortTable): readonly Scheme[] => {
  const usual = schemesOf(table).filter(({ protocol }) => !table[protocol].onlyWhenNamed);
  const words = new Set([...usual.map(schemeOf), ...Object.keys(options.ports ?? {})]);
  return [...words].flatMap((word) => schemeNamed(word) ?? []);
};

/** A protocol, or its usual port. @throws Failure `usage`. */
export const readEntry = (word: string, table: PortTable): Scheme => {
  const port = /^\d+$/.test(word) ? Number(word) : undefined;
  const scheme = readScheme(word) ?? schemesOf(table).find((one) => table[one.protocol].ports[one.mode] === port);
  if (scheme) return scheme;
  if (port === undefined) throw unknownScheme(word, table);
  throw new Failure("usage", `which protocol does port ${clean(word, 20)} speak?`, {
    hints: [`say it as a URL, for example smtp://mail.example.org:${clean(word, 20)}`],
  });
};

const ofHost = (text: string, options: TargetOptions, table: PortTable): readonly Target[] => {
  if (text === "-")
    throw new Failure("usage", '"-" is no target', {
      hints: ["targets from standard input: `mailcert verify --file -`"],
    });
  const meant = meantUrl(text);
  if (meant !== undefined)
    throw new Failure("usage", `"${clean(text, 120)}" is no target`, { hints: [`did you mean ${meant}?`] });
  const { host: name, port: given } = splitPort(text);
  const host = readHost(name);
  if (given !== undefined) {
    const port = readPort(given, text);
    const usual = schemesOf(table).find((scheme) => portFor(scheme, options, table) === port);
    if (!usual) {
      throw new Failure("usage", `which protocol does ${clean(text, 120)} speak?`, {
        hints: [`say it as a URL, for example imap://${clean(text, 120)} or imaps://${clean(text, 120)}`],
      });
    }
    return [{ ...usual, host, port, demanded: true }];
  }
  const named = options.entries?.map((word) => readEntry(word, table));
  return (named ?? impliedSchemes(options, table)).map((scheme) => {
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
      const equals = text.indexOf("=");
      if (equals < 1 || equals === text.length - 1)
        throw new Failure("usage", `--port takes PROTOCOL=PORT, not "${clean(text, 80)}"`, {
          hints: ["for example: --port imaps=10993"],
        });
      const [word, port] = [text.slice(0, equals), text.slice(equals + 1)];
      const scheme = readScheme(word);
      if (!scheme) throw unknownScheme(word, table);
      return [schemeOf(scheme), readPort(port, `--port ${text}`)];
    }),
  );
