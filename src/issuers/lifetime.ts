// How many days a certificate of our own may be valid.
import { Failure } from "../domain/failure.ts";

/** Apple refuses a server certificate, of a private CA too, that is valid for longer (support.apple.com/103769). */
const mostDays = 825;

/** @throws Failure `config` for a number of days that clients would refuse. */
export const checkDays = (days: number): void => {
  if (Number.isSafeInteger(days) && days >= 1 && days <= mostDays) return;
  throw new Failure("config", `a certificate cannot be valid for ${days} days: between 1 and ${mostDays} is possible`, {
    hints:
      days > mostDays
        ? [`Apple's devices refuse certificates that are valid for more than ${mostDays} days; 397 is the default`]
        : [],
  });
};
