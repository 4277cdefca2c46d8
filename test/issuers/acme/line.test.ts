// The way to a CA: its connection is used again, and closed when nobody needs it, whatever the CA does.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { Server } from "node:https";
import type { Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createLines } from "../../../src/issuers/acme/line.ts";
import { createTransport } from "../../../src/issuers/acme/transport.ts";
import { type Page, startPage } from "../../fakes/acme-page.ts";

let page: Page | undefined;
afterEach(() => page?.stop());

/** A server that never closes a connection, as those in Go: each of its sockets. */
const serve = async (): Promise<{ readonly page: Page; readonly sockets: Set<Socket> }> => {
  const sockets = new Set<Socket>();
  page = await startPage((request, response) => {
    (request.socket as unknown as { readonly server: Server }).server.keepAliveTimeout = 0;
    sockets.add(request.socket);
    response.setHeader("content-type", "application/json");
    response.end("{}");
  });
  return { page, sockets };
};
const transportTo = async ({ url, caFile }: Page, idleMs?: number) =>
  createTransport({
    userAgent: "mailcert-test/1",
    now: () => new Date("2026-11-20T12:00:00Z"),
    signal: new AbortController().signal,
    timeoutMs: 30_000,
    maxBytes: 1000,
    step: () => undefined,
    line: createLines(idleMs)(url, await readFile(caFile, "utf8")),
  });

test("one connection serves one request after the other", async () => {
  const { page: ca, sockets } = await serve();
  const transport = await transportTo(ca);
  for (let n = 0; n < 5; n += 1) await transport.request(ca.url, "get");
  expect(sockets.size).toBe(1);
});

test("idle for long enough it is closed from here, and the next request has another", async () => {
  const { page: ca, sockets } = await serve();
  const transport = await transportTo(ca, 20);
  await transport.request(ca.url, "get");
  const [socket] = sockets;
  if (socket && !socket.closed) await once(socket, "close");
  expect((await transport.request(ca.url, "get")).status).toBe(200);
  expect(sockets.size).toBe(2);
});
