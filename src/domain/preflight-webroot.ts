// What pre-flight says of a web server's folder: whether a token of our own in it was shown through port 80 as the CA would fetch it.
import type { Finding } from "./finding.ts";
import { groupBy } from "./group-by.ts";

/** A name to be validated, and where it leads. */
export interface WebHost {
  readonly name: string;
  readonly addresses: readonly string[];
}

/** One fetch through one address. */
export interface Fetched {
  readonly name: string;
  readonly address: string;
  /** `other`: something answered, and not with the token; `elsewhere`: it sends the CA to another host, which was not looked at. */
  readonly answer: "shown" | "other" | "elsewhere" | "refused" | "silent";
  /** What was answered instead, in a few words. */
  readonly why?: string;
}

/** At this host's own addresses no router stands in between that could answer otherwise from inside. */
const isProven = ({ answer, address }: Fetched, own: readonly string[]): boolean =>
  (answer === "other" || answer === "refused") && own.includes(address);

export const isWebrootStuck = (fetched: readonly Fetched[], own: readonly string[]): boolean =>
  fetched.some((one) => isProven(one, own));

const check = "preflight-webroot";

const said: Readonly<Record<Fetched["answer"], (why: string) => string>> = {
  shown: () => "",
  other: (why) => `does not show a token of our own from there: ${why}`,
  elsewhere: (why) => `sends the CA elsewhere, which was not looked at: ${why}`,
  refused: () => "refuses connections to port 80",
  silent: (why) => `did not answer on port 80${why === "" ? "" : `: ${why}`}`,
};

const hintFor = ({ answer }: Fetched, here: boolean): string => {
  if (!here || answer === "elsewhere")
    return "from inside a NAT that can be as it should be; look from outside, and at firewall and port forwarding";
  return answer === "refused"
    ? "start the web server that serves the folder, also for IPv6 where the name has an AAAA record"
    : "name the folder that the web server shows for this name, as it stands in its root setting (--webroot DIR), and let it serve /.well-known/acme-challenge/ from there";
};

const listed = (fetched: readonly Fetched[]): string => {
  const places = fetched.map(({ name, address }) => (name === address ? address : `${name} (${address})`));
  return places.length <= 4 ? places.join(", ") : `${places.slice(0, 4).join(", ")} and ${places.length - 4} more`;
};

/** `only`: no other challenge is configured that could do instead. */
export const webrootFindings = (
  webroot: string,
  fetched: readonly Fetched[],
  own: readonly string[],
  only: boolean,
): readonly Finding[] => {
  if (fetched.length === 0)
    return [
      { check, severity: "info", message: `http-01: ${webroot} can be written to; no address to fetch a token from` },
    ];
  const shown = fetched.filter(({ answer }) => answer === "shown");
  const causes = groupBy(
    fetched.filter(({ answer }) => answer !== "shown"),
    (one) => `${one.answer} ${one.why ?? ""} ${String(isProven(one, own))}`,
  );
  return [
    ...[...causes.values()].flatMap((same): readonly Finding[] => {
      const [first] = same;
      if (first === undefined) return [];
      const proven = isProven(first, own);
      const message = `http-01 with ${webroot}: ${listed(same)} ${said[first.answer](first.why ?? "")}`;
      const hint = hintFor(first, own.includes(first.address));
      return [{ check, severity: proven && only ? "fault" : "warning", message, hint }];
    }),
    ...(shown.length === 0
      ? []
      : [
          {
            check,
            severity: "ok" as const,
            message: `http-01: a token of our own in ${webroot} is shown by ${listed(shown)}`,
          },
        ]),
  ];
};
