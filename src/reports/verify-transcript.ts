// What was said in clear at an entry point, for people: ready to paste, nothing in it that a terminal would obey.
import { entryUrl } from "../domain/entry-point.ts";
import type { VerifiedEntry } from "../domain/verify-result.ts";

/** Nothing where nobody asked for it. */
export const verifyTranscript = ({ entry, observation }: VerifiedEntry): readonly string[] => {
  const { transcript, address, tls, error } = observation;
  if (!transcript) return [];
  const head = `${entryUrl(entry)}${address === undefined ? "" : ` at ${address}`}`;
  if (transcript.length === 0 && entry.mode === "implicit") return [`${head}\n  (TLS starts at once)`];
  return [
    [
      head,
      ...transcript.map(({ from, text }) => `  ${from === "client" ? "C" : "S"}: ${text}`),
      `  (${tls ? "TLS starts" : `no TLS: ${error?.message ?? "nothing more"}`})`,
    ].join("\n"),
  ];
};
