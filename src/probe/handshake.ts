// One TLS handshake over a connected socket, and what it told.
import type { Socket } from "node:net";
import { isIP } from "node:net";
import {
  type ConnectionOptions,
  type SecureContext,
  type TLSSocket,
  type TLSSocketOptions,
  connect as tlsConnect,
} from "node:tls";
import type { TlsFacts } from "../domain/observation.ts";
import { clean } from "../domain/text.ts";
import { maxEarlyData } from "./session-ticket.ts";
import { verifyErrorOf } from "./verify-error.ts";

export interface HandshakeOptions {
  readonly sni: string | undefined;
  readonly context: SecureContext;
  /** The protocol to say in the ClientHello; undefined: none is said. */
  readonly alpn?: string | undefined;
  readonly signal: AbortSignal;
}

export type HandshakeResult =
  | {
      readonly kind: "done";
      readonly socket: TLSSocket;
      readonly stapled: Buffer | undefined;
      /** Early data that the tickets allow which have come so far, in bytes; undefined: one of them cannot be read. */
      readonly earlyData: () => number | undefined;
    }
  | { readonly kind: "failed"; readonly code: string; readonly message: string }
  | { readonly kind: "closed" | "reset" | "timeout" };

/** Never rejects. Never a resumed session (it shows no certificates), and the path is judged, not enforced. */
export const handshake = (socket: Socket, { sni, context, alpn, signal }: HandshakeOptions): Promise<HandshakeResult> =>
  new Promise((resolve) => {
    const options: ConnectionOptions & Pick<TLSSocketOptions, "requestOCSP"> = {
      socket,
      secureContext: context,
      rejectUnauthorized: false,
      // Costs nothing, and a certificate may demand the answer (RFC 7633).
      requestOCSP: true,
      // Names are our own check; this keeps `authorizationError` to OpenSSL's verdict on the path.
      checkServerIdentity: () => undefined,
      ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
      ...(sni === undefined || isIP(sni) !== 0 ? {} : { servername: sni }),
    };
    const tls = tlsConnect(options);
    // Node would make objects of the whole chain, to hand them to checkServerIdentity alone: half the time of a handshake.
    Object.assign(tls, { getPeerCertificate: () => ({}) });
    const finish = (result: HandshakeResult): void => {
      signal.removeEventListener("abort", late);
      if (result.kind !== "done") {
        tls.destroy();
        socket.destroy();
      }
      resolve(result);
    };
    const late = (): void => finish({ kind: "timeout" });
    if (signal.aborted) return late();
    signal.addEventListener("abort", late, { once: true });
    // One listener for good: an error after the end must not end the program.
    tls.on("error", (error: NodeJS.ErrnoException) => {
      const code = error.code ?? "";
      if (code === "ECONNRESET" && /disconnected before secure/.test(error.message)) finish({ kind: "closed" });
      else if (code === "ECONNRESET" || code === "EPIPE") finish({ kind: "reset" });
      else finish({ kind: "failed", code, message: error.message });
    });
    let stapled: Buffer | undefined;
    tls.on("OCSPResponse", (response: Buffer | null | undefined) => {
      stapled = response && response.length > 0 ? response : undefined;
    });
    let early: number | undefined = 0;
    // The session is a secret: what it allows is read here, and it goes no further.
    tls.on("session", (session: Buffer) => {
      const allowed = maxEarlyData(session);
      early = early === undefined || allowed === undefined ? undefined : Math.max(early, allowed);
    });
    tls.once("close", () => finish({ kind: "closed" }));
    tls.once("secureConnect", () => finish({ kind: "done", socket: tls, stapled, earlyData: () => early }));
  });

/** Servers answer at once, or leave it unanswered. */
const renegotiationMs = 3000;

/**
 * Asks for a renegotiation (up to TLS 1.2, RFC 5246 §7.4.1.1). Where the server refuses, OpenSSL ends the connection. Never rejects.
 * @returns undefined: no answer, or one that cannot be had in TLS 1.3.
 */
export const renegotiate = (tls: TLSSocket, signal: AbortSignal): Promise<boolean | undefined> =>
  new Promise((resolve) => {
    const finish = (answer: boolean | undefined): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", late);
      tls.off("close", closed);
      resolve(answer);
    };
    const late = (): void => finish(undefined);
    const closed = (): void => finish(false);
    const timer = setTimeout(late, renegotiationMs);
    if (signal.aborted || tls.destroyed || tls.getProtocol() === "TLSv1.3") return finish(undefined);
    signal.addEventListener("abort", late, { once: true });
    tls.on("close", closed);
    // What the server says meanwhile has to be read, or its answer is not.
    tls.resume();
    tls.renegotiate({ rejectUnauthorized: false }, (error) => finish(error === null));
  });

/** Certificates that a server may send; more is nonsense. */
const maxChain = 32;

/**
 * The chain in wire order, and whether there was more of it. Destructive: a second call finds nothing (nodejs/node#65579), and `getPeerCertificate(true)`
 * would show the chain as built instead, sorted and with the anchor added.
 */
export const chainAsSent = (tls: TLSSocket): { readonly chain: readonly Buffer[]; readonly chainCut?: true } => {
  const chain: Buffer[] = [];
  let next = tls.getPeerX509Certificate();
  for (; next && chain.length < maxChain; next = next.issuerCertificate) chain.push(next.raw);
  return { chain, ...(next ? { chainCut: true } : {}) };
};

export const tlsFacts = (tls: TLSSocket, stapled?: Buffer): TlsFacts => {
  // DH groups have no name; Node 24 says `TLSGroup` for hybrid ones.
  const { name } = (tls.getEphemeralKeyInfo() ?? {}) as { readonly name?: string };
  const verifyError = verifyErrorOf(tls);
  return {
    version: clean(tls.getProtocol() ?? "unknown", 20),
    cipher: clean(tls.getCipher().standardName, 80),
    ...(name ? { group: clean(name, 40) } : {}),
    ...(stapled ? { stapled } : {}),
    ...(verifyError === undefined ? {} : { verifyError }),
  };
};
