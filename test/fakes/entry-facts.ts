// Facts of one entry point as checks see them, made from a real chain and whatever a test says otherwise.
import type { EntryFacts } from "../../src/checks/check.ts";
import { readCertificate } from "../../src/domain/certificate.ts";
import { type EntryPoint, roleOf } from "../../src/domain/entry-point.ts";
import type { ClearDialogue, Observation } from "../../src/domain/observation.ts";
import type { Issued } from "./pki.ts";

export const clearDialogue: ClearDialogue = {
  greeting: "* OK ready",
  capabilities: ["STARTTLS", "LOGINDISABLED"],
  startTlsOffered: true,
  authInClear: [],
  startTlsReply: "a2 OK go",
  injectedBytes: 0,
};

export interface FactsOptions extends Partial<Omit<EntryFacts, "observation" | "chain">> {
  readonly entry?: Partial<EntryPoint>;
  readonly observation?: Partial<Observation>;
  readonly chain?: readonly Issued[];
  readonly verifyError?: string;
}

/** A healthy `imaps://mail.example.org:993`, except for what `options` says. */
export const entryFacts = (options: FactsOptions = {}): EntryFacts => {
  const { entry: entryOptions, observation, chain = [], verifyError, ...rest } = options;
  const entry: EntryPoint = {
    protocol: "imap",
    mode: "implicit",
    host: "mail.example.org",
    port: 993,
    ...entryOptions,
  };
  const facts = chain.map(({ der }) => readCertificate(der));
  return {
    observation: {
      entry,
      address: "192.0.2.1",
      local: false,
      chain: chain.map(({ der }) => der),
      ...(chain.length > 0
        ? {
            tls: {
              version: "TLSv1.3",
              cipher: "TLS_AES_256_GCM_SHA384",
              group: "X25519",
              ...(verifyError ? { verifyError } : {}),
            },
          }
        : {}),
      startedAt: new Date("2026-11-20T12:00:00Z"),
      durationMs: 12,
      ...observation,
    },
    role: roleOf(entry),
    chain: facts,
    // What OpenSSL says is all that is wrong, where a test does not say otherwise.
    ...(verifyError === undefined || facts.length === 0 ? {} : { path: { anchored: true, members: facts } }),
    demanded: true,
    now: new Date(),
    ...rest,
  };
};
