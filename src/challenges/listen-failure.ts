// Why a challenge's listener could not be opened, by whom the port is held, and the ways out.
import { Failure } from "../domain/failure.ts";
import type { ListenAddress } from "../domain/listen-address.ts";
import type { PortHolder } from "../system/port-holder.ts";

const webServers = /^(nginx|apache2|httpd|caddy|lighttpd|haproxy|traefik|h2o|openresty|angie)/;

/** A block that lets the web server on port 80 hand the CA's request on to our listener; its own sites stay as they are. */
const handOn: Readonly<Record<string, string>> = {
  nginx: "location /.well-known/acme-challenge/ { proxy_pass http://127.0.0.1:8402; }",
  openresty: "location /.well-known/acme-challenge/ { proxy_pass http://127.0.0.1:8402; }",
  angie: "location /.well-known/acme-challenge/ { proxy_pass http://127.0.0.1:8402; }",
  apache2: 'ProxyPass "/.well-known/acme-challenge/" "http://127.0.0.1:8402/.well-known/acme-challenge/"',
  httpd: 'ProxyPass "/.well-known/acme-challenge/" "http://127.0.0.1:8402/.well-known/acme-challenge/"',
  caddy: "handle /.well-known/acme-challenge/* { reverse_proxy 127.0.0.1:8402 }",
};

const written = (at: ListenAddress): string =>
  at.host === undefined ? `port ${at.port}` : `${at.host.includes(":") ? `[${at.host}]` : at.host}:${at.port}`;

const taken = (error: unknown, at: ListenAddress, holders: readonly PortHolder[]): Failure => {
  const [first] = holders;
  const programs = [...new Set(holders.map((holder) => holder.program))];
  const who =
    first === undefined
      ? "another program holds it (which one, only root may see)"
      : `held by ${programs
          .map((program) => {
            const pids = holders.filter((holder) => holder.program === program).map((holder) => holder.pid);
            return `${program} (${pids.length > 1 ? "pids" : "pid"} ${pids.slice(0, 3).join(", ")}${pids.length > 3 ? ", ..." : ""})`;
          })
          .join(" and ")}`;
  const web = programs.find((program) => webServers.test(program));
  const block = web === undefined ? undefined : handOn[web];
  const hints =
    web === undefined
      ? [
          first === undefined
            ? "run mailcert as root to see who holds it"
            : `stop ${first.program} while the certificate is issued, and start it again after`,
          "or let mailcert listen on another address or port (--http-address ADDRESS:PORT) that port 80 of the name is forwarded to",
        ]
      : [
          `let ${web} hand the CA's requests on, then use --http-address 127.0.0.1:8402${block === undefined ? "" : `: ${block}`}`,
          `or stop ${web} while the certificate is issued, and start it again after`,
        ];
  return new Failure("cannot-create", `cannot listen on ${written(at)} for http-01: ${who}`, {
    cause: error,
    hints,
    facts: { code: "EADDRINUSE", port: at.port, holders },
  });
};

/** @returns a Failure for what the operating system said, or the error itself when it said something unexpected. */
export const listenFailure = (error: unknown, at: ListenAddress, holders: readonly PortHolder[]): unknown => {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const facts = { code, port: at.port };
  if (code === "EADDRINUSE") return taken(error, at, holders);
  if (code === "EACCES" || code === "EPERM")
    return new Failure("no-permission", `cannot listen on ${written(at)} for http-01: permission denied`, {
      cause: error,
      facts,
      hints: [
        "run mailcert as root",
        "or listen on a port from 1024 up (--http-address :8402) that port 80 of the name is forwarded to",
      ],
    });
  if (code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT")
    return new Failure(
      "cannot-create",
      `cannot listen on ${written(at)} for http-01: this machine has no such address`,
      {
        cause: error,
        facts,
        hints: ["name an address of this machine, or `:80` for all of them (--http-address)"],
      },
    );
  return error;
};
