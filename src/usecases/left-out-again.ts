// A name that was left out, resolves again and is not for us any more: the CA's no to it must not stop the others from being renewed.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { droppedNames } from "../domain/dropped-names.ts";
import { Failure } from "../domain/failure.ts";
import type { CertificateState } from "../store/store.ts";
import type { LivingNames } from "./dead-names.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

const listed = (value: unknown): readonly unknown[] | undefined =>
  Array.isArray(value) && value.length > 0
    ? (value as readonly ({ readonly name?: unknown } | null)[]).map((one) => one?.name)
    : undefined;

/** Those of `back` that the failure may be about. None where others are refused as well, or no name can be the reason. */
const refusedOf = (back: readonly string[], { facts = {} }: Failure): readonly string[] => {
  const { refused, forbidden, problem } = facts;
  const names = listed(refused) ?? listed(forbidden);
  if (names === undefined) return problem === undefined ? [] : back;
  return names.every((name) => back.some((one) => one === name)) ? back.filter((name) => names.includes(name)) : [];
};

const without = (living: LivingNames, refused: readonly string[], why: string): LivingNames => ({
  certificate: { ...living.certificate, names: living.certificate.names.filter((name) => !refused.includes(name)) },
  dropped: [...living.dropped, ...refused],
  findings: [
    ...living.findings,
    ...refused.map((name) => ({
      check: "name-dead",
      severity: "warning" as const,
      message: `${name}, which had been left out, resolves again, but the CA would not certify it, and it was left out again: ${why}`,
      hint: `make it lead to this host, and it is taken back within a day; or take ${name} out of the configuration`,
    })),
  ],
});

export interface Ordered<Result> {
  readonly living: LivingNames;
  readonly result: Result;
}

/**
 * The order, repeated without the names that it failed for where those had been left out before. `onlyFor`: it is placed for the sake of such
 * names alone, and without any of them there is nothing to order. @throws what `order` throws otherwise.
 */
export const orderedWithout = async <Result>(
  world: World,
  state: CertificateState,
  asked: CertificateConfig,
  living: LivingNames,
  order: (certificate: CertificateConfig) => Promise<Result>,
  { onlyFor = [] }: { readonly onlyFor?: readonly string[] } = {},
): Promise<Ordered<Result>> => {
  const result = await unlessFailure(() => order(living.certificate));
  if (!(result instanceof Failure)) return { living, result };
  const { names } = living.certificate;
  // Never the first one.
  const back = droppedNames(state, asked).filter((name) => names.includes(name) && name !== asked.names[0]);
  const refused = world.signal.aborted ? [] : refusedOf(back, result);
  const left = without(living, refused, result.message);
  const idle = onlyFor.length > 0 && !onlyFor.some((name) => left.certificate.names.includes(name));
  if (refused.length === 0 || idle) throw result;
  world.step(`${asked.name}: ordering again without ${refused.join(", ")}: ${result.message}`);
  return orderedWithout(world, state, asked, left, order, { onlyFor });
};
