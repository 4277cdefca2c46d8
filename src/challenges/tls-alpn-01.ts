// tls-alpn-01 (RFC 8737; RFC 8738 §6 for addresses) by a listener of our own that exists only while a name is being validated.
import { createHash } from "node:crypto";
import { isIP } from "node:net";
import type { AddressInfo } from "node:net";
import { type SecureContext, type Server, createSecureContext, createServer } from "node:tls";
import type { AcmeSettings } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { parseListenAddress } from "../domain/listen-address.ts";
import { reverseName } from "../domain/reverse-name.ts";
import { makeAcmeIdentifier } from "../x509/acme-identifier.ts";
import type { Challenge, ChallengeToken } from "./challenge.ts";
import { listenAt } from "./listen.ts";

const protocol = "acme-tls/1";
/** A CA sends one handshake; anyone else gets no more than this. */
const handshakeMs = 10_000;
const maxConnections = 128;

interface Shown {
  readonly token: string;
  readonly context: SecureContext;
}

/** What a CA asks for: the name, or an address as it stands in DNS (RFC 8738 §6). */
const serverNameOf = (identifier: string): string =>
  isIP(identifier) === 0 ? identifier.toLowerCase() : reverseName(identifier);

const createTokenServer = (shown: ReadonlyMap<string, Shown>): Server => {
  const server = createServer(
    {
      // RFC 8737 §3: TLS 1.2 at least. Whoever asks for another protocol is refused by the handshake itself.
      minVersion: "TLSv1.2",
      ALPNProtocols: [protocol],
      handshakeTimeout: handshakeMs,
      SNICallback: (name, done) => {
        const one = shown.get(name.toLowerCase());
        // Without a context there is no certificate, and so no handshake.
        if (one === undefined) done(new Error("no such name"));
        else done(null, one.context);
      },
    },
    // The handshake is the whole answer (RFC 8737 §3).
    (socket) => {
      socket.on("error", () => undefined);
      socket.end();
    },
  );
  server.maxConnections = maxConnections;
  // A client's broken handshake is its own matter.
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  return server;
};

const contextFor = async (
  { identifier, keyAuthorization }: ChallengeToken,
  { now, random }: TlsAlpnDeps,
): Promise<SecureContext> => {
  const digest = createHash("sha256").update(keyAuthorization).digest();
  const { certificate, privateKey } = await makeAcmeIdentifier({ identifier, digest, now: now(), random });
  return createSecureContext({ cert: certificate, key: privateKey });
};

export interface TlsAlpnDeps {
  readonly now: () => Date;
  readonly random: (size: number) => Uint8Array;
}

export interface TlsAlpn01 extends Challenge {
  /** Where the listener is bound at this moment; undefined while there is none. */
  address(): AddressInfo | undefined;
}

/** One listener for all names of one issuance: opened for the first, closed after the last. */
export const createTlsAlpn01 = (settings: Pick<AcmeSettings, "tlsAlpnAddress">, deps: TlsAlpnDeps): TlsAlpn01 => {
  const shown = new Map<string, Shown>();
  const listener = listenAt("tls-alpn-01", () => createTokenServer(shown));

  const present = async (token: ChallengeToken, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    const at = parseListenAddress(settings.tlsAlpnAddress);
    if ("problem" in at)
      throw new Failure("config", `cannot listen on "${settings.tlsAlpnAddress}" for tls-alpn-01: ${at.problem}`);
    shown.set(serverNameOf(token.identifier), { token: token.token, context: await contextFor(token, deps) });
    await listener.open(at);
    signal.throwIfAborted();
  };

  const cleanUp = async ({ identifier, token }: ChallengeToken): Promise<void> => {
    const name = serverNameOf(identifier);
    // A later validation of the same name has its own.
    if (shown.get(name)?.token === token) shown.delete(name);
    if (shown.size === 0) await listener.close();
  };

  return { type: "tls-alpn-01", present, cleanUp, address: () => listener.address() };
};
