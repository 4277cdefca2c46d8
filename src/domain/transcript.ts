// The bytes of a conversation in clear, as people can read and paste them: every control character shown, nothing that a terminal would obey.

export interface TranscriptLine {
  readonly from: "client" | "server";
  /** As sent, line end included: `STARTTLS\r\n` with the backslashes written out. A backslash is doubled. */
  readonly text: string;
}

const named: Readonly<Record<number, string>> = { 9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\" };

/** `\r\n`, `\t`, `\x1b`, `\\`; bytes above 126 as `\xfc`, for nobody knows their charset. */
export const visible = (bytes: Uint8Array): string =>
  Array.from(
    bytes,
    (byte) =>
      named[byte] ??
      (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`),
  ).join("");

interface Part {
  readonly from: TranscriptLine["from"];
  readonly bytes: Uint8Array;
}

/** Bytes of a side that are worth showing; a flood is named, not shown. */
const maxBytes = 16_384;

/** Split behind each line feed; the same whatever pieces the bytes came in. */
export const transcriptLines = (parts: readonly Part[]): readonly TranscriptLine[] => {
  const lines: TranscriptLine[] = [];
  let open: { from: TranscriptLine["from"]; bytes: Uint8Array[] } | undefined;
  let left = maxBytes;
  const close = (): void => {
    if (open) lines.push({ from: open.from, text: visible(Buffer.concat(open.bytes)) });
    open = undefined;
  };
  for (const { from, bytes } of parts) {
    if (open && open.from !== from) close();
    for (let start = 0; start < bytes.length;) {
      const feed = bytes.indexOf(10, start);
      const end = feed < 0 ? bytes.length : feed + 1;
      left -= end - start;
      if (left < 0) {
        close();
        return [...lines, { from, text: "... (more is not shown)" }];
      }
      open ??= { from, bytes: [] };
      open.bytes.push(bytes.subarray(start, end));
      if (feed >= 0) close();
      start = end;
    }
  }
  close();
  return lines;
};
