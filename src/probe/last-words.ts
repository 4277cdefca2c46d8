// A server that says go ahead and then cannot start TLS (Dovecot without a usable key) says so in clear and hangs up: no injection, for nothing follows it.
import type { Socket } from "node:net";
import { clean } from "../domain/text.ts";

/** `* BYE [UNAVAILABLE] TLS initialization failed.`, `-ERR [SYS/TEMP] ...`, `BYE "..."`: the start of a last word. */
const begins = /^(?:\* BYE|BYE|-ERR|421|454|554)[ -]/i;
const whole = /^(?:\* BYE|BYE|-ERR|421|454|554)[ -]*(?:[[(][^\])]*[\])] *)?([^\r\n]*)\r?\n$/i;
const maxBytes = 1024;
const waitMs = 1000;

/** Its words, where it is one line and the connection ends behind it; undefined: somebody goes on talking. `heard`: told of what comes besides. */
export const lastWords = async (
  socket: Socket,
  first: Buffer,
  heard: (bytes: Buffer) => void,
): Promise<string | undefined> => {
  if (!begins.test(first.toString("latin1"))) return undefined;
  let bytes = first;
  const ended = await new Promise<boolean>((resolve) => {
    const end = (is: boolean) => (): void => {
      clearTimeout(timer);
      socket.off("data", onData).off("end", onEnd).off("close", onEnd);
      resolve(is);
    };
    const onEnd = end(true);
    const onLate = end(false);
    const onData = (part: Buffer): void => {
      bytes = Buffer.concat([bytes, part]);
      heard(part);
      if (bytes.length > maxBytes) onLate();
    };
    const timer = setTimeout(onLate, waitMs);
    if (socket.readableEnded || socket.destroyed) return onEnd();
    socket.on("data", onData).on("end", onEnd).on("close", onEnd);
    socket.resume();
  });
  const words = ended ? whole.exec(bytes.toString("latin1"))?.[1]?.replace(/^"(.*)"$/, "$1") : undefined;
  return words === undefined ? undefined : clean(words, 200);
};
