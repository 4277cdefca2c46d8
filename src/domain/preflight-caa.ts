// What pre-flight says of CAA where it is no plain no: nobody could say, or all is well. One line for each cause.
import type { CaaVerdict } from "./caa.ts";
import type { Finding } from "./finding.ts";
import { groupBy } from "./group-by.ts";

interface Answer {
  readonly name: string;
  readonly lookup:
    | { readonly kind: "found" | "none" }
    | { readonly kind: "blocked"; readonly owner: string; readonly why: string }
    | { readonly kind: "unknown"; readonly why: string };
  readonly methods: readonly string[];
  readonly verdict?: CaaVerdict;
}

const check = "preflight-caa";

const listed = (names: readonly string[]): string =>
  names.length <= 6 ? names.join(", ") : `${names.slice(0, 6).join(", ")} and ${names.length - 6} more`;

/** What one answer says, without its name; undefined: nothing stands against it. */
const findingFor = ({ name, lookup, methods, verdict }: Answer): Omit<Finding, "check"> | undefined => {
  if (lookup.kind === "blocked")
    return {
      severity: "warning",
      message: `the CAA records cannot be had: ${lookup.owner} answers ${lookup.why}. An order is placed all the same; a CA that gets no other answer refuses it`,
      hint: `check the zone's name servers and its DNSSEC signatures, and this host's resolver: delv ${lookup.owner} CAA`,
      reference: "RFC 8659 3",
    };
  if (lookup.kind === "unknown")
    return {
      severity: "warning",
      // The name that was asked for stands at its beginning.
      message: `nobody could say whether there are CAA records (${lookup.why.replace(`${name}: `, "")})`,
      hint: "check this host's name servers (/etc/resolv.conf)",
    };
  if (verdict?.kind === "unknown") return { severity: "warning", message: verdict.why };
  if (verdict?.kind === "allowed" && verdict.methods.length < methods.length)
    return {
      severity: "info",
      message: `CAA allows ${verdict.methods.join(", ")} only`,
      reference: "RFC 8657 4",
    };
  return undefined;
};

/** `title`: the CA, for people. Names that CAA forbids are told of elsewhere. */
export const caaFindings = (title: string, answers: readonly Answer[]): readonly Finding[] => {
  const judged = answers
    .filter(({ verdict }) => verdict?.kind !== "forbidden")
    .map((answer) => ({ name: answer.name, said: findingFor(answer) }));
  const causes = groupBy(
    judged.filter(({ said }) => said !== undefined),
    ({ said }) => said?.message,
  );
  const findings = [...causes.values()].flatMap((same): readonly Finding[] => {
    const said = same[0]?.said;
    const names = listed(same.map(({ name }) => name));
    return said === undefined ? [] : [{ check, ...said, message: `${names}: ${said.message}` }];
  });
  const allowed = judged.filter(({ said }) => said === undefined).map(({ name }) => name);
  if (allowed.length === 0) return findings;
  return [...findings, { check, severity: "ok", message: `CAA lets ${title} issue for ${listed(allowed)}` }];
};
