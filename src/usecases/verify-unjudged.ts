// Checks that were named (--check) and had nothing to judge: their silence would be taken for a yes.
import type { Check } from "../checks/check.ts";
import type { Finding } from "../domain/finding.ts";
import type { VerifiedEntry } from "../domain/verify-result.ts";
import { wantedChecks } from "./judge.ts";
import type { VerifyRequest } from "./verify.ts";

/** What a check of that kind needs; the first that fits. */
const needs: readonly (readonly [ids: RegExp, what: string])[] = [
  [
    /^dane-/,
    "TLSA records are asked for port 25 (`smtp://HOST`), with a name server that answers, and not with --quick",
  ],
  [/^cert-expect$/, "say what is expected: --expect FILE or --expect sha256:HEX"],
  [/^cert-disk$/, "--expect live holds what is served against the certificate in the state folder"],
  [/^sts-|^mx-/, "name the mail domain: --mx DOMAIN"],
  [/^srv-/, "name the mail domain: --srv DOMAIN"],
  [
    /^st-/,
    "it is about STARTTLS: name an entry point that has it (`imap://HOST`, `submission://HOST`), and ask without --quick",
  ],
];

const usual = "leave it out of --check, or name an entry point that it is about";

const tell = (check: Check, { ofList }: Pick<VerifyRequest, "ofList">): Finding => ({
  check: check.id,
  severity: ofList ? "warning" : "fault",
  message: `nothing was judged: in what was looked at there is nothing for ${check.id} (${check.summary})`,
  hint: needs.find(([ids]) => ids.test(check.id))?.[1] ?? usual,
  reference: check.reference,
});

/** `whole`: ids of the checks that judged the whole. */
export const unjudged = (
  request: Pick<VerifyRequest, "check" | "skip" | "ofList">,
  entries: readonly VerifiedEntry[],
  whole: readonly string[],
): readonly Finding[] => {
  if (request.check === undefined) return [];
  // Where nothing was seen, what was in the way is told.
  if (entries.length > 0 && entries.every(({ observation, notOffered }) => notOffered || observation.error)) return [];
  const judged = new Set([...whole, ...entries.flatMap(({ checked }) => checked)]);
  const told = new Set(entries.flatMap(({ findings }) => findings.map(({ check }) => check)));
  return wantedChecks(request)
    .filter(({ id }) => !judged.has(id) && !told.has(id))
    .map((check) => tell(check, request));
};
