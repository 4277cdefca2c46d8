// Which way each name is proven: the configured challenge types in order, without those that have failed for it in this issuance.
import type { Challenge, ChallengeDeps, ChallengeEntry } from "../../challenges/challenge.ts";
import type { AcmeSettings } from "../../domain/certificate-config.ts";
import { Failure } from "../../domain/failure.ts";
import type { Authorization, OfferedChallenge } from "./resources.ts";
import { type Refusal, refusalsOf, validationFailure } from "./validation-failure.ts";

export interface Chosen {
  readonly challenge: Challenge;
  readonly offered: OfferedChallenge;
}

export interface Provers {
  /** The first type that the CA offers, that can prove the name and has not failed for it. Types that nobody here knows are passed over. @throws Failure where there is none. */
  choose(authorization: Authorization): Chosen;
  /** A type failed for a name before the CA was asked. Is there another? */
  failed(authorization: Authorization, type: string, why: Failure): boolean;
  /** What to throw where there is none: `last`, with what failed before it. */
  together(authorization: Authorization, last: Failure): Failure;
  /** An order ended by refusals: whether a new one may go another way for each of these names. */
  again(error: unknown): boolean;
  /** What to say in the end: every way that was tried. */
  explained(error: unknown): unknown;
}

interface Prover {
  readonly challenge: Challenge;
  readonly refuses: ChallengeEntry["refuses"];
}

export const openProvers = async (
  settings: AcmeSettings,
  challenges: Readonly<Partial<Record<string, ChallengeEntry>>>,
  deps: ChallengeDeps,
): Promise<Provers> => {
  const provers: Prover[] = [];
  for (const type of settings.challenges) {
    const entry = challenges[type];
    if (entry === undefined) throw new Failure("config", `the challenge ${type} is not known`);
    provers.push({ challenge: (await entry.load())(settings, deps), refuses: (name) => entry.refuses(name) });
  }
  return createProvers(provers, deps.step);
};

export const createProvers = (provers: readonly Prover[], step: (what: string) => void): Provers => {
  /** By name: what failed, in the order of trying. */
  const tried = new Map<string, Refusal[]>();
  const hasFailed = (name: string, type: string): boolean =>
    tried.get(name)?.some(({ challenge }) => challenge === type) === true;
  const left = (name: string): readonly Prover[] =>
    provers.filter(({ challenge, refuses }) => !hasFailed(name, challenge.type) && refuses(name) === undefined);
  const note = (refusal: Refusal): void => {
    tried.set(refusal.name, [...(tried.get(refusal.name) ?? []), refusal]);
  };

  const choose = (authorization: Authorization): Chosen => {
    const { name } = authorization;
    for (const { challenge } of left(name)) {
      const offered = authorization.challenges.find(({ type }) => type === challenge.type);
      if (offered !== undefined) return { challenge, offered };
    }
    const before = tried.get(name);
    if (before !== undefined) throw validationFailure(before);
    const offers = authorization.challenges.map(({ type }) => type).join(", ") || "nothing";
    const ours = provers.map(({ challenge }) => challenge.type).join(" or ");
    throw new Failure("config", `the CA does not offer ${ours} for ${name}; it offers ${offers}`, {
      hints: [
        "prove it in a way that the CA offers, challenge: TYPE (--challenge TYPE), use another CA, issuer: CA (--issuer CA), or leave this name out",
      ],
    });
  };

  return {
    choose,
    failed: (authorization, type, why) => {
      const { name } = authorization;
      note({ name, challenge: type, status: "not tried", why: why.message });
      const other = left(name).some(({ challenge }) =>
        authorization.challenges.some((offered) => offered.type === challenge.type),
      );
      if (other) step(`${name}: ${type} cannot be used (${why.message}); the next way is tried`);
      return other;
    },
    together: ({ name }, last) => {
      const all = tried.get(name) ?? [];
      if (all.length < 2) return last;
      const said = all.map(({ challenge, why, problem }) => `${challenge}: ${why ?? problem?.detail ?? "refused"}`);
      const { hints, facts } = last;
      return new Failure(last.kind, `${name} cannot be proven: ${said.join("; ")}`, {
        hints,
        cause: last,
        ...(facts === undefined ? {} : { facts }),
      });
    },
    again: (error) => {
      const refused = refusalsOf(error).filter(({ name, challenge }) => !hasFailed(name, challenge));
      for (const refusal of refused) note(refusal);
      const other = refused.length > 0 && refused.every(({ name }) => left(name).length > 0);
      if (other) step(`${refused.map(({ name }) => name).join(", ")}: refused; a new order goes the next way`);
      return other;
    },
    explained: (error) => {
      const refused = refusalsOf(error);
      const several = refused.some(({ name }) => (tried.get(name)?.length ?? 0) > 1);
      return several ? validationFailure(refused.flatMap(({ name }) => tried.get(name) ?? [])) : error;
    },
  };
};
