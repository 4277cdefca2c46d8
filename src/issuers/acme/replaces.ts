// `replaces` of a new order (RFC 9773 §5): such a renewal is exempt from rate limits. Said only where the CA can know what it means, and never insisted on.
import { renewalInfoId } from "../../domain/ari-id.ts";
import type { IssueRequest } from "../issuer.ts";
import type { Account } from "./account.ts";
import type { Directory } from "./directory.ts";
import { type Problem, ProblemError, shortType } from "./problem.ts";

/** What an order says besides its names: nothing, or the certificate that it replaces. */
export interface Replacing {
  readonly replaces?: string;
}

/** Only for a leaf of this very account, at a CA whose directory lists renewalInfo: others refuse the whole order (win-acme #2814). */
export const replacingFor = (request: IssueRequest, directory: Directory, account: Account): Replacing => {
  const { replaces } = request;
  if (replaces === undefined || directory.renewalInfo === undefined || replaces.account !== account.record.url)
    return {};
  const id = renewalInfoId(replaces.leaf);
  return id === undefined ? {} : { replaces: id };
};

/** RFC 9773 §5 and §7.4: replaced already, or nothing that this CA could replace. Pebble says the latter with a 500, of each serial number that begins with a zero octet. */
const isAboutReplaces = (problem: Problem): boolean => {
  const type = shortType(problem);
  return (
    type === "alreadyReplaced" ||
    problem.status === 409 ||
    (type === "serverInternal" && /could not find an order for the given certificate/i.test(problem.detail)) ||
    ((type === "malformed" || type === "unauthorized" || problem.status === 404) &&
      /replac|renewal|\bari\b|cert/i.test(problem.detail))
  );
};

/** Places the order; where the CA does not take `replaces`, once more without it. */
export const placeReplacing = async <Order>(
  replacing: Replacing,
  place: (extra: Replacing) => Promise<Order>,
  step: (what: string) => void,
): Promise<Order> => {
  if (replacing.replaces === undefined) return place({});
  try {
    return await place(replacing);
  } catch (error) {
    if (!(error instanceof ProblemError) || !isAboutReplaces(error.problem)) throw error;
    step(`the order is placed again without replaces: ${error.problem.type}: ${error.problem.detail}`);
    return place({});
  }
};
