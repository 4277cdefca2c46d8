// When a certificate that still lives becomes a matter: shares of its lifetime, or days that somebody asked for. Renewal comes at a third.

const day = 86_400_000;

/** --warn-days and --critical-days. */
export interface ExpiryDays {
  readonly warning: number;
  readonly fault: number;
}

/** Milliseconds left below which it is a warning, and a fault. `lifetime` in milliseconds. */
export const expiryLimits = (
  lifetime: number,
  days?: ExpiryDays,
): { readonly warning: number; readonly fault: number } =>
  days ? { warning: days.warning * day, fault: days.fault * day } : { warning: lifetime / 4, fault: lifetime / 8 };
