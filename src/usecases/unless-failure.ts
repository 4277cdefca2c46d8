// An expected failure as a value: what cannot be done for one must not keep the others from being done. Bugs are thrown on.
import { Failure } from "../domain/failure.ts";
import type { CertificateState } from "../store/store.ts";
import type { World } from "./world.ts";

export const unlessFailure = async <Result>(job: () => Promise<Result>): Promise<Result | Failure> => {
  try {
    return await job();
  } catch (failure) {
    if (failure instanceof Failure) return failure;
    throw failure;
  }
};

/** The state of a certificate that is not this run's subject: a damaged one is its own trouble. */
export const readableState = (world: Pick<World, "store">, name: string): CertificateState | undefined => {
  try {
    return world.store.read(name);
  } catch (failure) {
    if (failure instanceof Failure) return undefined;
    throw failure;
  }
};

/** Those of whom this user may know. */
export const namesIn = (store: World["store"]): readonly string[] => {
  try {
    return store.list();
  } catch (failure) {
    if (failure instanceof Failure) return [];
    throw failure;
  }
};
