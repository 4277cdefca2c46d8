// http-01 (RFC 8555 §8.3) by a listener of our own that exists only while a token is to be seen.
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { AcmeSettings } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { parseListenAddress } from "../domain/listen-address.ts";
import type { Challenge, ChallengeToken } from "./challenge.ts";
import { listenAt } from "./listen.ts";

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

export interface Http01 extends Challenge {
  /** Where the listener is bound at this moment; undefined while there is none. */
  address(): AddressInfo | undefined;
}

/** One listener for all tokens of one issuance: opened for the first, closed after the last. */
export const createHttp01 = (settings: Pick<AcmeSettings, "httpAddress">): Http01 => {
  const answers = new Map<string, string>();
  const listener = listenAt("http-01", () => createTokenServer(answers));

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
    await listener.open(at);
    signal.throwIfAborted();
  };

  const cleanUp = async (token: ChallengeToken): Promise<void> => {
    answers.delete(token.token);
    if (answers.size === 0) await listener.close();
  };

  return { type: "http-01", present, cleanUp, address: () => listener.address() };
};
