// The servers of nginx's mail {} and stream {}: where each listens, and the certificate lines that hold for it. http {} is never looked into, but for lines that it shares.
import type { Directive } from "./parse.ts";

const certificateNames: ReadonlySet<string> = new Set(["ssl_certificate", "ssl_certificate_key"]);

export interface Listen {
  readonly directive: Directive;
  /** As it stands: `993`, `[::]:993`, `mail.example.org:993`, `unix:/run/x`. */
  readonly place: string;
  readonly ssl: boolean;
  readonly proxyProtocol: boolean;
  readonly isDefault: boolean;
}

export interface NginxServer {
  readonly kind: "mail" | "stream";
  readonly block: Directive;
  readonly listens: readonly Listen[];
  /** In `stream {}`, from 1.25.5 on: the names whose clients it gets, where several servers have one place. */
  readonly names: readonly string[];
  readonly setting: (name: string) => string | undefined;
  /** Lines with certificate and key that it has itself, else those of the block around it. */
  readonly certificates: readonly Directive[];
  readonly inherited: boolean;
}

export interface NginxServers {
  readonly servers: readonly NginxServer[];
  /** Whether a line is also read by http {}: in a file that both include. */
  readonly shared: (directive: Directive) => boolean;
}

const lines = (block: Directive | undefined): readonly Directive[] =>
  (block?.children ?? []).filter(({ name }) => certificateNames.has(name));

const listenOf = (directive: Directive): Listen => {
  const [place = "", ...flags] = directive.args;
  const has = (flag: string): boolean => flags.includes(flag);
  return {
    directive,
    place,
    ssl: has("ssl"),
    proxyProtocol: has("proxy_protocol"),
    isDefault: has("default_server"),
  };
};

const serverOf = (kind: NginxServer["kind"], around: Directive, block: Directive): NginxServer => {
  const own = lines(block);
  const valueIn = (where: Directive, name: string): string | undefined =>
    where.children?.findLast((one) => one.name === name)?.args[0];
  return {
    kind,
    block,
    listens: (block.children ?? []).filter(({ name }) => name === "listen").map(listenOf),
    names:
      kind === "stream"
        ? (block.children ?? [])
            .flatMap(({ name, args }) => (name === "server_name" ? args : []))
            .filter((name) => name !== "")
        : [],
    setting: (name) => valueIn(block, name) ?? valueIn(around, name),
    certificates: own.length > 0 ? own : lines(around),
    inherited: own.length === 0,
  };
};

const everyLine = (directive: Directive): readonly Directive[] => [
  directive,
  ...(directive.children ?? []).flatMap(everyLine),
];

const placeOf = ({ path, start }: Directive): string => `${path}:${start}`;

export const serversOf = (configuration: readonly Directive[]): NginxServers => {
  const blocks = (name: string): readonly Directive[] =>
    configuration.filter((one) => one.name === name && one.children !== undefined);
  const servers = (["mail", "stream"] as const).flatMap((kind) =>
    blocks(kind).flatMap((around) =>
      (around.children ?? [])
        .filter(({ name, children }) => name === "server" && children !== undefined)
        .map((block) => serverOf(kind, around, block)),
    ),
  );
  const ofWebServers = new Set(
    blocks("http")
      .flatMap(everyLine)
      .filter(({ name }) => certificateNames.has(name))
      .map(placeOf),
  );
  return { servers, shared: (directive) => ofWebServers.has(placeOf(directive)) };
};
