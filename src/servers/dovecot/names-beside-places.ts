// What keeps certificates by address off a Dovecot 2.3: blocks by name that somebody else wrote, and which clients would lose theirs without them.
import { dnsNameMatches } from "../../domain/name-match.ts";
import { isWildcard } from "../../domain/names.ts";
import { shellWord } from "../../domain/shell-word.ts";
import { clean } from "../../domain/text.ts";
import type { Override } from "../server.ts";
import type { foreignBlocks } from "./blocks.ts";
import type { Place } from "./files.ts";
import { type DovecotPlaces, addressesIn } from "./places.ts";
import { type ReadBackInput, asComment, patternsOf, placeIn } from "./scopes.ts";

/** A certificate by name, or everybody's, has it: with the block gone, clients that ask for it get that one. */
const isCovered = ({ main, bySni }: Pick<ReadBackInput, "main" | "bySni">, name: string): boolean => {
  const ours = [...(main ? [main] : []), ...bySni].flatMap(({ names }) => names.map((one) => one.toLowerCase()));
  return ours.includes(name) || (!isWildcard(name) && ours.some((one) => dnsNameMatches(one, name)));
};

/** Names of a block that no certificate of ours has. */
export const notOurs = (input: Pick<ReadBackInput, "main" | "bySni">, filters: readonly string[]): readonly string[] =>
  (patternsOf(filters) ?? []).filter((name) => !isCovered(input, name));

const placeWords = ({ path, line }: Place): string => `${path} line ${line}`;

/**
 * Both for one client end its connection (decision 0051). Where mailcert has the names the block may go; where it has not, somebody's domain would get a
 * certificate that does not name it: then nothing is offered but words.
 */
export const namesBesidePlaces = (
  input: ReadBackInput,
  places: DovecotPlaces,
  foreign: ReturnType<typeof foreignBlocks>,
): readonly Override[] => {
  const blocks = [...foreign].flatMap(([name, at]) => (at[0] ? [{ name, at, first: at[0] }] : []));
  const lost = blocks.filter(({ at }) => at.some(({ filters }) => notOurs(input, filters).length > 0));
  const addresses = new Map<string, string>();
  for (const address of addressesIn(places))
    for (const one of [places.whole.get(address), ...(places.partial.get(address)?.values() ?? [])])
      if (one && !addresses.has(one.name)) addresses.set(one.name, address);
  return [...addresses].flatMap(([certificate, address]) => {
    const override = ({ name, at, first }: (typeof blocks)[number], more = ""): Override => ({
      ...placeIn(input, first.filters, ["cert"]),
      scope: `local_name ${name}`,
      certificate,
      why: `${certificate} is not served at ${address}: Dovecot 2.3 ends the connection of a client that both \`local ${address}\` and \`local_name ${clean(name, 100)}\` (${placeWords(first)}${more}) are for, so that block keeps this one away`,
      edit: at.map(asComment),
    });
    const [kept, ...others] = lost;
    if (!kept) return blocks.map((one) => override(one));
    const [name = kept.name] = kept.at.flatMap(({ filters }) => notOurs(input, filters));
    const shown = clean(name, 100);
    const command = isWildcard(name) ? "in its configuration" : `mailcert setup ${shellWord(shown)}`;
    return [
      {
        ...override(kept, others.length > 0 ? `, and ${others.length} more such blocks` : ""),
        edit: [],
        mend: `no certificate of mailcert's has ${shown}: make one (${command}), and \`mailcert deploy --yes\` takes that block out; or take addresses: out of the entry ${certificate}; Dovecot 2.4 has both`,
      },
    ];
  });
};
