// How an observation ends where the handshake did not come about.
import type { EntryPoint } from "../domain/entry-point.ts";
import { Stop } from "./stop.ts";
import { handshakeWords } from "./tls-words.ts";

/** A port is open, and what is to speak there does not come: alike whoever speaks first. */
export const mute = ({ protocol }: EntryPoint): string =>
  `the server takes the connection and then says nothing (neither ${protocol} nor TLS)`;

export const handshakeStop = (
  result: { kind: "closed" | "reset" | "timeout" } | { kind: "failed"; code: string; message: string },
  entry: EntryPoint,
  received: number,
): Stop => {
  if (result.kind === "failed") return new Stop("handshake", "tls", handshakeWords(result.code, result.message));
  // After a go-ahead this is a broken promise, not a TLS disagreement.
  const stage = entry.mode === "starttls" && received === 0 ? "starttls" : "handshake";
  const where = stage === "starttls" ? "after its go-ahead, before any word of TLS" : "during the TLS handshake";
  if (result.kind === "timeout")
    return new Stop(
      stage,
      "timeout",
      stage === "handshake" && received === 0 ? mute(entry) : `the server fell silent ${where}`,
    );
  return new Stop(
    stage,
    "closed",
    `the server ${result.kind === "reset" ? "reset" : "closed"} the connection ${where}`,
  );
};
