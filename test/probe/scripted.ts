// What the tests of the probe share: scripted servers that are closed after each test, and looks at them with a CA of their own.
import { afterEach, beforeAll } from "vitest";
import type { Mode, ProtocolName } from "../../src/domain/entry-point.ts";
import type { Observation } from "../../src/domain/observation.ts";
import type { ProbeOptions } from "../../src/probe/probe.ts";
import { createProbe } from "../../src/probe/tls-probe.ts";
import { type FakeServer, type Script, type ServerTls, startServer } from "../fakes/mail-server.ts";
import { type Pki, makePki } from "../fakes/pki.ts";

export interface Scripted {
  /** There from `beforeAll` on. */
  readonly pki: Pki;
  /** `tls`: default the CA's leaf and intermediate. */
  readonly serve: (script: Script, tls?: ServerTls) => Promise<FakeServer>;
  readonly look: (
    server: { readonly port: number },
    protocol: ProtocolName,
    mode: Mode,
    options?: Partial<ProbeOptions>,
  ) => Promise<Observation>;
}

export const scripted = (): Scripted => {
  let pki: Pki | undefined;
  const open: FakeServer[] = [];
  const probe = createProbe({ now: () => new Date() });
  beforeAll(async () => {
    pki = await makePki();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close()));
  });
  const made = (): Pki => {
    if (!pki) throw new Error("the CA is made before the tests");
    return pki;
  };
  return {
    get pki() {
      return made();
    },
    serve: async (script, tls = made().served) => {
      const server = await startServer(script, tls);
      open.push(server);
      return server;
    },
    look: ({ port }, protocol, mode, options = {}) =>
      probe(
        { protocol, mode, host: "mail.example.org", address: "127.0.0.1", port },
        { timeoutMs: 20_000, ehlo: "verifier.example.net", anchors: [made().root.pem], dialogue: "full", ...options },
      ),
  };
};
