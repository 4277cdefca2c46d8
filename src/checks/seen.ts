// What was seen of an entry point, for `applies`: the silence of a check about what nobody saw is no pass.
import { socketPath } from "../domain/entry-point.ts";
import type { EntryFacts } from "./check.ts";

/** A certificate, and it could be read. */
export const sawLeaf = ({ chain }: EntryFacts): boolean => chain.length > 0;

/** A certificate, whether or not it could be read. */
export const sawCertificate = ({ chain, observation }: EntryFacts): boolean =>
  chain.length > 0 || observation.chain.length > 0;

/** A handshake. */
export const sawTls = ({ observation }: EntryFacts): boolean => observation.tls !== undefined;

/** A connection, and what came of it. */
export const sawServer = ({ observation: { error } }: EntryFacts): boolean =>
  error?.stage !== "resolve" && error?.stage !== "connect";

/** A name that the server is known by: a unix socket has one where --sni gave it one. */
export const hasName = ({ observation: { entry, sni } }: EntryFacts): boolean =>
  socketPath(entry) === undefined || sni !== undefined;
