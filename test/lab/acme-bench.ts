// A bench for faults: the ACME issuer with a proxy of its own before a Pebble that several share, waits that cost no time, and counts of what the CA gave.
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChallengeEntry } from "../../src/challenges/challenge.ts";
import type { AcmeSettings } from "../../src/domain/certificate-config.ts";
import { Failure } from "../../src/domain/failure.ts";
import { keyMatches } from "../../src/domain/key-match.ts";
import { findAccount } from "../../src/issuers/acme/account-store.ts";
import { type AcmeIssuerOptions, createAcmeIssuer } from "../../src/issuers/acme/index.ts";
import type { IssueRequest, IssuedChain, Issuer } from "../../src/issuers/issuer.ts";
import { generateKey } from "../../src/system/keys.ts";
import { type AcmeProxy, startAcmeProxy } from "../fakes/acme-proxy.ts";
import { makeServerTls } from "../fakes/acme-tls.ts";
import { noChallengeWorld } from "../fakes/challenge-world.ts";
import { usualAcme } from "../fakes/settings.ts";
import type { Pebble } from "./pebble.ts";

type Ask = Partial<Omit<IssueRequest<AcmeSettings>, "privateKey" | "request">> & { readonly privateKey?: string };

export interface Bench {
  readonly proxy: AcmeProxy;
  readonly state: string;
  readonly settings: AcmeSettings;
  /** The present as the issuer sees it. */
  readonly clock: { now: number };
  /** One key for all its certificates. */
  readonly privateKey: string;
  /** As a run of its own: a fresh issuer each. */
  readonly issuer: (over?: Partial<AcmeIssuerOptions>) => Issuer<AcmeSettings>;
  readonly issue: (over?: Ask, options?: Partial<AcmeIssuerOptions>) => Promise<IssuedChain>;
  /** The failure that it must end in. */
  readonly failing: (over?: Ask, options?: Partial<AcmeIssuerOptions>) => Promise<Failure>;
  /** URLs of the accounts that the CA made for us. */
  readonly accounts: () => readonly string[];
  /** Orders that the CA took. */
  readonly orders: () => number;
  /** Orders that the CA was told to issue for. */
  readonly finalized: () => number;
  /** The account that is stored here. */
  readonly account: () => Promise<string | undefined>;
  /** Orders remembered here. */
  readonly pending: () => Promise<number>;
  /** Challenges that are being shown. */
  readonly shown: () => number;
  readonly close: () => Promise<void>;
}

const identity = makeServerTls();

/** Waits cost at most this many milliseconds: the CA needs a moment for its own work. */
const realWaitMs = 5;

/** `pebble` must take every challenge for done: nothing listens here, so that benches can work side by side. */
export const openBench = async (pebble: Pebble): Promise<Bench> => {
  const proxy = await startAcmeProxy(pebble, await identity);
  const state = await mkdtemp(join(tmpdir(), "mailcert-faults-"));
  const clock = { now: Date.now() };
  const privateKey = await generateKey("ecdsa");
  let shown = 0;
  const showing: ChallengeEntry = {
    summary: "",
    refuses: () => undefined,
    load: async () => () => ({
      type: "http-01",
      present: async () => void (shown += 1),
      cleanUp: async () => void (shown -= 1),
    }),
  };
  const settings: AcmeSettings = {
    kind: "acme",
    directory: proxy.directory,
    agreeTos: true,
    email: "postmaster@example.com",
    caFile: proxy.caFile,
    ...usualAcme,
    httpAddress: "127.0.0.1:0",
  };
  let waited = 0;
  const issuer: Bench["issuer"] = (over = {}) =>
    createAcmeIssuer({
      challengeWorld: noChallengeWorld,
      stateDir: state,
      challenges: { "http-01": showing },
      now: () => new Date(clock.now),
      elapsed: () => waited,
      sleep: async (ms) => {
        clock.now += ms;
        waited += ms;
        await new Promise((resolve) => setTimeout(resolve, Math.min(ms, realWaitMs)));
      },
      userAgent: "mailcert-lab/1",
      ...over,
    });
  const issue: Bench["issue"] = (over = {}, options = {}) =>
    issuer(options).issue({
      names: ["mail.example.org"],
      algorithm: "ecdsa",
      privateKey,
      settings,
      now: new Date(clock.now),
      signal: new AbortController().signal,
      step: () => undefined,
      ...over,
    });
  const posted = (path: string) => proxy.seen.filter((request) => request.path.startsWith(path));
  const account: Bench["account"] = async () => (await findAccount(state, proxy.directory))?.record?.url;
  return {
    proxy,
    state,
    settings,
    clock,
    privateKey,
    issuer,
    issue: async (over, options) => {
      const issued = await issue(over, options);
      const key = over?.privateKey ?? privateKey;
      if (!keyMatches(key, issued.leaf)) throw new Error("a certificate for another key was handed out");
      return issued;
    },
    failing: async (over, options) => {
      const error: unknown = await issue(over, options).then(
        () => new Error("it went well"),
        (reason: unknown) => reason,
      );
      if (!(error instanceof Failure)) throw error;
      return error;
    },
    accounts: () => [...new Set(posted("/sign-me-up").flatMap(({ answered }) => answered?.location ?? []))],
    orders: () => posted("/order-plz").filter(({ answered }) => answered?.status === 201).length,
    finalized: () => posted("/finalize-order").filter(({ answered }) => answered?.status === 200).length,
    account,
    pending: async () => {
      const folder = (await findAccount(state, proxy.directory))?.folder;
      return folder === undefined ? 0 : (await readdir(join(folder, "orders")).catch(() => [])).length;
    },
    shown: () => shown,
    close: async () => {
      await proxy.stop();
      await rm(state, { recursive: true, force: true });
    },
  };
};
