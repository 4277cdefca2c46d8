// A Conversation over a socket: bounded line reader (64 lines of 4 KiB a reply, 64 KiB in all), latin1, never more than asked for.
import type { Duplex } from "node:stream";
import { ConversationError } from "../protocols/conversation-error.ts";
import type { Conversation } from "../protocols/protocol.ts";

const maxLine = 4096;
const maxLines = 64;
const maxTotal = 64 * 1024;

export interface OpenConversation extends Conversation {
  /** Stops reading and returns what was received and not read: the stream then belongs to someone else. */
  detach(): Buffer;
}

/** `signal` is the exchange's deadline (or the caller's stop): it ends every wait. */
export const openConversation = (stream: Duplex, signal: AbortSignal): OpenConversation => {
  let buffer: Buffer = Buffer.alloc(0);
  let ended: ConversationError | undefined;
  let wake: (() => void) | undefined;
  let total = 0;
  let lines = 0;

  const onData = (part: Buffer): void => {
    buffer = buffer.length === 0 ? part : Buffer.concat([buffer, part]);
    // A flood waits in the kernel, not in our memory.
    if (buffer.length > maxTotal) stream.pause();
    wake?.();
  };
  const end = (reason: "closed" | "timeout", message: string) => (): void => {
    ended ??= new ConversationError(reason, message);
    wake?.();
  };
  const onEnd = end("closed", "the server closed the connection");
  const onError = (error: NodeJS.ErrnoException): void => {
    end("closed", error.code === "ECONNRESET" ? "the server reset the connection" : "the connection broke")();
  };
  const onAbort = end("timeout", "no answer in time");
  stream.on("data", onData).on("end", onEnd).on("close", onEnd).on("error", onError);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  // A signal that outlives the stream would keep it, and what it received.
  const release = (): void => signal.removeEventListener("abort", onAbort);
  stream.once("close", release);

  /** Until `ready`, or the end of the stream. @returns whether it is ready. */
  const until = async (ready: () => boolean): Promise<boolean> => {
    while (!ready()) {
      if (ended || buffer.length > maxTotal) return false;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = undefined;
    }
    return true;
  };
  const take = (size: number): Buffer => {
    const part = buffer.subarray(0, size);
    buffer = buffer.subarray(size);
    total += size;
    if (total > maxTotal) throw new ConversationError("protocol", "the server sent more than 64 KiB");
    return part;
  };

  /** What comes up to and with `marker`, in at most `max` bytes. */
  const through = async (marker: string, max: number, tooLong: string): Promise<Buffer> => {
    let scanned = 0;
    let at = -1;
    const complete = await until(() => {
      at = buffer.indexOf(marker, scanned, "latin1");
      // The marker itself may come in pieces.
      scanned = Math.max(0, buffer.length - marker.length + 1);
      return at >= 0 || buffer.length >= max;
    });
    const size = at + marker.length;
    if (complete && (at < 0 || size > max)) throw new ConversationError("protocol", tooLong);
    if (!complete) throw ended ?? new ConversationError("protocol", "the server sent more than 64 KiB");
    return take(size);
  };
  const write = async (bytes: Uint8Array): Promise<void> => {
    lines = 0;
    if (ended) throw ended;
    stream.write(bytes);
  };

  return {
    readLine: async () => {
      lines += 1;
      if (lines > maxLines) throw new ConversationError("protocol", "a reply of more than 64 lines");
      const line = await through("\n", maxLine + 1, "a line of more than 4 KiB");
      // A bare LF ends a line too: some servers send it, and refusing it would help nobody.
      return line.toString("latin1").replace(/\r?\n$/, "");
    },
    readUntil: async (marker, max) =>
      (await through(marker, max, `more than ${max} bytes without "${marker}"`)).toString("latin1"),
    readBytes: async (size) => {
      if (size > maxTotal) throw new ConversationError("protocol", "a literal of more than 64 KiB");
      if (!(await until(() => buffer.length >= size))) {
        throw ended ?? new ConversationError("protocol", "the server sent more than 64 KiB");
      }
      return take(size);
    },
    writeLine: (line) => write(Buffer.from(`${line}\r\n`, "latin1")),
    write,
    pendingBytes: () => buffer.length,
    arrives: async (ms) => {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        wake?.();
      }, ms);
      await until(() => late || buffer.length > 0);
      clearTimeout(timer);
      return buffer.length > 0 || (ended !== undefined && ended.reason === "closed");
    },
    detach: () => {
      stream.pause();
      stream.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", onError);
      stream.off("close", release);
      release();
      // Bytes that the stream holds back while paused would be fed into the TLS engine: taken out with the rest.
      for (let part: unknown = stream.read(); part instanceof Buffer; part = stream.read())
        buffer = Buffer.concat([buffer, part]);
      return buffer;
    },
  };
};
