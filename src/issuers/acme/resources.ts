// Orders, authorizations and challenges as the CA sends them (RFC 8555 §7.1), read with care: nothing is trusted to have its right type.
import { Failure } from "../../domain/failure.ts";
import { clean } from "../../domain/text.ts";
import { type Problem, readProblem } from "./problem.ts";
import type { Reply } from "./transport.ts";

export interface Order {
  readonly url: string;
  readonly status: string;
  /** Values alone; empty where the CA does not repeat them. */
  readonly identifiers: readonly string[];
  readonly authorizations: readonly string[];
  readonly finalize: string;
  readonly certificate?: string;
  readonly error?: Problem;
  readonly expires?: string;
}

export interface OfferedChallenge {
  readonly type: string;
  readonly url: string;
  readonly status: string;
  readonly token: string;
  /** dns-persist-01: how the CA is named in DNS, and the account's URI where it is said. */
  readonly issuerDomainNames?: readonly string[];
  readonly accountUri?: string;
  readonly error?: Problem;
}

export interface Authorization {
  readonly url: string;
  /** The name as in the order, `*.` included. */
  readonly name: string;
  /** What is validated: without `*.`. */
  readonly identifier: string;
  readonly status: string;
  readonly challenges: readonly OfferedChallenge[];
}

type Json = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const strange = (what: string, url: string): Failure =>
  new Failure("unavailable", `the CA sent ${what} that cannot be understood (RFC 8555 §7.1): ${clean(url, 300)}`, {
    hints: ["run the command again later; if it stays so, the CA or a proxy in between is at fault"],
    facts: { code: "NOT_ACME", url: clean(url, 300) },
  });

const text = (record: Json, field: string): string => {
  const value = record[field];
  return typeof value === "string" ? value : "";
};

const maybeError = (record: Json): { readonly error?: Problem } =>
  isRecord(record["error"]) ? { error: readProblem(record["error"], 0) } : {};

export const readOrder = (reply: Reply, url: string): Order => {
  const data = isRecord(reply.data) ? reply.data : {};
  const listed: readonly unknown[] = Array.isArray(data["authorizations"]) ? data["authorizations"] : [];
  const named: readonly unknown[] = Array.isArray(data["identifiers"]) ? data["identifiers"] : [];
  const authorizations = listed.filter((entry) => typeof entry === "string");
  const [status, finalize, certificate, expires] = ["status", "finalize", "certificate", "expires"].map((field) =>
    text(data, field),
  );
  if (!status || !finalize || authorizations.length !== listed.length) throw strange("an order", url);
  return {
    url,
    status: clean(status, 40),
    identifiers: named.filter(isRecord).map((entry) => clean(text(entry, "value"), 253)),
    authorizations,
    finalize,
    ...(certificate ? { certificate } : {}),
    ...(expires && !Number.isNaN(Date.parse(expires)) ? { expires } : {}),
    ...maybeError(data),
  };
};

const persistent = (entry: Json): Pick<OfferedChallenge, "issuerDomainNames" | "accountUri"> => {
  const names = entry["issuer-domain-names"];
  const uri = text(entry, "accounturi");
  return {
    ...(Array.isArray(names) ? { issuerDomainNames: names.filter((name) => typeof name === "string") } : {}),
    ...(uri === "" ? {} : { accountUri: uri }),
  };
};

const readChallenges = (data: unknown): readonly OfferedChallenge[] =>
  (Array.isArray(data) ? (data as readonly unknown[]) : []).filter(isRecord).map((entry) => ({
    type: clean(text(entry, "type"), 60),
    url: text(entry, "url"),
    status: clean(text(entry, "status"), 40),
    token: text(entry, "token"),
    ...persistent(entry),
    ...maybeError(entry),
  }));

export const readAuthorization = (reply: Reply, url: string): Authorization => {
  const data = isRecord(reply.data) ? reply.data : {};
  const identifier = isRecord(data["identifier"]) ? clean(text(data["identifier"], "value"), 253) : "";
  const status = clean(text(data, "status"), 40);
  if (identifier === "" || status === "") throw strange("an authorization", url);
  return {
    url,
    identifier,
    name: data["wildcard"] === true ? `*.${identifier}` : identifier,
    status,
    challenges: readChallenges(data["challenges"]),
  };
};
