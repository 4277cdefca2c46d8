// What `renew` is called with by the timer: nobody named a certificate, forced anything, or can be asked.
import type { RenewOptions } from "../../src/usecases/renew.ts";

export const timerRun: RenewOptions = {
  replace: false,
  accept: async () => false,
  force: false,
  newKey: false,
  named: false,
  dryRun: false,
};
