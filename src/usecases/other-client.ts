// Another ACME client that goes on renewing a certificate of ours: told by each setup until it is switched off.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { ImportClient } from "../domain/import-clients.ts";
import { clean } from "../domain/text.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

export interface OtherClient {
  readonly client: ImportClient;
  /** What to do, a command or a sentence each. */
  readonly switchOff: readonly string[];
  /** What else it renews, and has to go on with. */
  readonly besides: readonly string[];
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
    const mine = kept.lineages.filter(({ names }) => names.includes(main)).map(({ name }) => name);
    const schedules = mine.length === 0 ? [] : await tools.schedules(client);
    if (schedules.length === 0) continue;
    // Also those that cannot be taken over: somebody is served by them.
    const besides = kept.renewed.filter((name) => !mine.includes(name)).map((name) => clean(name, 253));
    // With others to look after it goes on, without this one.
    const switchOff =
      besides.length > 0
        ? await Promise.all(mine.map((name) => tools.withoutLineage(client, kept.folder, name)))
        : schedules.map(({ command }) => command);
    found.push({ client, switchOff, besides });
  }
  return found;
};
