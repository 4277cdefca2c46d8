// What deploy --remove took out of the servers' settings, for people and as JSON.
import type { Removal } from "../usecases/remove.ts";
import { findingsText } from "./findings-text.ts";

const oneText = (one: Removal): string => {
  const { certificate, reverted, kept, reloaded, findings, dryRun } = one;
  if (reverted.length + kept.length + findings.length === 0)
    return `${certificate}: no server's settings were changed for it`;
  return [
    `${certificate}: ${dryRun ? "would be taken out of the servers" : "taken out of the servers"}`,
    ...reverted.map((what) => `  ${what}`),
    ...kept.map((what) => `  left alone: ${what}`),
    ...reloaded.map((id) => `  ${id} reloaded`),
    ...(dryRun
      ? []
      : [
          "  it is still renewed, and no server is touched; back into the servers:",
          `    mailcert deploy ${certificate}`,
        ]),
    ...(findings.length > 0 ? ["", findingsText(findings)] : []),
  ].join("\n");
};

export const removalText = (results: readonly Removal[]): string =>
  results.map(oneText).join("\n\n") || "nothing was deployed on this host";

/** Something could not be taken out. */
export const hasTrouble = (results: readonly Removal[]): boolean => results.some(({ findings }) => findings.length > 0);

export const removalDocument = (results: readonly Removal[]): object => ({
  schema: "mailcert.remove/1",
  ok: !hasTrouble(results),
  certificates: results,
});
