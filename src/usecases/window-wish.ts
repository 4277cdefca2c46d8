// What a decision has to know of a certificate's maintenance window; nothing where it has none.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { type Decision, type Wish, heldBack } from "../domain/renew-decision.ts";
import { windowsOf } from "../domain/window-hold.ts";
import type { World } from "./world.ts";

export const windowWish = (world: World, certificate: CertificateConfig): Pick<Wish, "window"> =>
  windowsOf(certificate).length === 0
    ? {}
    : { window: { live: world.store.liveNumber(certificate.name), zone: world.timeZone() } };

/** What was just issued, and waits until its window opens. */
export const heldAfterIssue = (world: World, certificate: CertificateConfig, wish: Wish): Decision | undefined => {
  const state = world.store.read(certificate.name);
  return state && heldBack(certificate, state, { ...wish, ...windowWish(world, certificate) }, world.now());
};
