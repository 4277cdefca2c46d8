// Why a challenge's listener could not be opened, by whom the port is held, and the ways out.
import { Failure } from "../domain/failure.ts";
import { own } from "../domain/own.ts";
import type { ListenAddress } from "../domain/listen-address.ts";
import type { PortHolder } from "../system/port-holder.ts";

const webServers = /^(nginx|apache2|httpd|caddy|lighttpd|haproxy|traefik|h2o|openresty|angie)/;

interface Way {
  /** Shows the folder given with --webroot; where one folder is shown already, that one serves as well. */
  readonly webroot: string;
  /** Hands the CA's request on to our listener; its own sites stay as they are. */
  readonly proxy: string;
}

const wellKnown = "/.well-known/acme-challenge/";
const nginx: Way = {
  webroot: `location ${wellKnown} { root DIR; }`,
  proxy: `location ${wellKnown} { proxy_pass http://127.0.0.1:8402; }`,
};
const apache: Way = {
  webroot: `Alias "${wellKnown}" "DIR${wellKnown}"`,
  proxy: `ProxyPass "${wellKnown}" "http://127.0.0.1:8402${wellKnown}"`,
};

const ways: Readonly<Record<string, Way>> = {
  nginx,
  openresty: nginx,
  angie: nginx,
  apache2: apache,
  httpd: apache,
  caddy: {
    webroot: `handle ${wellKnown}* { root * DIR file_server }`,
    proxy: `handle ${wellKnown}* { reverse_proxy 127.0.0.1:8402 }`,
  },
};

const written = (at: ListenAddress): string =>
  at.host === undefined ? `port ${at.port}` : `${at.host.includes(":") ? `[${at.host}]` : at.host}:${at.port}`;

const whoHolds = (holders: readonly PortHolder[]): string => {
  if (holders.length === 0) return "another program holds it (which one, only root may see)";
  const programs = [...new Set(holders.map((holder) => holder.program))];
  return `held by ${programs
    .map((program) => {
      const pids = holders.filter((holder) => holder.program === program).map((holder) => holder.pid);
      return `${program} (${pids.length > 1 ? "pids" : "pid"} ${pids.slice(0, 3).join(", ")}${pids.length > 3 ? ", ..." : ""})`;
    })
    .join(" and ")}`;
};

/** A web server need not be stopped for http-01: it shows a folder, or hands the request on. */
const besideWebServer = (web: string): readonly string[] => {
  const way = own(ways, web);
  const add = (block: string | undefined): string => (block === undefined ? "" : `: ${block}`);
  return [
    `let ${web} show the CA a folder, and name that folder: webroot: DIR (--webroot DIR)${add(way?.webroot)}`,
    `or let ${web} hand the CA's requests on, then listen where it hands them to: http_address: "127.0.0.1:8402" (--http-address 127.0.0.1:8402)${add(way?.proxy)}`,
  ];
};

const settingOf = (challenge: string, value: string): string =>
  challenge === "http-01"
    ? `http_address: "${value}" (--http-address ${value})`
    : `tls_alpn_address: "${value}" (--tls-alpn-address ${value})`;

/** Right for a first look, and wrong for a timer. */
const stopping = (program: string): string =>
  `or stop ${program} while the certificate is issued; each renewal needs that again, so a timer's run would fail`;

const taken = (error: unknown, at: ListenAddress, holders: readonly PortHolder[], challenge: string): Failure => {
  const [first] = holders;
  const web = holders.map(({ program }) => program).find((program) => webServers.test(program));
  const hints =
    web === undefined
      ? [
          ...(first === undefined ? ["run mailcert as root to see who holds it"] : []),
          ...(challenge === "http-01"
            ? [`if it is a web server, let it show the CA a folder, and name that folder: webroot: DIR (--webroot DIR)`]
            : ["prove the names over port 80 instead: challenge: http-01 (--challenge http-01)"]),
          `or let mailcert listen on another address or port that port ${challenge === "http-01" ? 80 : 443} of the name is forwarded to: ${settingOf(challenge, "ADDRESS:PORT")}`,
          ...(first === undefined ? [] : [stopping(first.program)]),
        ]
      : challenge === "http-01"
        ? [...besideWebServer(web), stopping(web)]
        : [
            `prove the names over port 80 instead: challenge: http-01 (--challenge http-01); where ${web} has that port, too, with webroot: DIR (--webroot DIR)`,
            stopping(web),
          ];
  return new Failure("cannot-create", `cannot listen on ${written(at)} for ${challenge}: ${whoHolds(holders)}`, {
    cause: error,
    hints,
    facts: { code: "EADDRINUSE", port: at.port, holders },
  });
};

/** @returns a Failure for what the operating system said, or the error itself when it said something unexpected. */
export const listenFailure = (
  error: unknown,
  at: ListenAddress,
  holders: readonly PortHolder[],
  challenge = "http-01",
): unknown => {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const facts = { code, port: at.port };
  if (code === "EADDRINUSE") return taken(error, at, holders, challenge);
  if (code === "EACCES" || code === "EPERM")
    return new Failure("no-permission", `cannot listen on ${written(at)} for ${challenge}: permission denied`, {
      cause: error,
      facts,
      hints: [
        "run mailcert as root",
        `or listen on a port from 1024 up that port ${challenge === "http-01" ? 80 : 443} of the name is forwarded to: ${settingOf(challenge, ":8402")}`,
      ],
    });
  if (code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT")
    return new Failure(
      "cannot-create",
      `cannot listen on ${written(at)} for ${challenge}: this machine has no such address`,
      {
        cause: error,
        facts,
        hints: [
          `name an address of this machine, or \`:${challenge === "http-01" ? 80 : 443}\` for all of them: ${settingOf(challenge, `ADDRESS:PORT`)}`,
        ],
      },
    );
  return error;
};
