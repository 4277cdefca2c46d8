// Who vouches for a CA's HTTPS where the configuration does not have that CA any more: what the certificates that it issued were ordered with.
import type { AcmeSettings } from "../domain/certificate-config.ts";
import { readableState } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** The newest entry's word counts. */
export const withRecordedCaFile = (world: World, settings: AcmeSettings): AcmeSettings => {
  if (settings.caFile !== undefined) return settings;
  const files = world.store
    .list()
    .flatMap((name) => readableState(world, name)?.generations ?? [])
    .filter(({ authority }) => authority === settings.directory)
    .toSorted((one, other) => Date.parse(one.createdAt) - Date.parse(other.createdAt))
    .flatMap(({ entry }) => (typeof entry?.["ca_file"] === "string" ? [entry["ca_file"]] : []));
  const caFile = files.at(-1);
  return caFile === undefined ? settings : { ...settings, caFile };
};
