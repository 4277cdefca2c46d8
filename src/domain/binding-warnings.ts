// CAs that would be asked when the first one cannot, and would take no new account as they are configured.
import { acmeCaOf } from "./acme-directories.ts";
import { caTitle } from "./ca-failures.ts";
import type { CertificateConfig } from "./certificate-config.ts";

/** One sentence for each CA; an account that is there already would do, which only the state folder knows. */
export const bindingWarnings = (certificates: readonly CertificateConfig[]): readonly string[] => {
  const lacking = certificates.flatMap(({ name, fallbacks }) =>
    fallbacks
      .filter(({ directory, eab }) => eab === undefined && acmeCaOf(directory)?.needsAccountBinding === true)
      .map((settings) => ({ name, ca: caTitle(settings) })),
  );
  return [...new Set(lacking.map(({ ca }) => ca))].map((ca) => {
    const names = lacking.filter((one) => one.ca === ca).map(({ name }) => name);
    const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
    return `${names.slice(0, 3).join(", ")}${more}: ${ca} takes a new account only with an account binding, and eab: has none for it (RFC 8555 §7.3.4)`;
  });
};
