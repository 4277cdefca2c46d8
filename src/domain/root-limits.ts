// Whom an authority can vouch for, as it is written into it (RFC 5280 §4.2.1.10): what people fear when they import one.
import type { CertificateFacts } from "./certificate.ts";
import { readFields } from "./certificate-fields.ts";
import { readNameConstraints } from "./name-constraints.ts";
import { displayName } from "./names.ts";
import { extensions } from "./oids.ts";

/** As people write them; undefined: nothing limits it. */
export const limitsOf = (root: Pick<CertificateFacts, "der">): readonly string[] | undefined => {
  const value = readFields(root.der).extensions.get(extensions.nameConstraints);
  if (value === undefined) return undefined;
  const { domains, addresses } = readNameConstraints(value);
  return [...domains.map(displayName), ...addresses];
};
