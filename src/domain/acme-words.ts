// Words of an ACME CA's that a person writes down: profiles, the preferred chain. Why one cannot be right, or undefined.

/** A short word of the CA's, such as a profile's name (draft-ietf-acme-profiles). */
export const caWordProblem = (text: string): string | undefined =>
  /^[\x21-\x7e]{1,64}$/.test(text) ? undefined : "is no word of a CA's";

/** A common name, or `sha256:` and the hash of a SubjectPublicKeyInfo. */
export const preferredChainProblem = (text: string): string | undefined => {
  if (text.trim() === "") return "is empty";
  if (!/^sha256:/i.test(text) || /^sha256:[0-9a-f]{64}$/i.test(text)) return undefined;
  return "is not sha256: with the 64 hexadecimal digits of a public key's hash";
};
