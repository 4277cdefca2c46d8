// What deploy --remove took out of the servers' settings, for people and as JSON.
import type { Removal } from "../usecases/remove.ts";
import { findingsText } from "./findings-text.ts";

/** What becomes of it, and the way back. */
const wayOn = ({ certificate, left, kept, findings }: Removal): readonly string[] => {
  if (!left) {
    return [
      "  it is still renewed, and no server is touched; back into the servers:",
      `    mailcert deploy ${certificate}`,
    ];
  }
  const { again, folder } = left;
  const first = kept.length + findings.length > 0 ? " once no server reads it any more" : "";
  return [
    "  it is not in the configuration: nothing renews it",
    ...(again === undefined ? [] : [`  to have it renewed again: ${again}`]),
    `  to forget it${first}: rm -r ${folder}`,
  ];
};

const oneText = (one: Removal): string => {
  const { certificate, reverted, kept, reloaded, findings, dryRun, left } = one;
  if (reverted.length + kept.length + findings.length === 0)
    return [`${certificate}: no server's settings were changed for it`, ...(left ? wayOn(one) : [])].join("\n");
  return [
    `${certificate}: ${dryRun ? "would be taken out of the servers" : "taken out of the servers"}`,
    ...reverted.map((what) => `  ${what}`),
    ...kept.map((what) => `  left alone: ${what}`),
    ...reloaded.map((id) => `  ${id} reloaded`),
    ...(dryRun ? [] : wayOn(one)),
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
