// What a person is to know of a maintenance window: that it passed unused, or that a switch did not wait for it.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { Finding } from "../domain/finding.ts";
import { type Decision, type Wish, notHeldBecause } from "../domain/renew-decision.ts";
import { utcMinute } from "../domain/utc-minute.ts";
import { missedOpening, windowsOf } from "../domain/window-hold.ts";
import { windowWish } from "./window-wish.ts";
import type { World } from "./world.ts";

/** Of one that waits: an opening since it was issued that no run fell into. */
export const missedFindings = (
  world: World,
  certificate: CertificateConfig,
  decision: Decision | undefined,
): readonly Finding[] => {
  if (decision?.action !== "wait" || !decision.window) return [];
  const { name } = certificate;
  const state = world.store.read(name);
  const missed = state && missedOpening(certificate, state, world.now(), world.timeZone());
  if (!missed) return [];
  return [
    {
      check: "window-missed",
      severity: "warning",
      message: `${name}: its window has passed (${utcMinute(missed.start)} to ${utcMinute(missed.end)}), and no run came in it: ${decision.why}`,
      hint: `have it served now: mailcert deploy ${name}; let the window be 90 minutes or longer (a timer's run comes up to half an hour late); what runs by itself, and when: mailcert schedule show`,
    },
  ];
};

/** Of one that is about to be switched to, before it is: afterwards nobody can tell. */
export const outsideFindings = (world: World, certificate: CertificateConfig, wish: Wish): readonly Finding[] => {
  if (windowsOf(certificate).length === 0) return [];
  const { name } = certificate;
  const state = world.store.read(name);
  const why = state && notHeldBecause(certificate, state, { ...wish, ...windowWish(world, certificate) }, world.now());
  if (why === undefined) return [];
  return [
    {
      check: "window-outside",
      severity: "warning",
      message: `${name}: it was switched to outside its window: ${why}`,
    },
  ];
};
