// Names as somebody else wrote them (in a certificate, in DNS), to be compared and shown: nothing that is not the very name may become equal to it.

/** Code points that stand as they are: what is printable in ASCII, but for the backslash that says otherwise. */
const plain = /^[\u0021-\u005b\u005d-\u007e]*$/;

/**
 * The name in at most `max` characters: what is no printable ASCII as zone files write it (RFC 1035 §5.1: `\010`), an ellipsis where it was cut.
 * A NUL or a line break in a name stays visible so, and the name matches nothing.
 */
export const foreignName = (text: string, max = 300): string => {
  const bounded = text.slice(0, max + 1);
  const shown = plain.test(bounded)
    ? bounded
    : Array.from(bounded, (one) => {
        if (plain.test(one)) return one;
        const code = one.codePointAt(0) ?? 0;
        return code < 256 ? `\\${String(code).padStart(3, "0")}` : `\\u{${code.toString(16)}}`;
      }).join("");
  return shown.length > max ? `${shown.slice(0, max - 1)}…` : shown;
};
