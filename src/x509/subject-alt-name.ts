// The subjectAltName extension from validated names, in the order given.
import { SubjectAlternativeNameExtension } from "@peculiar/x509";
import { isIpName } from "../domain/names.ts";

/** Critical only where the subject is empty (RFC 5280 §4.2.1.6). */
export const subjectAltName = (names: readonly string[], critical: boolean): SubjectAlternativeNameExtension =>
  new SubjectAlternativeNameExtension(
    names.map((name) => ({ type: isIpName(name) ? ("ip" as const) : ("dns" as const), value: name })),
    critical,
  );
