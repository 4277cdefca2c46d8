// One certificate for each server: a second one would take the first one's place without a word.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { shellWord } from "../domain/shell-word.ts";
import type { Deployable } from "./entries.ts";
import { readableState } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** @throws Failure `config` when another certificate of the configuration is deployed to one of these servers. */
export const refuseSecond = async (
  world: World,
  certificate: CertificateConfig,
  found: readonly Deployable[],
): Promise<void> => {
  // Without a server there is nothing to take, and no need to read what every other certificate has.
  if (found.length === 0) return;
  const others = ((await world.config.read())?.certificates ?? []).filter(({ name }) => name !== certificate.name);
  for (const { name, names } of others) {
    const state = readableState(world, name);
    const taken = found.find(({ installation }) => state?.deployments[installation.id] && !state.parked);
    if (!taken) continue;
    throw new Failure(
      "config",
      `${taken.installation.id} serves the certificate ${name} already; mailcert gives each server one certificate`,
      {
        hints: [
          `put all names into one certificate: mailcert setup ${shellWord(names[0] ?? name)} --names ${shellWord([...names.slice(1), ...certificate.names].join(","))}`,
          `or keep ${certificate.name} off the servers of this host: servers: none (--server none)`,
        ],
      },
    );
  }
};

/** What a certificate that left the configuration had is this one's now: `status` must not tell of two. The caller holds the lock. */
export const takeOver = async (
  world: World,
  certificate: CertificateConfig,
  found: readonly Deployable[],
): Promise<void> => {
  if (found.length === 0) return;
  for (const name of world.store.list()) {
    if (name === certificate.name) continue;
    const state = readableState(world, name);
    const taken = found.filter(({ installation }) => state?.deployments[installation.id]);
    if (!state || taken.length === 0) continue;
    const left = Object.entries(state.deployments).filter(
      ([id]) => !taken.some(({ installation }) => installation.id === id),
    );
    await world.store.write({ ...state, deployments: Object.fromEntries(left) });
  }
};
