// A further CA for when the first one cannot: everything as there, but the CA.
import type { AcmeSettings } from "./certificate-config.ts";

/** The settings of `settings` at another CA. */
export const sameElsewhere = (
  settings: AcmeSettings,
  { directory, ca }: Pick<AcmeSettings, "directory" | "ca">,
): AcmeSettings => {
  const { ca: _ca, ...rest } = settings;
  return { ...rest, directory, ...(ca === undefined ? {} : { ca }) };
};
