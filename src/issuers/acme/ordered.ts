// The CA may ask for proof of what was ordered and of nothing else (RFC 8555 §7.1.3, §7.1.4): each further question would cost a request and a wait.
import { Failure } from "../../domain/failure.ts";
import { canonicalIp } from "../../domain/ip.ts";
import { clean } from "../../domain/text.ts";
import type { Authorization, Order } from "./resources.ts";

const code = "NOT_ORDERED";

const refused = (message: string): Failure =>
  new Failure("unavailable", message, {
    hints: [
      "the CA, or a proxy in between, is at fault: nothing was proven to it; use another one, issuer: CA (--issuer CA), or run the command again later",
    ],
    facts: { code },
  });

const plain = (identifier: string): string => canonicalIp(identifier) ?? identifier.toLowerCase();

// A wildcard's authorization is for the name below the star (RFC 8555 §7.1.4).
const isOrdered = (identifier: string, names: readonly string[]): boolean =>
  names.some((name) => [name, name.replace(/^\*\./, "")].some((one) => plain(one) === plain(identifier)));

/** @throws Failure for an order for something else, or with more authorizations than names. */
export const refuseSurplus = ({ authorizations, identifiers, url }: Order, names: readonly string[]): void => {
  const foreign = identifiers.find((identifier) => !isOrdered(identifier, names));
  if (foreign !== undefined)
    throw refused(`the CA's order is for "${foreign}", too, which was not ordered: ${clean(url, 300)}`);
  if (authorizations.length <= names.length) return;
  throw refused(
    `the CA asks for ${authorizations.length} authorizations for ${names.length} ${names.length === 1 ? "name" : "names"} (RFC 8555 §7.1.3): ${clean(url, 300)}`,
  );
};

/** @throws Failure for an authorization of something that was not ordered. */
export const refuseStranger = ({ identifier, url }: Authorization, names: readonly string[]): void => {
  if (isOrdered(identifier, names)) return;
  throw refused(`the CA asks for proof of "${clean(identifier, 253)}", which was not ordered: ${clean(url, 300)}`);
};

/** @throws Failure for a new order that is none: it was finalized before, so its certificate is for another key (acme.md §2.3). */
export const refuseUsed = ({ status, url }: Order): void => {
  if (status !== "processing" && status !== "valid") return;
  throw refused(`the CA answered a new order with an old one, which is "${status}" already: ${clean(url, 300)}`);
};

/** Was it this? Such an order is not taken up again. */
export const isNotOrdered = (error: unknown): boolean => error instanceof Failure && error.facts?.["code"] === code;

/** The URL of an order that was made although its reply did not arrive whole (transport.ts tells it); undefined: none is known. */
export const lostOrder = (error: unknown): string | undefined => {
  const { location, url } = error instanceof Failure ? (error.facts ?? {}) : {};
  if (typeof location !== "string" || !URL.canParse(location) || typeof url !== "string") return undefined;
  // A portal's page with a Location of its own is no order.
  return new URL(location).origin === new URL(url).origin ? location : undefined;
};
