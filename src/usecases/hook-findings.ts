// What `status` says of hooks that failed and are still owed.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { Finding } from "../domain/finding.ts";
import { hookEvents, hooksOf } from "../domain/hook.ts";
import { utcMinute } from "../domain/utc-minute.ts";
import type { CertificateState } from "../store/store.ts";

/** Those that the next run runs again. */
export const hookFindings = (
  state: CertificateState | undefined,
  config: CertificateConfig | undefined,
): readonly Finding[] => {
  const hooks = config ? hooksOf(config) : {};
  return hookEvents.flatMap((event) => {
    const owed = state?.hooks?.[event];
    // Of the one before, lastError tells.
    if (!owed?.message || !hooks[event] || event === "before_deploy") return [];
    const times = owed.attempts === 1 ? "" : ` (${owed.attempts} times since ${utcMinute(owed.since)})`;
    const hint = `once that is mended, the next run runs it again; at once: mailcert renew ${config?.name ?? ""}`;
    return [{ check: "hook-failed", severity: "fault", message: `${event}: ${owed.message}${times}`, hint }];
  });
};
