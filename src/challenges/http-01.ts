// http-01 (RFC 8555 §8.3) by a listener of our own that exists only while a token is to be seen.
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { AcmeSettings } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { type ListenAddress, parseListenAddress } from "../domain/listen-address.ts";
import { findPortHolders } from "../system/port-holder.ts";
import type { Challenge, ChallengeToken } from "./challenge.ts";
import { listenFailure } from "./listen-failure.ts";

const prefix = "/.well-known/acme-challenge/";
/** A CA sends one short request; anyone else gets no more than this. */
const requestMs = 10_000;
const maxHeaderBytes = 8192;
const maxConnections = 128;

const createTokenServer = (answers: ReadonlyMap<string, string>): Server => {
  const server = createServer(
    {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: requestMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: 1000,
    },
    (request, response) => {
      const readable = request.method === "GET" || request.method === "HEAD";
      const path = request.url ?? "";
      const answer = readable && path.startsWith(prefix) ? answers.get(path.slice(prefix.length)) : undefined;
      // One answer a connection: nothing is left open that would hold up the end.
      const head = { Connection: "close", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" };
      if (answer === undefined) {
        response.writeHead(404, { ...head, "Content-Length": 0 }).end();
        return;
      }
      // RFC 8555 §8.3: application/octet-stream; some CAs' proxies insist on it.
      response.writeHead(200, {
        ...head,
        "Content-Type": "application/octet-stream",
        "Content-Length": Buffer.byteLength(answer),
      });
      response.end(request.method === "HEAD" ? undefined : answer);
    },
  );
  server.maxConnections = maxConnections;
  server.setTimeout(requestMs, (socket) => socket.destroy());
  return server;
};

const bind = (server: Server, at: ListenAddress, host: string | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port: at.port, ...(host === undefined ? {} : { host }), exclusive: true }, () => {
      server.off("error", reject);
      // After this, an error of the listener (descriptors used up) only means that the CA will not reach us, and says so.
      server.on("error", () => undefined);
      resolve();
    });
  });

const open = async (at: ListenAddress, answers: ReadonlyMap<string, string>): Promise<Server> => {
  const server = createTokenServer(answers);
  try {
    await bind(server, at, at.host ?? "::");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A kernel without IPv6 has no "::"; every IPv4 address is then all there is.
    const noIpv6 = at.host === undefined && (code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL");
    if (!noIpv6) throw listenFailure(error, at, await findPortHolders(at.port));
    await bind(server, at, "0.0.0.0").catch(async (again: unknown) => {
      throw listenFailure(again, at, await findPortHolders(at.port));
    });
  }
  return server;
};

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

export interface Http01 extends Challenge {
  /** Where the listener is bound at this moment; undefined while there is none. */
  address(): AddressInfo | undefined;
}

/** One listener for all tokens of one issuance: opened for the first, closed after the last. */
export const createHttp01 = (settings: Pick<AcmeSettings, "httpAddress">): Http01 => {
  const answers = new Map<string, string>();
  let opening: Promise<Server> | undefined;
  let bound: Server | undefined;
  let closing: Promise<void> = Promise.resolve();

  const present = async (token: ChallengeToken, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    const at = parseListenAddress(settings.httpAddress);
    if ("problem" in at)
      throw new Failure("config", `cannot listen on "${settings.httpAddress}" for http-01: ${at.problem}`);
    // RFC 8555 §8.3: base64url only. Anything else is no token of a CA and could be a path.
    if (!/^[A-Za-z0-9_-]{1,512}$/.test(token.token))
      throw new Failure(
        "unavailable",
        `the CA sent a token for ${token.identifier} that is not base64url (RFC 8555 §8.3)`,
      );
    answers.set(token.token, token.keyAuthorization);
    opening ??= closing.then(() => open(at, answers));
    try {
      bound = await opening;
    } catch (error) {
      opening = undefined;
      throw error;
    }
    signal.throwIfAborted();
  };

  const cleanUp = async (token: ChallengeToken): Promise<void> => {
    answers.delete(token.token);
    if (answers.size > 0 || opening === undefined) return;
    const opened = opening;
    opening = undefined;
    bound = undefined;
    // A later token may come while this one goes: it opens the port only when it is free again.
    closing = opened.then(close, () => undefined);
    await closing;
  };

  return { type: "http-01", present, cleanUp, address: () => bound?.address() as AddressInfo | undefined };
};
