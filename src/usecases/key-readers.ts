// Lets the servers of a certificate read its private keys: before `live` moves to a generation, its keys are readable for those who need them.
import { Failure } from "../domain/failure.ts";
import type { CertificateState } from "../store/store.ts";
import type { FoundServers } from "./entries.ts";
import { recordChange } from "./record-change.ts";
import type { World } from "./world.ts";

/** The group that these servers need; undefined: root's keys do. @throws Failure `config` where they would need two. */
const keyGroupOf = (
  name: string,
  before: string | undefined,
  { servers, notes }: FoundServers,
  stays: boolean,
): string | undefined => {
  const asked = servers.flatMap(({ installation: { id, keyGroup } }) =>
    keyGroup === undefined ? [] : [{ id, keyGroup }],
  );
  const [first] = asked;
  const other = asked.find(({ keyGroup }) => keyGroup !== first?.keyGroup);
  if (first && other) {
    throw new Failure(
      "config",
      `${first.id} reads keys as the group ${first.keyGroup} and ${other.id} as ${other.keyGroup}: the keys of ${name} can have one group only`,
      { hints: [`make a certificate for each of them, and name it there: servers: ${other.id}`] },
    );
  }
  // A server that could not be looked at now, or one that kept its settings, may be the one that the group is for.
  return first?.keyGroup ?? (notes.length > 0 || stays ? before : undefined);
};

/** The state with the group in it, for `grantKeys`. Nothing is changed yet. `stays`: settings of a server that is not named any more could not be taken back. */
export const withKeyGroup = (state: CertificateState, found: FoundServers, stays = false): CertificateState => {
  const { keyGroup: before, ...rest } = state;
  const keyGroup = keyGroupOf(state.name, before, found, stays);
  return keyGroup === undefined ? rest : { ...rest, keyGroup };
};

export const keyGroupWords = (group: string): string => `let the group ${group} read the private keys (mode 0640)`;

/** Writes a change of the group down, in the state too, then makes it so. */
export const grantKeys = async (world: World, state: CertificateState, before: string | undefined): Promise<void> => {
  const { name, keyGroup } = state;
  if (keyGroup !== before) {
    const what = keyGroup === undefined ? "only root reads the private keys" : keyGroupWords(keyGroup);
    await recordChange(world, {
      certificate: name,
      what,
      ...(keyGroup === undefined ? {} : { undo: `mailcert deploy --remove ${name}` }),
    });
    await world.store.write(state);
    world.step(`${name}: ${what}`);
  }
  // Readers that somebody else gave the keys are theirs to take away.
  if (keyGroup !== undefined || before !== undefined) await world.store.letRead(name, keyGroup);
};
