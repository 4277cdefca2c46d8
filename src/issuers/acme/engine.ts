// acme-client with its HTTP replaced (design.md §6): signing and the protocol's shapes are its work, every byte on the wire is ours.
// The client alone: the package's own entry also loads node-forge, which nothing here uses.
import Client from "acme-client/src/client.js";
import { Failure } from "../../domain/failure.ts";
import type { Reply, Transport } from "./transport.ts";

/** The parts of acme-client's inner objects that this room uses; its own types keep them private. */
interface EngineHttp {
  request: Transport["request"];
  getNonce: () => Promise<string>;
  getResourceUrl(resource: string): Promise<string>;
  getJwk(): object;
  /** With the key itself (`jwk`) in the header, and no nonce. */
  createSignedBody(url: string, payload: object): object;
  maxBadNonceRetries: number;
  directoryCache: unknown;
  directoryTimestamp: number;
}

interface EngineApi {
  accountUrl: string | null;
  apiRequest(
    url: string,
    payload: unknown,
    valid: readonly number[],
    /** false: signed with the key itself in the header (`jwk`), not in the name of an account. */
    options?: { readonly includeJwsKid?: boolean },
  ): Promise<Reply>;
  createAccount(data: object): Promise<Reply>;
  updateAccount(data: object): Promise<Reply>;
  createOrder(data: object): Promise<Reply>;
  finalizeOrder(url: string, data: object): Promise<Reply>;
}

export interface Engine {
  readonly api: EngineApi;
  /** RFC 8555 §8.1, from the account key; what each challenge makes of it is the challenge's own work. */
  keyAuthorization(token: string): Promise<string>;
  /** The account key's public half as a JWK. */
  readonly jwk: () => object;
  /** The inner JWS of a key rollover (RFC 8555 §7.3.5), signed by this engine's key: without a nonce, with its own `jwk`. */
  readonly signInner: (url: string, payload: object) => object;
}

export interface EngineOptions {
  readonly transport: Transport;
  readonly directoryUrl: string;
  /** The directory as it was read (directory.ts); it is not fetched again. */
  readonly directory: object;
  readonly accountKey: string;
  readonly accountUrl?: string;
  /** External account binding for a new account (RFC 8555 §7.3.4); acme-client signs it with HS256. */
  readonly binding?: { readonly kid: string; readonly hmacKey: string };
}

const repair = (http: EngineHttp, { transport, directory }: EngineOptions): void => {
  http.request = transport.request;
  http.getNonce = async () => {
    const kept = transport.nonce();
    if (kept !== undefined) return kept;
    const url = await http.getResourceUrl("newNonce");
    await transport.request(url, "head");
    const fresh = transport.nonce();
    if (fresh === undefined)
      throw new Failure("unavailable", `the ACME server at ${new URL(url).origin} gives no nonces (RFC 8555 §7.2)`, {
        hints: ["look for a proxy in between that drops the Replay-Nonce header"],
        facts: { code: "NOT_ACME" },
      });
    return fresh;
  };
  // The transport counts refused nonces itself and ends the exchange with the whole problem document.
  http.maxBadNonceRetries = Number.MAX_SAFE_INTEGER;
  http.directoryCache = directory;
  http.directoryTimestamp = Number.MAX_SAFE_INTEGER;
};

export const createEngine = (options: EngineOptions): Engine => {
  const { directoryUrl, accountKey, accountUrl, binding } = options;
  const client = new Client({
    directoryUrl,
    accountKey,
    ...(accountUrl === undefined ? {} : { accountUrl }),
    ...(binding === undefined ? {} : { externalAccountBinding: { ...binding } }),
  });
  const { http, api } = client as unknown as { http: EngineHttp; api: EngineApi };
  repair(http, options);
  return {
    api,
    // acme-client gives the plain key authorization for http-01 only, and throws for types that it does not know.
    keyAuthorization: (token) =>
      client.getChallengeKeyAuthorization({ type: "http-01", token, url: "", status: "pending" }),
    jwk: () => http.getJwk(),
    signInner: (url, payload) => http.createSignedBody(url, payload),
  };
};
