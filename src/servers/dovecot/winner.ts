// Which `local_name` block a client that asks for a name is served from: the blocks as `doveconf -n` prints them, by the rule of the generation.
import { dnsNameMatches } from "../../domain/name-match.ts";
import type { Generation } from "./generation.ts";

export interface NameScope {
  /** `mail.example.org`, `*.example.org`; 2.3 allows several. */
  readonly patterns: readonly string[];
}

const holdsFor = ({ patterns }: NameScope, name: string): boolean =>
  patterns.some((pattern) => pattern === name || dnsNameMatches(pattern, name));

/**
 * Scopes that set a certificate, in the order in which doveconf prints them: where the same name stands in two files, 2.4 goes by the first place and both by
 * the last value. undefined: none of them is for this name.
 */
export const winnerFor = <Scope extends NameScope>(
  scopes: readonly Scope[],
  name: string,
  { version }: Pick<Generation, "version">,
): Scope | undefined =>
  version === "2.3" ? scopes.find((one) => holdsFor(one, name)) : scopes.findLast((one) => holdsFor(one, name));
