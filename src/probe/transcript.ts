// Writes down both sides of a conversation up to TLS. Nothing secret is ever said there: the probe never logs in.
import type { Socket } from "node:net";
import { type TranscriptLine, transcriptLines } from "../domain/transcript.ts";
import type { OpenConversation } from "./conversation.ts";

export interface Recorder {
  /** Hears what comes, until the conversation is detached, and what is said through the returned one. */
  listen(socket: Socket, conversation: OpenConversation): OpenConversation;
  /** What the server says when the conversation is over. */
  hear(bytes: Buffer): void;
  lines(): readonly TranscriptLine[];
}

export const createRecorder = (): Recorder => {
  const parts: { readonly from: TranscriptLine["from"]; readonly bytes: Uint8Array }[] = [];
  const hear = (bytes: Buffer): void => void parts.push({ from: "server", bytes });
  return {
    // Every member by its name: a further way to write must be written down too.
    listen: (socket, conversation) => {
      socket.on("data", hear);
      return {
        readLine: () => conversation.readLine(),
        readBytes: (size) => conversation.readBytes(size),
        readUntil: (marker, max) => conversation.readUntil(marker, max),
        write: (bytes) => {
          parts.push({ from: "client", bytes });
          return conversation.write(bytes);
        },
        writeLine: (line) => {
          parts.push({ from: "client", bytes: Buffer.from(`${line}\r\n`, "latin1") });
          return conversation.writeLine(line);
        },
        pendingBytes: () => conversation.pendingBytes(),
        arrives: (ms) => conversation.arrives(ms),
        detach: () => {
          const rest = conversation.detach();
          socket.off("data", hear);
          return rest;
        },
      };
    },
    hear,
    lines: () => transcriptLines(parts),
  };
};
