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

export interface HandshakeOptions {
  readonly sni: string | undefined;
  readonly context: SecureContext;
  /** The protocol to say in the ClientHello; undefined: none is said. */
  readonly alpn?: string | undefined;
  readonly signal: AbortSignal;
}

export type HandshakeResult =
  | { readonly kind: "done"; readonly socket: TLSSocket; readonly stapled: boolean }
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
    let stapled = false;
    tls.on("OCSPResponse", (response: Buffer | null | undefined) => {
      stapled = (response?.length ?? 0) > 0;
    });
    tls.once("close", () => finish({ kind: "closed" }));
    tls.once("secureConnect", () => finish({ kind: "done", socket: tls, stapled }));
  });

/** Certificates that a server may send; more is nonsense. */
const maxChain = 32;

/**
 * The chain in wire order. Destructive: a second call finds nothing (nodejs/node#65579), and `getPeerCertificate(true)`
 * would show the chain as built instead, sorted and with the anchor added.
 */
export const chainAsSent = (tls: TLSSocket): readonly Buffer[] => {
  const chain: Buffer[] = [];
  for (let next = tls.getPeerX509Certificate(); next && chain.length < maxChain; next = next.issuerCertificate)
    chain.push(next.raw);
  return chain;
};

export const tlsFacts = (tls: TLSSocket, stapled = false): TlsFacts => {
  // DH groups have no name; Node 24 says `TLSGroup` for hybrid ones.
  const { name } = (tls.getEphemeralKeyInfo() ?? {}) as { readonly name?: string };
  // A string at run time, whatever its declared type says.
  const verifyError = tls.authorizationError as unknown as string | Error | null | undefined;
  return {
    version: clean(tls.getProtocol() ?? "unknown", 20),
    cipher: clean(tls.getCipher().standardName, 80),
    ...(name ? { group: clean(name, 40) } : {}),
    ...(stapled ? { stapled } : {}),
    ...(verifyError ? { verifyError: clean(String(verifyError), 80) } : {}),
  };
};
