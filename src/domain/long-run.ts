// How long a run may take before something in it must hang.

/** Milliseconds: systemd ends the hourly run after this long (TimeoutStartSec of mailcert.service). */
export const longRunMs = 3 * 3_600_000;
