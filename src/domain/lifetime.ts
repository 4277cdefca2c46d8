// How long a certificate is valid for, and what Apple's programs put up with.
import type { CertificateFacts } from "./certificate.ts";

const day = 86_400_000;

/** Apple's limit in days for every certificate since 2019-07-01, of a private CA too (support.apple.com/103769). */
export const appleDays = 825;
const appleSince = Date.parse("2019-07-01T00:00:00Z");

type Dates = Pick<CertificateFacts, "notBefore" | "notAfter">;

/** In days. Both ends count (RFC 5280 §4.1.2.5): a second less than whole days is those days. */
export const lifetimeDays = ({ notBefore, notAfter }: Dates): number =>
  (notAfter.getTime() + 1000 - notBefore.getTime()) / day;

/** A day more is forgiven: dates are often written a day apart from what was meant. */
export const outlivesApple = (dates: Dates): boolean =>
  lifetimeDays(dates) > appleDays + 1 && dates.notBefore.getTime() >= appleSince;
