// A further CA for when the first one cannot: asked for the same thing in the same way, and never with what belongs to another CA.
import { acmeCaOf } from "./acme-directories.ts";
import type { AcmeSettings } from "./certificate-config.ts";

/**
 * The settings of `settings` at another CA. An account binding is one CA's: only the one that `other` has goes with it. `ca_file` is for
 * a CA of one's own; one that the whole world knows is reached by the system's roots, unless the first is such a one as well: then
 * the file is for what stands in between.
 */
export const sameElsewhere = (
  settings: AcmeSettings,
  other: Pick<AcmeSettings, "directory" | "ca" | "eab">,
): AcmeSettings => {
  const { ca: _ca, eab: _eab, caFile, ...rest } = settings;
  const { directory, ca, eab } = other;
  const trusts = acmeCaOf(directory) === undefined || acmeCaOf(settings.directory) !== undefined;
  return {
    ...rest,
    directory,
    ...(ca === undefined ? {} : { ca }),
    ...(eab === undefined ? {} : { eab }),
    ...(caFile === undefined || !trusts ? {} : { caFile }),
  };
};
