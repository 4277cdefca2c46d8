// A scripted HTTPS proxy in front of an ACME server: counts and keeps what passes, and does to it what the script says (acme.md §6.3).
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Server, createServer, request as httpsRequest } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type ServerTls, makeServerTls } from "./acme-tls.ts";

/** What a request is for, told by its path at Pebble. */
type Resource =
  "directory" | "nonce" | "account" | "order" | "finalize" | "authorization" | "challenge" | "certificate" | "other";

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly resource: Resource;
  /** 1 for the first request for this resource. */
  readonly nth: number;
  readonly body: string;
  /** What the CA behind it said, where it was asked. */
  answered?: { readonly status: number; readonly location?: string };
}

interface Upstream {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** `reply`: in the CA's place. `change`: the CA's own reply, altered. `cut`: its first bytes, then a reset. */
export type Fault =
  | {
      readonly reply: {
        readonly status: number;
        readonly headers?: Readonly<Record<string, string>>;
        readonly body?: string;
      };
    }
  | { readonly change: (reply: Upstream) => Upstream }
  | { readonly cut: number }
  | { readonly hang: true }
  /** The CA hears the request; the client hears nothing and the connection breaks. */
  | { readonly swallow: true };

export interface AcmeProxy {
  readonly directory: string;
  /** PEM file to be trusted for its HTTPS. */
  readonly caFile: string;
  readonly seen: readonly Seen[];
  script: (request: Seen) => Fault | undefined;
  /** Another server behind the same URL: the CA lost its data. */
  target: Target;
  readonly stop: () => Promise<void>;
}

const resourceOf = (path: string): Resource => {
  if (path === "/dir") return "directory";
  if (path.startsWith("/nonce")) return "nonce";
  if (path.startsWith("/sign-me-up") || path.startsWith("/my-account")) return "account";
  if (path.startsWith("/order-plz") || path.startsWith("/my-order")) return "order";
  if (path.startsWith("/finalize-order")) return "finalize";
  if (path.startsWith("/authZ")) return "authorization";
  if (path.startsWith("/chalZ")) return "challenge";
  if (path.startsWith("/certZ")) return "certificate";
  return "other";
};

const readAll = async (stream: IncomingMessage): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
};

const forward = (target: Target, incoming: IncomingMessage, body: Buffer): Promise<Upstream> =>
  new Promise((resolve, reject) => {
    const call = httpsRequest(
      new URL(incoming.url ?? "/", target.directoryUrl),
      // The Host header goes through as it is: Pebble builds its URLs from it, so that every later request comes by here too.
      {
        method: incoming.method,
        headers: incoming.headers,
        ca: readFileSync(target.caFile),
        agent: false,
        servername: "localhost",
      },
      (response) => {
        readAll(response).then(
          (data) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: data.toString() }),
          reject,
        );
      },
    );
    call.on("error", reject);
    call.end(body);
  });

const setHeaders = (response: ServerResponse, { headers }: Upstream): void => {
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !["content-length", "transfer-encoding", "connection"].includes(name))
      response.setHeader(name, value);
};

const write = (response: ServerResponse, reply: Upstream): void => {
  const { status, body } = reply;
  setHeaders(response, reply);
  response.writeHead(status, { "content-length": Buffer.byteLength(body) }).end(body);
};

const cutOff = (response: ServerResponse, reply: Upstream, bytes: number): void => {
  const { status, body } = reply;
  setHeaders(response, reply);
  response.writeHead(status, { "content-length": Buffer.byteLength(body) });
  response.write(body.slice(0, bytes));
  setTimeout(() => response.socket?.destroy(), 50);
};

/** What the proxy stands in front of (a Pebble of test/lab/pebble.ts). */
export interface Target {
  readonly directoryUrl: string;
  readonly caFile: string;
}

/** `identity`: of its own HTTPS; default a fresh one. */
export const startAcmeProxy = async (first: Target, identity?: ServerTls): Promise<AcmeProxy> => {
  const tls = identity ?? (await makeServerTls());
  const folder = await mkdtemp(join(tmpdir(), "mailcert-proxy-"));
  const caFile = join(folder, "ca.pem");
  await writeFile(caFile, tls.ca);
  const seen: Seen[] = [];
  const proxy: { script: AcmeProxy["script"]; target: Target } = { script: () => undefined, target: first };
  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readAll(incoming);
    const path = incoming.url ?? "";
    const resource = resourceOf(path);
    const nth = seen.filter((entry) => entry.resource === resource).length + 1;
    const entry: Seen = { method: incoming.method ?? "", path, resource, nth, body: body.toString() };
    seen.push(entry);
    const fault = proxy.script(entry);
    if (fault !== undefined && "hang" in fault) return;
    if (fault !== undefined && "reply" in fault) return write(response, { headers: {}, body: "", ...fault.reply });
    const upstream = await forward(proxy.target, incoming, body);
    const { location } = upstream.headers;
    entry.answered = { status: upstream.status, ...(typeof location === "string" ? { location } : {}) };
    if (fault === undefined) return write(response, upstream);
    if ("swallow" in fault) response.socket?.destroy();
    else if ("change" in fault) write(response, fault.change(upstream));
    else cutOff(response, upstream, fault.cut);
  };
  const server: Server = createServer({ key: tls.key, cert: tls.cert }, (incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return Object.assign(proxy, {
    directory: `https://localhost:${port}/dir`,
    caFile,
    seen,
    stop: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await rm(folder, { recursive: true });
    },
  });
};
