// Whether a generation on disk is what was issued: never switch to one that is not, and never go back to one.
import { readCertificate } from "../domain/certificate.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { targetOf } from "../domain/generation.ts";
import { keyMatches } from "../domain/key-match.ts";
import { type Decision, type Wish, decide } from "../domain/renew-decision.ts";
import { mayGoBackTo, mayStay } from "../domain/verdict.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import { fingerprintIfWaiting } from "./fingerprint.ts";
import { shellWord } from "../domain/shell-word.ts";
import { readableState, unlessFailure } from "./unless-failure.ts";
import { windowWish } from "./window-wish.ts";
import { requestChanged } from "./request-elsewhere.ts";
import { slotsOf } from "./served-certificate.ts";
import type { World } from "./world.ts";

/** Something else is where a file was, or it is no certificate any more. What may only not be looked at just now is no damage. */
const isDamage = ({ kind, facts }: Failure): boolean =>
  kind === "data" || ["EISDIR", "ENOTDIR", "ELOOP"].includes(String(facts?.["code"]));

const damageOf = async (world: World, name: string, generation: GenerationRecord): Promise<string | undefined> => {
  const seen = await unlessFailure(() => lookAt(world, name, generation));
  if (!(seen instanceof Failure)) return seen;
  if (isDamage(seen)) return seen.message;
  throw seen;
};

/** @throws Failure for what cannot be read. */
const lookAt = async (world: World, name: string, generation: GenerationRecord): Promise<string | undefined> => {
  const slots = slotsOf(generation);
  const damage = await world.store.damage(name, generation.number, slots);
  if (damage !== undefined) return damage;
  const files = await world.store.readGeneration(name, generation.number);
  const whole = slots.every((slot) => {
    const pair = files[slot];
    return (
      pair !== undefined &&
      // Where somebody else keeps the key, only the certificate is ours to look at.
      (pair.privateKey === undefined || keyMatches(pair.privateKey, pair.leaf)) &&
      readCertificate(pair.leaf).sha256 === generation.leaves[slot]?.sha256
    );
  });
  return slots.length > 0 && whole ? undefined : "its key and certificate do not belong together";
};

/** @throws Failure `data` when its files are not what was issued, whatever happened to them. */
export const checkGeneration = async (world: World, name: string, generation: GenerationRecord): Promise<void> => {
  const damage = await damageOf(world, name, generation);
  if (damage === undefined) return;
  const before = readableState(world, name)?.generations.some(
    ({ number, failed }) => number < generation.number && failed === undefined,
  );
  throw new Failure("data", `generation ${generation.number} of ${name} is damaged: ${damage}`, {
    hints: [
      `make a new one: mailcert renew --force ${shellWord(name)}`,
      ...(before ? [`or go back to the one before: mailcert rollback ${shellWord(name)}`] : []),
    ],
  });
};

/** What a run does about a certificate as its state is; one whose files are damaged since, to be deployed or live, is made anew. */
export const decideNow = async (
  world: World,
  certificate: CertificateConfig,
  state: CertificateState | undefined,
  wish: Wish,
): Promise<Decision> => {
  const seen = await fingerprintIfWaiting(world, certificate, state);
  const wanted = { ...windowWish(world, certificate), ...seen, ...wish };
  const decision = decide(certificate, state, wanted, world.now());
  const target = state && targetOf(state);
  if ((decision.action === "nothing" || decision.action === "deploy") && target) {
    const changed = await requestChanged(world, certificate, Object.values(target.leaves)[0]);
    if (changed !== undefined) return { action: "issue", why: changed };
  }
  if (!target || (decision.action !== "deploy" && decision.action !== "nothing")) return decision;
  const { name } = certificate;
  const lost =
    decision.action === "nothing" && state.parked !== true ? world.store.liveLoss(name, target.leaves) : undefined;
  if (decision.action === "nothing" && lost === undefined) return decision;
  const damaged = await damageOf(world, name, target);
  if (damaged !== undefined) return decide(certificate, state, { ...wanted, damaged }, world.now());
  // The generation is whole: what leads to it is not.
  return lost === undefined ? decision : { action: "deploy", why: `what is live is damaged: ${lost}` };
};

/** The newest generation before `number` that may be served again and is whole; where there is none, what the servers had until now. */
export const generationBefore = async (
  world: World,
  state: CertificateState,
  number: number,
): Promise<GenerationRecord | undefined> => {
  const before = state.generations.filter((generation) => generation.number < number).toReversed();
  const good = before.filter((generation) => mayGoBackTo(state, generation, world.now()));
  const served = before.filter((generation) => !good.includes(generation) && mayStay(state, generation, world.now()));
  for (const generation of [...good, ...served]) {
    const damage = await damageOf(world, state.name, generation).catch((error: unknown) => {
      if (error instanceof Failure) return error.message;
      throw error;
    });
    if (damage === undefined) return generation;
    world.step(`${state.name}: generation ${generation.number} cannot be served again: ${damage}`);
  }
  return undefined;
};
