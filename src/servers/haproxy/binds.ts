// The bind lines of HAProxy's frontends: addresses and ports, whether they end TLS, and the words that name certificates.
import type { ConfigurationLine, Section, Word } from "./parse.ts";

export interface CertificateWord {
  /** `crt`, `crt-list`, `default-crt`. */
  readonly keyword: string;
  readonly value: string;
  /** Both words, as offsets in the line. */
  readonly start: number;
  readonly end: number;
}

export interface BindAddress {
  /** `0.0.0.0`, `::`, an address or a host name. */
  readonly host: string;
  readonly port: number;
}

export interface Bind {
  readonly line: ConfigurationLine;
  /** The frontend's or listen's name. */
  readonly frontend: string;
  /** `tcp`, `http`, ... */
  readonly mode: string;
  readonly addresses: readonly BindAddress[];
  readonly ssl: boolean;
  /** Behind which further words may stand. */
  readonly sslEnd: number;
  readonly acceptProxy: boolean;
  readonly certificates: readonly CertificateWord[];
  /** What its section hands the connections to, in its own words. */
  readonly backend: string | undefined;
}

/** Options of a bind line that take one word more (configuration.txt, 5.1): that word is never a keyword. */
const withValue: ReadonlySet<string> = new Set(
  (
    "crt crt-list default-crt ca-file ca-verify-file ca-sign-file ca-sign-pass ca-ignore-err crl-file crt-ignore-err ciphers ciphersuites " +
    "curves ecdhe sigalgs client-sigalgs alpn npn name id interface namespace maxconn mode user group uid gid mss nice backlog level " +
    "process proto severity-output ssl-min-ver ssl-max-ver tls-ticket-keys verify tcp-ut tcp-md5sig shards thread expose-fd guid-prefix cc label"
  ).split(" "),
);
const naming: ReadonlySet<string> = new Set(["crt", "crt-list", "default-crt"]);

/** `:993`, `*:993`, `[::]:993`, `:::993`, `ipv4@192.0.2.1:993-995`, several between commas; sockets of other kinds are left out. */
const addressesIn = (text: string, v6only: boolean): readonly BindAddress[] =>
  text.split(",").flatMap((one) => {
    const [, family = "", rest = ""] = /^(?:(ipv4|ipv6|tcp4|tcp6|tcp)@)?(.*)$/.exec(one) ?? [];
    const [, given = "", first, last] = /^(.*):(\d{1,5})(?:-(\d{1,5}))?$/.exec(rest) ?? [];
    if (first === undefined || /[@/$]/.test(given)) return [];
    const six = family.endsWith("6");
    const plain = given.replace(/^\[(.*)\]$/, "$1");
    const host = plain === "" || plain === "*" ? (six ? "::" : "0.0.0.0") : plain;
    // The kernel gives a socket of `::` both families, unless it is told otherwise.
    const hosts = host === "::" && !v6only && !six ? ["::", "0.0.0.0"] : [host];
    const count = Math.min(Math.max(Number(last ?? first) - Number(first) + 1, 0), 65_535);
    return hosts.flatMap((each) =>
      Array.from({ length: count }, (_, index) => ({ host: each, port: Number(first) + index })),
    );
  });

const bindOf = ({ name, mode, lines }: Section, line: ConfigurationLine): Bind => {
  const [, place, ...options] = line.words;
  const certificates: CertificateWord[] = [];
  const flags = new Map<string, Word>();
  for (let index = 0; index < options.length; index += 1) {
    const word = options[index];
    if (!word) continue;
    const value = withValue.has(word.text) ? options[index + 1] : undefined;
    if (value) {
      index += 1;
      if (naming.has(word.text))
        certificates.push({ keyword: word.text, value: value.text, start: word.start, end: value.end });
    } else flags.set(word.text, word);
  }
  const to = lines.find(({ words }) => /^(default_backend|server)$/.test(words[0]?.text ?? ""));
  return {
    line,
    frontend: name,
    mode,
    addresses: place === undefined || place.expands ? [] : addressesIn(place.text, flags.has("v6only")),
    ssl: flags.has("ssl"),
    sslEnd: flags.get("ssl")?.end ?? line.text.length,
    acceptProxy: flags.has("accept-proxy"),
    certificates,
    backend: to?.words
      .slice(0, 3)
      .map(({ text }) => text)
      .join(" "),
  };
};

export const bindsOf = (sections: readonly Section[]): readonly Bind[] =>
  sections
    .filter(({ kind }) => kind === "frontend" || kind === "listen")
    .flatMap((section) =>
      section.lines.filter(({ words }) => words[0]?.text === "bind").map((line) => bindOf(section, line)),
    );
