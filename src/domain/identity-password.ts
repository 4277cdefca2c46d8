// The password of a client identity: one that can be read aloud, and what no person should choose.

/** What is not taken for something else, seen or heard over a bad line: no i, l, o, 0, 1. */
const alphabet = "abcdefghjkmnpqrstuvwxyz23456789";

const groups = 4;
const perGroup = 4;

/** 79 bits, as `k7mp-x2qd-9wtr-hb4n`. @param random octets that nobody can foretell */
export const newPassword = (random: (count: number) => Uint8Array): string => {
  const most = 256 - (256 % alphabet.length);
  let found = "";
  while (found.length < groups * perGroup) {
    // Octets at the end of the range would make the first letters likelier.
    for (const octet of random(groups * perGroup)) if (octet < most) found += alphabet[octet % alphabet.length] ?? "";
  }
  return (found.slice(0, groups * perGroup).match(/.{4}/g) ?? []).join("-");
};

/** Systems differ in how they write down anything else before they make a key of it (RFC 7292 appendix B.1, RFC 8018). */
export const typedAlike = (password: string): boolean => /^[\x20-\x7e]+$/.test(password);
