// Proves control of each name of an order (RFC 8555 §7.5): publishes the tokens, asks the CA to look, waits, and always cleans up.
import type { Challenge, ChallengeToken } from "../../challenges/challenge.ts";
import { Failure } from "../../domain/failure.ts";
import type { Engine } from "./engine.ts";
import { refuseStranger } from "./ordered.ts";
import { type Patience, poll } from "./poll.ts";
import { ProblemError, shortType } from "./problem.ts";
import { type Authorization, type OfferedChallenge, type Order, readAuthorization } from "./resources.ts";
import type { Reply } from "./transport.ts";
import { type Refusal, validationFailure } from "./validation-failure.ts";

export interface AuthorizeOptions {
  readonly engine: Engine;
  readonly order: Order;
  /** What was ordered. */
  readonly names: readonly string[];
  readonly challenge: Challenge;
  readonly patience: Patience;
  readonly step: (what: string) => void;
}

interface Task {
  readonly authorization: Authorization;
  readonly offered: OfferedChallenge;
  readonly token: ChallengeToken;
}

const refusal = (authorization: Authorization, challenge: string): Refusal => {
  const failed = authorization.challenges.find((offered) => offered.error !== undefined);
  return {
    name: authorization.name,
    challenge: failed?.type ?? challenge,
    status: authorization.status,
    ...(failed?.error === undefined ? {} : { problem: failed.error }),
  };
};

/** The offered challenge of our type. Types that nobody here knows are passed over. */
const choose = (authorization: Authorization, type: string): OfferedChallenge => {
  const offered = authorization.challenges.find((candidate) => candidate.type === type);
  if (offered) return offered;
  const others = authorization.challenges.map((candidate) => candidate.type).join(", ") || "nothing";
  throw new Failure("config", `the CA does not offer ${type} for ${authorization.name}; it offers ${others}`, {
    hints: ["use a CA that offers it (--issuer), or leave this name out"],
  });
};

const gather = async ({ engine, order, names, challenge, step }: AuthorizeOptions): Promise<readonly Task[]> => {
  const tasks: Task[] = [];
  const refused: Refusal[] = [];
  // One after the other: each reply brings the next request's nonce.
  for (const url of order.authorizations) {
    const authorization = readAuthorization(await engine.api.apiRequest(url, null, [200]), url);
    refuseStranger(authorization, names);
    if (authorization.status === "valid") step(`${authorization.name}: already validated by the CA`);
    else if (authorization.status === "pending") {
      const offered = choose(authorization, challenge.type);
      const { token: text, issuerDomainNames, accountUri } = offered;
      const token: ChallengeToken = {
        identifier: authorization.identifier,
        token: text,
        keyAuthorization: await engine.keyAuthorization(text),
        ...(issuerDomainNames === undefined ? {} : { issuerDomainNames }),
        ...(accountUri === undefined ? {} : { accountUri }),
      };
      tasks.push({ authorization, offered, token });
    } else refused.push(refusal(authorization, challenge.type));
  }
  if (refused.length > 0) throw validationFailure(refused);
  return tasks;
};

/** Undefined while the CA is at it. */
const settled = (url: string) => (reply: Reply) => {
  const authorization = readAuthorization(reply, url);
  return authorization.status === "pending" || authorization.status === "processing" ? undefined : authorization;
};

/** Asks the CA to look. It may be at it already, because an earlier request was heard although its reply was lost. */
const begin = async ({ offered, authorization }: Task, engine: Engine): Promise<void> => {
  try {
    await engine.api.apiRequest(offered.url, {}, [200]);
  } catch (error) {
    if (!(error instanceof ProblemError) || shortType(error.problem) !== "malformed") throw error;
    const { url } = authorization;
    const now = readAuthorization(await engine.api.apiRequest(url, null, [200]), url);
    const same = now.challenges.find((candidate) => candidate.url === offered.url);
    if (now.status === "pending" && same?.status === "pending") throw error;
  }
};

const validate = async (tasks: readonly Task[], { engine, patience, step }: AuthorizeOptions): Promise<void> => {
  for (const task of tasks) {
    // A run that was killed may have asked already.
    if (task.offered.status !== "processing") await begin(task, engine);
  }
  const refused: Refusal[] = [];
  for (const task of tasks) {
    const { url, name } = task.authorization;
    const look = (): Promise<Reply> => engine.api.apiRequest(url, null, [200]);
    const end = await poll(`validating ${name}`, look, settled(url), patience);
    if (end.status === "valid") step(`${name}: validated (${task.offered.type})`);
    else refused.push(refusal(end, task.offered.type));
  }
  if (refused.length > 0) throw validationFailure(refused);
};

/** @throws Failure with each name that the CA refused, `try-later` when it is not done in time. */
export const authorize = async (o: AuthorizeOptions): Promise<void> => {
  const tasks = await gather(o);
  const begun: ChallengeToken[] = [];
  try {
    begun.push(...tasks.map(({ token }) => token));
    // Together: each may have to wait until the world sees it. All end before the first failure is spoken of, so that clean-up finds everything.
    const presented = await Promise.allSettled(begun.map((token) => o.challenge.present(token, o.patience.signal)));
    for (const result of presented) if (result.status === "rejected") throw result.reason;
    await validate(tasks, o);
  } finally {
    for (const token of begun)
      await o.challenge.cleanUp(token).catch((error: unknown) => {
        // What went wrong before matters more than this; it is told, and not hidden behind it.
        o.step(`${token.identifier}: clean-up failed: ${error instanceof Error ? error.message : String(error)}`);
      });
  }
};
