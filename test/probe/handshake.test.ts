// An OCSP answer that comes with the handshake is noticed, and so is its absence.
import { type AddressInfo, connect } from "node:net";
import { createSecureContext, createServer } from "node:tls";
import { expect, test } from "vitest";
import { handshake, tlsFacts } from "../../src/probe/handshake.ts";
import { makePki } from "../fakes/pki.ts";

test.each([true, false])("stapled: %s", async (stapled) => {
  const { served } = await makePki();
  const server = createServer(served);
  server.on("OCSPRequest", (_certificate, _issuer, done) => {
    // A server without an answer says so.
    if (stapled) done(null, Buffer.from("an answer"));
    else (done as (error: null, answer: null) => void)(null, null);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const { signal } = new AbortController();
  const result = await handshake(socket, { sni: "mail.example.org", context: createSecureContext(), signal });
  if (result.kind !== "done") throw new Error(`no handshake: ${result.kind}`);
  expect(tlsFacts(result.socket, result.stapled).stapled).toEqual(stapled ? Buffer.from("an answer") : undefined);
  result.socket.destroy();
  server.close();
});
