// Proves control of each name of an order (RFC 8555 §7.5): publishes the tokens, asks the CA to look, waits, and always cleans up.
import type { Challenge, ChallengeToken } from "../../challenges/challenge.ts";
import { Failure } from "../../domain/failure.ts";
import type { Engine } from "./engine.ts";
import { refuseStranger } from "./ordered.ts";
import { lookAgain } from "./passing.ts";
import { type Patience, poll } from "./poll.ts";
import { ProblemError, shortType } from "./problem.ts";
import type { Provers } from "./provers.ts";
import { type Authorization, type OfferedChallenge, type Order, readAuthorization } from "./resources.ts";
import type { Reply } from "./transport.ts";
import { type Refusal, validationFailure } from "./validation-failure.ts";

export interface AuthorizeOptions {
  readonly engine: Engine;
  readonly order: Order;
  /** What was ordered. */
  readonly names: readonly string[];
  readonly provers: Provers;
  readonly patience: Patience;
  readonly step: (what: string) => void;
}

interface Task {
  readonly authorization: Authorization;
  readonly challenge: Challenge;
  readonly offered: OfferedChallenge;
  readonly token: ChallengeToken;
}

const refusal = (authorization: Authorization, challenge: string, webroot?: string): Refusal => {
  const failed = authorization.challenges.find((offered) => offered.error !== undefined);
  return {
    name: authorization.name,
    challenge: failed?.type ?? challenge,
    status: authorization.status,
    ...(webroot === undefined ? {} : { webroot }),
    ...(failed?.error === undefined ? {} : { problem: failed.error }),
  };
};

const taskFor = async (authorization: Authorization, { engine, provers }: AuthorizeOptions): Promise<Task> => {
  const { challenge, offered } = provers.choose(authorization);
  const { token: text, issuerDomainNames, accountUri } = offered;
  const token: ChallengeToken = {
    identifier: authorization.identifier,
    token: text,
    keyAuthorization: await engine.keyAuthorization(text),
    ...(issuerDomainNames === undefined ? {} : { issuerDomainNames }),
    ...(accountUri === undefined ? {} : { accountUri }),
  };
  return { authorization, challenge, offered, token };
};

const gather = async (o: AuthorizeOptions): Promise<readonly Task[]> => {
  const { engine, order, names, step } = o;
  const tasks: Task[] = [];
  const refused: Refusal[] = [];
  // One after the other: each reply brings the next request's nonce.
  for (const url of order.authorizations) {
    const look = (): Promise<Reply> => engine.api.apiRequest(url, null, [200]);
    const authorization = await lookAgain(look, (reply) => readAuthorization(reply, url), o.patience);
    refuseStranger(authorization, names);
    if (authorization.status === "valid") step(`${authorization.name}: already validated by the CA`);
    else if (authorization.status === "pending") tasks.push(await taskFor(authorization, o));
    else refused.push(refusal(authorization, "validation"));
  }
  if (refused.length > 0) throw validationFailure(refused);
  return tasks;
};

/** The CA had no part in it: another one would fare no better. */
const ours = (failure: Failure): Failure => {
  const { kind, message, hints, facts } = failure;
  return new Failure(kind, message, { hints, facts: { ...facts, here: true }, cause: failure });
};

/** Publishes the token; where that cannot be done here, that of the next way. What was begun goes into `begun`. */
const present = async (first: Task, o: AuthorizeOptions, begun: Task[]): Promise<Task> => {
  for (let task = first; ;) {
    begun.push(task);
    try {
      await task.challenge.present(task.token, o.patience.signal);
      return task;
    } catch (error) {
      if (!(error instanceof Failure) || o.patience.signal.aborted) throw error;
      const { authorization, offered } = task;
      if (!o.provers.failed(authorization, offered.type, error)) throw ours(o.provers.together(authorization, error));
      task = await taskFor(authorization, o);
    }
  }
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
    else refused.push(refusal(end, task.offered.type, task.challenge.webroot));
  }
  if (refused.length > 0) throw validationFailure(refused);
};

/** @throws Failure with each name that the CA refused, `try-later` when it is not done in time. */
export const authorize = async (o: AuthorizeOptions): Promise<void> => {
  const gathered = await gather(o);
  const begun: Task[] = [];
  try {
    // Together: each may have to wait until the world sees it. All end before the first failure is spoken of, so that clean-up finds everything.
    const presented = await Promise.allSettled(gathered.map((task) => present(task, o, begun)));
    for (const result of presented) if (result.status === "rejected") throw result.reason;
    const tasks = presented.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    await validate(tasks, o);
  } finally {
    for (const { challenge, token } of begun)
      await challenge.cleanUp(token).catch((error: unknown) => {
        // What went wrong before matters more than this; it is told, and not hidden behind it.
        o.step(`${token.identifier}: clean-up failed: ${error instanceof Error ? error.message : String(error)}`);
      });
  }
};
