// The ACME directory (RFC 8555 §7.1.1): read, and held to be one before anything is sent to it.
import { Failure } from "../../domain/failure.ts";
import { clean } from "../../domain/text.ts";
import { ProblemError } from "./problem.ts";
import { isLater, problemFailure } from "./problem-failure.ts";
import type { Reply, Transport } from "./transport.ts";

export interface Directory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  /** undefined: the CA offers neither. */
  readonly keyChange?: string;
  readonly revokeCert?: string;
  /** RFC 9773 §4.1; undefined: the CA has no renewal information, and takes no `replaces`. */
  readonly renewalInfo?: string;
  readonly termsOfService?: string;
  readonly externalAccountRequired: boolean;
  /** Names of the profiles that it offers (draft-ietf-acme-profiles §3); undefined: it has none. */
  readonly profiles?: readonly string[];
  /** RFC 8555 §9.7.6: the names that CAA records call it by; empty: it says none. */
  readonly caaIdentities: readonly string[];
  /** The CA's clock minus ours in milliseconds, when the directory was read; undefined: it says no date. */
  readonly clockAheadMs?: number;
  /** The document itself, for the engine. */
  readonly document: object;
}

const ways = [
  "check the directory URL, acme: URL (--acme URL); for Let's Encrypt write issuer: letsencrypt (--issuer letsencrypt)",
  "open the URL in a browser: an ACME directory is a JSON document that lists newNonce, newAccount and newOrder",
];

const notOne = (url: string, what: string, facts: Readonly<Record<string, unknown>> = {}): Failure =>
  new Failure("config", `${clean(url, 300)} is not an ACME directory: ${what}`, {
    hints: ways,
    facts: { ...facts, code: "NOT_ACME", url: clean(url, 300) },
  });

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const fetchDirectory = async (url: string, transport: Transport, now: Date): Promise<Reply> => {
  try {
    return await transport.request(url, "get");
  } catch (error) {
    if (error instanceof ProblemError) {
      const { problem } = error;
      if (isLater(problem) || problem.status >= 500)
        throw problemFailure(problem, {
          doing: `the ACME directory ${problem.from === undefined ? `${clean(url, 300)} ` : ""}cannot be read`,
          now,
        });
      throw notOne(url, `it answers with HTTP ${problem.status}`, { problem });
    }
    if (error instanceof Failure && error.facts?.["code"] === "NOT_ACME") {
      const type = error.facts["contentType"];
      throw notOne(
        url,
        typeof type === "string" && type !== "application/json"
          ? `it answers with "${type}", not with JSON`
          : "its JSON cannot be read",
      );
    }
    throw error;
  }
};

/** @throws Failure `config` for a URL that leads to something else, `unavailable` when nothing can be reached there. */
export const readDirectory = async (url: string, transport: Transport, now: Date): Promise<Directory> => {
  if (!URL.canParse(url) || new URL(url).protocol !== "https:")
    throw new Failure("config", `the ACME directory must be an https URL, not "${clean(url, 200)}" (RFC 8555 §6.1)`, {
      hints: ways,
    });
  const { data: document, headers } = await fetchDirectory(url, transport, now);
  if (!isRecord(document)) throw notOne(url, "it is no JSON object");
  const resource = (name: string): string => {
    const value = document[name];
    if (typeof value !== "string" || value === "") throw notOne(url, `it does not list ${name}`);
    if (!URL.canParse(value) || new URL(value).protocol !== "https:")
      throw notOne(url, `its ${name} is "${clean(value, 200)}", which is no https URL`);
    return value;
  };
  const meta = isRecord(document["meta"]) ? document["meta"] : {};
  const terms = meta["termsOfService"];
  const identities = Array.isArray(meta["caaIdentities"]) ? (meta["caaIdentities"] as readonly unknown[]) : [];
  const date = Date.parse(headers.date ?? "");
  const further = (name: string): string | undefined => {
    const value = document[name];
    return typeof value === "string" && /^https:/i.test(value) && URL.canParse(value) ? value : undefined;
  };
  const [renewalInfo, keyChange, revokeCert] = [further("renewalInfo"), further("keyChange"), further("revokeCert")];
  const profiles = isRecord(meta["profiles"]) ? Object.keys(meta["profiles"]) : undefined;
  return {
    ...(profiles === undefined ? {} : { profiles }),
    newNonce: resource("newNonce"),
    newAccount: resource("newAccount"),
    newOrder: resource("newOrder"),
    ...(renewalInfo === undefined ? {} : { renewalInfo }),
    ...(keyChange === undefined ? {} : { keyChange }),
    ...(revokeCert === undefined ? {} : { revokeCert }),
    ...(typeof terms === "string" && terms !== "" ? { termsOfService: clean(terms, 500) } : {}),
    externalAccountRequired: meta["externalAccountRequired"] === true,
    caaIdentities: identities
      .flatMap((one) => (typeof one === "string" && one !== "" ? [clean(one, 253)] : []))
      .slice(0, 20),
    ...(Number.isNaN(date) ? {} : { clockAheadMs: date - now.getTime() }),
    document,
  };
};
