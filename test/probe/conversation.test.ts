// The line reader: whole lines whatever the pieces, and its limits.
import { getEventListeners } from "node:events";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { openConversation } from "../../src/probe/conversation.ts";

const open = () => {
  const stream = new PassThrough();
  const stop = new AbortController();
  return { stream, stop, conversation: openConversation(stream, stop.signal) };
};

test("CRLF and bare LF end a line; bytes are latin1", async () => {
  const { stream, conversation } = open();
  stream.write(Buffer.from("a\r\nb\nm\xfc\r\n", "latin1"));
  expect([await conversation.readLine(), await conversation.readLine(), await conversation.readLine()]).toEqual([
    "a",
    "b",
    "mü",
  ]);
});

test("a line of 4 KiB passes, a longer one does not, ended or not", async () => {
  const fits = open();
  fits.stream.write(`${"x".repeat(4094)}\r\n`);
  expect(await fits.conversation.readLine()).toHaveLength(4094);
  for (const text of [`${"x".repeat(4200)}\r\n`, "x".repeat(4200)]) {
    const { stream, conversation } = open();
    stream.write(text);
    await expect(conversation.readLine()).rejects.toMatchObject({
      reason: "protocol",
      message: "a line of more than 4 KiB",
    });
  }
});

test("64 lines a reply, counted anew after each command", async () => {
  const { stream, conversation } = open();
  stream.write("x\r\n".repeat(64));
  for (let line = 0; line < 64; line += 1) await conversation.readLine();
  await expect(conversation.readLine()).rejects.toMatchObject({
    reason: "protocol",
    message: "a reply of more than 64 lines",
  });
  await conversation.writeLine("NEXT");
  stream.write("y\r\n");
  // A PassThrough gives back what is written to it.
  expect([await conversation.readLine(), await conversation.readLine()]).toEqual(["NEXT", "y"]);
});

test("64 KiB in all", async () => {
  const { stream, conversation } = open();
  stream.write(`${"x".repeat(4000)}\r\n`.repeat(20));
  const reading = (async () => {
    for (;;) await conversation.readLine();
  })();
  await expect(reading).rejects.toMatchObject({ reason: "protocol", message: "the server sent more than 64 KiB" });
});

test("literals", async () => {
  const { stream, conversation } = open();
  stream.write("ab\r\nc\r\n");
  expect((await conversation.readBytes(3)).toString()).toBe("ab\r");
  await expect(conversation.readBytes(1 << 20)).rejects.toMatchObject({ reason: "protocol" });
});

test("the end of the stream and the deadline are told apart; what came before is still read", async () => {
  const closed = open();
  closed.stream.end("last\r\n");
  expect(await closed.conversation.readLine()).toBe("last");
  await expect(closed.conversation.readLine()).rejects.toMatchObject({ reason: "closed" });
  const late = open();
  const reading = late.conversation.readLine();
  late.stop.abort();
  await expect(reading).rejects.toMatchObject({ reason: "timeout" });
});

test("arrives: something to read, nothing within the time, or the end", async () => {
  const { stream, conversation } = open();
  expect(await conversation.arrives(5)).toBe(false);
  stream.write("x");
  expect(await conversation.arrives(1000)).toBe(true);
  const closed = open();
  closed.stream.end();
  expect(await closed.conversation.arrives(1000)).toBe(true);
});

test("detach gives back what was not read", async () => {
  const { stream, conversation } = open();
  stream.write("line\r\nrest");
  await conversation.readLine();
  expect(conversation.detach().toString()).toBe("rest");
});

test("a signal that outlives the stream lets go of it", async () => {
  const { stream, stop } = open();
  expect(getEventListeners(stop.signal, "abort")).toHaveLength(1);
  const closed = new Promise((resolve) => stream.once("close", resolve));
  stream.destroy();
  await closed;
  expect(getEventListeners(stop.signal, "abort")).toEqual([]);
});
