// The ACME issuer on loopback, for tests: one certificate from Pebble, with its notes and what was done for it.
import { challenges } from "../../src/challenges/index.ts";
import type { AcmeSettings } from "../../src/domain/certificate-config.ts";
import type { ForeignRequest } from "../../src/domain/subject-key.ts";
import { createAcmeIssuer } from "../../src/issuers/acme/index.ts";
import type { IssueRequest, IssuedChain } from "../../src/issuers/issuer.ts";
import { generateKey } from "../../src/system/keys.ts";
import { noChallengeWorld } from "../fakes/challenge-world.ts";
import { usualAcme } from "../fakes/settings.ts";
import type { Pebble } from "./pebble.ts";

export interface Issued extends IssuedChain {
  readonly steps: readonly string[];
}

export type IssueOnLoopback = (
  names: readonly string[],
  settings?: Partial<AcmeSettings>,
  request?: Partial<Omit<IssueRequest<AcmeSettings>, "settings" | "names" | "privateKey" | "request">> & {
    readonly privateKey?: string;
    readonly foreign?: ForeignRequest;
  },
) => Promise<Issued>;

/** A fresh issuer for each call, as each run of the program has one. */
export const issuerOnLoopback =
  (pebble: Pebble, state: string): IssueOnLoopback =>
  async (names, settings = {}, { privateKey, foreign, ...request } = {}) => {
    const steps: string[] = [];
    const issuer = createAcmeIssuer({
      stateDir: state,
      challenges,
      challengeWorld: noChallengeWorld,
      now: () => new Date(),
      elapsed: () => performance.now(),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      userAgent: "mailcert-lab/1",
    });
    const issued = await issuer.issue({
      names,
      algorithm: "ecdsa",
      ...(foreign === undefined
        ? { privateKey: privateKey ?? (await generateKey(request.algorithm ?? "ecdsa")) }
        : { request: foreign }),
      now: new Date(),
      signal: new AbortController().signal,
      step: (what) => void steps.push(what),
      ...request,
      settings: {
        kind: "acme",
        directory: pebble.directoryUrl,
        agreeTos: true,
        caFile: pebble.caFile,
        ...usualAcme,
        httpAddress: `127.0.0.1:${pebble.httpPort}`,
        tlsAlpnAddress: `127.0.0.1:${pebble.tlsPort}`,
        ...settings,
      },
    });
    return { ...issued, steps };
  };
