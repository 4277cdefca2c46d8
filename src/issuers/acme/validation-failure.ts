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
  /** The web server's folder that the token was put into. */
  readonly webroot?: string;
  /** It failed on this host, before the CA looked. */
  readonly why?: string;
}

const port = (challenge: string): number => (challenge === "tls-alpn-01" ? 443 : 80);

const answeredWrong = (name: string, challenge: string): string =>
  `something else answered on port ${port(challenge)} of ${name}: check that each of its A and AAAA records leads to this machine`;

const notShown = (name: string, webroot: string): string =>
  `the web server on port 80 of ${name} did not show what was put into ${webroot}/.well-known/acme-challenge: is that the folder of its root setting for this name? webroot: DIR (--webroot DIR) names another one`;

/** By problem type; `challenge`: the way that was tried. */
const advice: Readonly<Record<string, (name: string, challenge: string) => string>> = {
  connection: (name, challenge) =>
    `the CA must reach port ${port(challenge)} of ${name} from the Internet: check its A and AAAA records, the firewall, and port forwarding`,
  dns: (name) =>
    `check that ${name} has A or AAAA records that the whole Internet can look up, and that DNSSEC is in order`,
  unauthorized: answeredWrong,
  incorrectResponse: answeredWrong,
  caa: (name) => `the CAA records of ${name} or of a domain above it do not allow this CA: add it there`,
  tls: (name, challenge) =>
    challenge === "tls-alpn-01"
      ? `port 443 of ${name} does not answer the CA's handshake: check that it leads to this machine and that no proxy ends TLS before it`
      : `port 80 of ${name} redirects to HTTPS that the CA could not follow`,
};

const record = (name: string, challenge: string): string =>
  `${challenge === "dns-01" ? "_acme-challenge" : "_validation-persist"}.${name.replace(/^\*\./, "")}`;

/** Where the proof stands in DNS, port 80 is nobody's concern. */
const dnsAdvice: Readonly<Record<string, (name: string, challenge: string) => string>> = {
  dns: (name, challenge) =>
    `the CA could not look up ${record(name, challenge)}: each name server of the zone must answer the whole Internet, and DNSSEC must be in order (CAs validate it)`,
  unauthorized: (name, challenge) =>
    `the CA saw something else at ${record(name, challenge)} than this host did: look for a name server, or a view of the zone, that answers the Internet otherwise`,
};

const hintFor = ({ name, challenge, problem, webroot }: Refusal): readonly string[] => {
  if (problem === undefined) return [];
  const type = shortType(problem);
  const inDns = challenge.startsWith("dns-") ? own(dnsAdvice, type)?.(name, challenge) : undefined;
  const hint = inDns ?? own(advice, type)?.(name, challenge);
  const inFolder =
    webroot !== undefined && (type === "unauthorized" || type === "incorrectResponse") ? [notShown(name, webroot)] : [];
  return [...inFolder, ...(hint === undefined ? [] : [hint])];
};

export const validationFailure = (refusals: readonly Refusal[]): Failure => {
  const said = refusals.map(({ name, challenge, status, problem, why }) => {
    const given =
      problem === undefined ? `the authorization is "${status}", with no reason given` : describeProblem(problem);
    return `${name} (${challenge}): ${why ?? given}`;
  });
  const shown = said.length > 10 ? [...said.slice(0, 10), `and ${said.length - 10} more`] : said;
  const hints = refusals.flatMap(hintFor);
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
