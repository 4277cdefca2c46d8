// Another ACME client that goes on renewing a certificate of ours: told by each setup until it is switched off.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { ImportClient } from "../domain/import-clients.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

export interface OtherClient {
  readonly client: ImportClient;
  /** What to do, a command or a sentence each. */
  readonly switchOff: readonly string[];
}

/** Those that keep a certificate for its first name and are run by a timer or a cron job. */
export const otherClients = async (
  world: World,
  { names: [main = ""] }: CertificateConfig,
): Promise<readonly OtherClient[]> => {
  const tools = await world.importing();
  const found: OtherClient[] = [];
  for (const client of await tools.present()) {
    const kept = await unlessFailure(() => tools.read(client, {}));
    if (kept instanceof Failure) continue;
    const mine = kept.lineages.filter(({ names }) => names.includes(main));
    const schedules = mine.length === 0 ? [] : await tools.schedules(client);
    if (schedules.length === 0) continue;
    // With others to look after it goes on, without this one.
    const switchOff =
      mine.length < kept.lineages.length
        ? await Promise.all(mine.map(({ name }) => tools.withoutLineage(client, kept.folder, name)))
        : schedules.map(({ command }) => command);
    found.push({ client, switchOff });
  }
  return found;
};
