// The generation that clients get to see: the live one or, before the first switch, the staged one.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Slot } from "../domain/keys.ts";
import type { GenerationRecord, PublicSlot } from "../store/store.ts";
import type { World } from "./world.ts";

export interface BundledGeneration {
  readonly generation: GenerationRecord;
  /** At least one. */
  readonly slots: Readonly<Partial<Record<Slot, PublicSlot>>>;
}

/** @throws Failure `config` when there is none yet. */
export const bundledGeneration = async (world: World, { name }: CertificateConfig): Promise<BundledGeneration> => {
  const state = world.store.read(name);
  const number = world.store.liveNumber(name) ?? state?.target;
  const generation = state?.generations.find((one) => one.number === number);
  const slots = number === undefined ? {} : await world.store.readCertificates(name, number);
  if (generation === undefined || (slots.ecdsa ?? slots.rsa) === undefined) {
    throw new Failure("config", `there is no certificate for ${name} yet`, {
      hints: [`make it: mailcert issue ${name}`],
    });
  }
  return { generation, slots };
};
