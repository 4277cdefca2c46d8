// What a probe sees of a fake server: its leaf behind a handshake, or that there is none.
import type { EntryPoint } from "../../src/domain/entry-point.ts";
import type { Observation } from "../../src/domain/observation.ts";

const der = (pem: string): Buffer =>
  Buffer.from(/-----BEGIN CERTIFICATE-----([^-]+)-----END/.exec(pem)?.[1] ?? "", "base64");

/** `pem`: the leaf, undefined where the server has none to show. */
export const observed = (
  entry: EntryPoint & { readonly address: string },
  pem: string | undefined,
  startedAt: Date,
): Observation => ({
  entry,
  address: entry.address,
  local: true,
  chain: pem === undefined ? [] : [der(pem)],
  startedAt,
  durationMs: 1,
  ...(pem === undefined
    ? { error: { stage: "handshake", reason: "tls", message: "no shared cipher" } }
    : {
        tls: {
          version: "TLSv1.3",
          cipher: "TLS_AES_256_GCM_SHA384",
          verifyError: "DEPTH_ZERO_SELF_SIGNED_CERT",
        },
      }),
});
