// Whom an authority can vouch for, as it is written into it (RFC 5280 §4.2.1.10): what people fear when they import one.
import type { CertificateFacts } from "../domain/certificate.ts";
import { readFields } from "../domain/certificate-fields.ts";
import { readNameConstraints } from "../domain/name-constraints.ts";
import { displayName } from "../domain/names.ts";
import { extensions } from "../domain/oids.ts";

/** As people write them; undefined: nothing limits it. */
export const limitsOf = (root: CertificateFacts): readonly string[] | undefined => {
  const value = readFields(root.der).extensions.get(extensions.nameConstraints);
  if (value === undefined) return undefined;
  const { domains, addresses } = readNameConstraints(value);
  return [...domains.map(displayName), ...addresses];
};
