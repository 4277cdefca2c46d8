// What deploy --remove took out of the servers' settings, for people and as JSON.
import type { Removal } from "../usecases/remove.ts";
import { findingsText } from "./findings-text.ts";

/** Settings that several share are told with one of them. */
const isLeft = ({ kept, findings }: Removal): boolean => kept.length + findings.length > 0;

/** What becomes of it, and the way back. `stays`: something that was to be taken out was not. */
const wayOn = ({ certificate, left }: Removal, stays: boolean): readonly string[] => {
  if (!left) {
    return [
      "  it is still renewed (by `mailcert renew`), and no server is touched; back into the servers:",
      `    mailcert deploy ${certificate}`,
    ];
  }
  const { again, folder } = left;
  const first = stays ? " once no server reads it any more" : "";
  return [
    "  it is not in the configuration: nothing renews it",
    ...(again === undefined ? [] : [`  to have it renewed again: ${again}`]),
    `  to forget it${first}: rm -r ${folder}`,
  ];
};

const oneText = (one: Removal, stays: boolean): string => {
  const { certificate, reverted, kept, reloaded, restarted = [], findings, dryRun, left } = one;
  if (reverted.length + kept.length + findings.length === 0)
    return [`${certificate}: no server's settings were changed for it`, ...(left ? wayOn(one, stays) : [])].join("\n");
  return [
    `${certificate}: ${dryRun ? "would be taken out of the servers" : "taken out of the servers"}`,
    ...reverted.map((what) => `  ${what}`),
    ...kept.map((what) => `  left alone: ${what}`),
    ...reloaded.map((id) =>
      restarted.includes(id) ? `  ${id} restarted where needed, which ends its sessions` : `  ${id} reloaded`,
    ),
    ...(dryRun ? [] : wayOn(one, stays)),
    ...(findings.length > 0 ? ["", findingsText(findings)] : []),
  ].join("\n");
};

export const removalText = (results: readonly Removal[]): string =>
  results.map((one) => oneText(one, results.some(isLeft))).join("\n\n") || "nothing was deployed on this host";

/** Something could not be taken out. */
export const hasTrouble = (results: readonly Removal[]): boolean => results.some(({ findings }) => findings.length > 0);

export const removalDocument = (results: readonly Removal[]): object => ({
  schema: "mailcert.remove/1",
  ok: !hasTrouble(results),
  certificates: results,
});
