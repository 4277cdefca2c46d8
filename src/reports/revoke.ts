// What a revocation came to: what took the place of what is revoked, each certificate, and what a new key means for TLSA; and its JSON twin.
import { goOnCommand, goneHint } from "../domain/revocation.ts";
import type { RevokeResult } from "../usecases/revoke.ts";
import type { RevokedLeaf } from "../usecases/revoke-generations.ts";
import { deploymentDocument, deploymentText } from "./deployment.ts";
import { generationLine } from "./generation.ts";
import { hasFaults, preflightText } from "./preflight.ts";
import { textWidth, wrap } from "../domain/wrap.ts";

const leafText = ({ generation, slot, serial, outcome, by, message }: RevokedLeaf): string => {
  const which = `generation ${generation} ${slot}${serial === undefined ? "" : ` (serial ${serial})`}`;
  const words: Readonly<Record<RevokedLeaf["outcome"], string>> = {
    planned: "would be revoked",
    revoked: `revoked${by === "certificate-key" ? " by its own key" : ""}`,
    already: "was revoked already",
    expired: "has expired: there is nothing to revoke",
    gone: "its file is not here any more: NOT revoked, and valid still",
    failed: `NOT revoked: ${message ?? ""}`,
  };
  const also = outcome !== "failed" && message !== undefined ? `; ${message}` : "";
  return `  ${which}: ${words[outcome]}${also}`;
};

const keyNotes = ({ newKey, reason, outcome, sharing }: RevokeResult): readonly string[] => {
  if (!newKey) return [];
  const why =
    reason === "keyCompromise"
      ? "the private key is given up: no later renewal asks for it again"
      : "the account that it was issued to cannot be used from here, so its own key asks; CAs take that for a compromise and bar the key: no later renewal asks for it again";
  return [
    why,
    ...(outcome === "planned"
      ? [
          "a new key is made; where a signed TLSA record does not name it yet, the run stops there and shows what to publish",
        ]
      : []),
    ...sharing.map(
      (name) =>
        `${name} has the same key: the next renewal replaces it and revokes it, too (or now: mailcert renew ${name})`,
    ),
  ];
};

const tlsaText = ({ tlsa }: RevokeResult): readonly string[] =>
  tlsa.length === 0
    ? []
    : [
        "",
        "The key is a new one. Where TLSA records are published (DANE), these name it; take the old key's out:",
        ...tlsa.slice(0, 20).map((line) => `  ${line}`),
        ...(tlsa.length > 20 ? [`  (${tlsa.length - 20} more)`] : []),
      ];

const headline = ({ certificate, outcome, generation, reason, replaces }: RevokeResult): string => {
  const what = `generation ${generation.number} (${reason})`;
  if (outcome === "planned")
    return `${certificate}: would revoke ${what}${replaces ? ", after a new one is issued, deployed and proven" : ""}`;
  if (outcome === "revoked") return `${certificate}: revoked ${what}`;
  if (outcome === "unfinished")
    return `${certificate}: NOT everything is revoked of ${what}; later runs go on with the rest`;
  return `${certificate}: NOT revoked: what takes the place of ${what} is not proven everywhere`;
};

export const revokeText = (result: RevokeResult, now: Date): string => {
  const { certificate, outcome, replacement, revoked, reason } = result;
  const { deployed, issued } = replacement ?? {};
  return [
    headline(result),
    ...revoked.map(leafText),
    ...revoked
      .filter(({ outcome: one }) => one === "gone")
      .map((leaf) => wrap(goneHint(certificate, leaf), textWidth, "    -> ", "       ")),
    ...keyNotes(result).map((note) => wrap(note, textWidth, "  - ", "    ")),
    ...(outcome === "not-replaced"
      ? [`  -> mend what is said below, then: ${goOnCommand(certificate, { reason })}`]
      : []),
    ...(deployed
      ? ["", deploymentText(deployed, now)]
      : issued
        ? [`  in its place: ${generationLine(issued.generation, now)}`]
        : []),
    ...(result.findings ? ["", preflightText(result.findings)] : []),
    ...tlsaText(result),
  ].join("\n");
};

/** It was done and everybody was told, or would be. */
export const isWell = ({
  outcome,
  revoked,
  findings = [],
}: Pick<RevokeResult, "outcome" | "revoked" | "findings">): boolean =>
  (outcome === "planned" || outcome === "revoked") &&
  !hasFaults(findings) &&
  revoked.every(({ message }) => message === undefined);

export const revokeDocument = ({ outcome, replacement, ...result }: RevokeResult): object => ({
  schema: "mailcert.revoke/1",
  ok: isWell({ outcome, ...result }),
  outcome,
  ...result,
  ...(replacement?.issued ? { issued: replacement.issued.generation } : {}),
  ...(replacement?.deployed ? { deployed: deploymentDocument(replacement.deployed) } : {}),
});
