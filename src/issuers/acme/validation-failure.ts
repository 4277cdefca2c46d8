// What the CA said about the names that it could not validate: each with its problem type and detail, and what to look at.
import { Failure } from "../../domain/failure.ts";
import { own } from "../../domain/own.ts";
import { type Problem, describeProblem, shortType } from "./problem.ts";

export interface Refusal {
  readonly name: string;
  /** The challenge that was tried. */
  readonly challenge: string;
  readonly status: string;
  readonly problem?: Problem;
  /** It failed on this host, before the CA looked. */
  readonly why?: string;
}

const port = (challenge: string): number => (challenge === "tls-alpn-01" ? 443 : 80);

const answeredWrong = (name: string, challenge: string): string =>
  challenge.startsWith("dns-")
    ? `the CA saw another record for ${name}: check that every name server of its zone has the present one`
    : `something else answered on port ${port(challenge)} of ${name}: check that each of its A and AAAA records leads to this machine`;

/** By problem type; `challenge`: the way that was tried. */
const advice: Readonly<Record<string, (name: string, challenge: string) => string>> = {
  connection: (name, challenge) =>
    `the CA must reach port ${port(challenge)} of ${name} from the Internet: check its A and AAAA records, the firewall, and port forwarding`,
  dns: (name, challenge) =>
    challenge.startsWith("dns-")
      ? `check that the zone of ${name} can be looked up by the whole Internet, and that DNSSEC is in order`
      : `check that ${name} has A or AAAA records that the whole Internet can look up, and that DNSSEC is in order`,
  unauthorized: answeredWrong,
  incorrectResponse: answeredWrong,
  caa: (name) => `the CAA records of ${name} or of a domain above it do not allow this CA: add it there`,
  tls: (name, challenge) =>
    challenge === "tls-alpn-01"
      ? `port 443 of ${name} does not answer the CA's handshake: check that it leads to this machine and that no proxy ends TLS before it`
      : `port 80 of ${name} redirects to HTTPS that the CA could not follow`,
};

export const validationFailure = (refusals: readonly Refusal[]): Failure => {
  const said = refusals.map(({ name, challenge, status, problem, why }) => {
    const given =
      problem === undefined ? `the authorization is "${status}", with no reason given` : describeProblem(problem);
    return `${name} (${challenge}): ${why ?? given}`;
  });
  const shown = said.length > 10 ? [...said.slice(0, 10), `and ${said.length - 10} more`] : said;
  const hints = refusals.flatMap(({ name, challenge, problem }) => {
    const hint = problem === undefined ? undefined : own(advice, shortType(problem));
    return hint === undefined ? [] : [hint(name, challenge)];
  });
  const [first] = refusals;
  return new Failure("unavailable", `the CA could not validate ${shown.join("; ")}`, {
    hints: [...new Set(hints)].slice(0, 5),
    facts: {
      ...(first?.problem === undefined ? {} : { problem: first.problem }),
      refused: refusals,
    },
  });
};

/** What a `validationFailure` is about; nothing for any other error. */
export const refusalsOf = (error: unknown): readonly Refusal[] =>
  error instanceof Failure ? ((error.facts?.["refused"] as readonly Refusal[] | undefined) ?? []) : [];

/** Was it this that ended an order? */
export const isRefusal = (error: unknown): boolean => refusalsOf(error).length > 0;
