// What status finds of one certificate by its state alone: what is served and should not be, and names that were left out.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { Finding } from "../domain/finding.ts";
import { condemned, goOnCommand } from "../domain/revocation.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import type { World } from "./world.ts";

/** What is served and has to be replaced at once; out of the configuration, by a server. */
export const condemnedFindings = (
  world: World,
  config: CertificateConfig | undefined,
  state: CertificateState | undefined,
  live: GenerationRecord | undefined,
): readonly Finding[] => {
  const served = live && !state?.parked && (config !== undefined || Object.keys(state?.deployments ?? {}).length > 0);
  const why = state && served ? condemned(state, live, world.now()) : undefined;
  if (!state || !live || why === undefined) return [];
  const pending = state.revocation;
  return [
    {
      check: "revoke-served",
      severity: "fault",
      message: `generation ${live.number} of ${state.name} is served, although ${why}`,
      hint: pending ? `go on: ${goOnCommand(state.name, pending)}` : `replace it: mailcert renew ${state.name}`,
    },
  ];
};

/** Those that are asked for still. */
export const deadFindings = (
  target: GenerationRecord | undefined,
  config: CertificateConfig | undefined,
): readonly Finding[] =>
  (target?.dropped ?? [])
    .filter((name) => config?.names.includes(name))
    .map((name) => ({
      check: "name-dead",
      severity: "warning",
      message: `${name} did not resolve when generation ${target?.number ?? ""} was issued: it was left out`,
      hint: "give it an address again, and it is taken back within a day; or take it out of the configuration",
    }));
