// What deploy --remove took out of the servers' settings, for people and as JSON.
import type { Removal } from "../usecases/remove.ts";

const oneText = (one: Removal): string => {
  const { certificate, reverted, kept, reloaded, dryRun } = one;
  if (reverted.length + kept.length === 0) return `${certificate}: no server's settings were changed for it`;
  return [
    `${certificate}: ${dryRun ? "would be taken out of the servers" : "taken out of the servers"}`,
    ...reverted.map((what) => `  ${dryRun ? "would take back" : "taken back"}: ${what}`),
    ...kept.map((what) => `  left alone, changed by somebody else since: ${what}`),
    ...reloaded.map((id) => `  ${id} reloaded`),
    ...(dryRun
      ? []
      : [`  timer runs keep renewing it and leave the servers alone; mailcert deploy ${certificate} puts it back`]),
  ].join("\n");
};

export const removalText = (results: readonly Removal[]): string =>
  results.map(oneText).join("\n\n") || "nothing was deployed on this host";

export const removalDocument = (results: readonly Removal[]): object => ({
  schema: "mailcert.remove/1",
  ok: true,
  certificates: results,
});
