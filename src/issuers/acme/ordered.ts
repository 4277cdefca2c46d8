// The CA may ask for proof of what was ordered and of nothing else (RFC 8555 §7.1.3, §7.1.4): each further question would cost a request and a wait.
import { Failure } from "../../domain/failure.ts";
import { canonicalIp } from "../../domain/ip.ts";
import { clean } from "../../domain/text.ts";
import type { Authorization, Order } from "./resources.ts";

const code = "NOT_ORDERED";

const refused = (message: string): Failure =>
  new Failure("unavailable", message, {
    hints: [
      "the CA, or a proxy in between, is at fault: nothing was proven to it; use another one (--issuer), or run the command again later",
    ],
    facts: { code },
  });

const plain = (identifier: string): string => canonicalIp(identifier) ?? identifier.toLowerCase();

/** @throws Failure for an order with more authorizations than names. */
export const refuseSurplus = ({ authorizations, url }: Order, names: readonly string[]): void => {
  if (authorizations.length <= names.length) return;
  throw refused(
    `the CA asks for ${authorizations.length} authorizations for ${names.length} ${names.length === 1 ? "name" : "names"} (RFC 8555 §7.1.3): ${clean(url, 300)}`,
  );
};

/** @throws Failure for an authorization of something that was not ordered. */
export const refuseStranger = ({ identifier, url }: Authorization, names: readonly string[]): void => {
  // A wildcard's authorization is for the name below the star (RFC 8555 §7.1.4).
  if (names.some((name) => plain(name.replace(/^\*\./, "")) === plain(identifier))) return;
  throw refused(`the CA asks for proof of "${clean(identifier, 253)}", which was not ordered: ${clean(url, 300)}`);
};

/** Was it this? Such an order is not taken up again. */
export const isNotOrdered = (error: unknown): boolean => error instanceof Failure && error.facts?.["code"] === code;
