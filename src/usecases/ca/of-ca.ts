// The certificates that a private CA signs: those of the configuration, and those that are kept here beside it.
import type { CertificateConfig } from "../../domain/certificate-config.ts";
import { namesIn, readableState } from "../unless-failure.ts";
import { liveGeneration } from "../live-generation.ts";
import type { World } from "../world.ts";

export interface OfCa {
  readonly name: string;
  readonly names: readonly string[];
  readonly bundle?: string;
  /** Its entry of the configuration. */
  readonly config?: CertificateConfig;
}

const isOf = ({ issuer }: CertificateConfig, ca: string): boolean => issuer.kind === "private-ca" && issuer.ca === ca;

export const certificatesOf = async (world: World, ca: string): Promise<readonly OfCa[]> => {
  const all = (await world.config.read())?.certificates ?? [];
  const configured = all
    .filter((one) => isOf(one, ca))
    .map((config) => ({
      name: config.name,
      names: config.names,
      ...(config.bundle === undefined ? {} : { bundle: config.bundle }),
      config,
    }));
  const others = namesIn(world.store).flatMap((name) => {
    if (all.some((one) => one.name === name)) return [];
    const state = readableState(world, name);
    const live = state && liveGeneration(world, name, state);
    const deployed = Object.keys(state?.deployments ?? {}).length > 0;
    return live && deployed && live.issuer === "private-ca" && live.authority === ca
      ? [{ name, names: live.names }]
      : [];
  });
  return [...configured, ...others];
};
