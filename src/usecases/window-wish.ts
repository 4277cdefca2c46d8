// What a decision has to know of a certificate's maintenance window; nothing where it has none.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { type Decision, type Wish, heldBack } from "../domain/renew-decision.ts";
import type { Finding } from "../domain/finding.ts";
import { windowsOf } from "../domain/window-hold.ts";
import type { World } from "./world.ts";

export const windowWish = (world: World, certificate: CertificateConfig): Pick<Wish, "window"> =>
  windowsOf(certificate).length === 0
    ? {}
    : { window: { live: world.store.liveNumber(certificate.name), zone: world.timeZone() } };

/** Loaded where there are windows alone. */
export const missedIfAny = async (
  world: World,
  certificate: CertificateConfig,
  decision: Decision,
): Promise<readonly Finding[]> =>
  decision.action === "wait" && decision.window
    ? (await import("./window-findings.ts")).missedFindings(world, certificate, decision)
    : [];

export const outsideIfAny = async (
  world: World,
  certificate: CertificateConfig,
  wish: Wish,
): Promise<{ readonly outside?: readonly Finding[] }> =>
  windowsOf(certificate).length === 0
    ? {}
    : { outside: (await import("./window-findings.ts")).outsideFindings(world, certificate, wish) };

/** What was just issued, and waits until its window opens. */
export const heldAfterIssue = (world: World, certificate: CertificateConfig, wish: Wish): Decision | undefined => {
  const state = world.store.read(certificate.name);
  return state && heldBack(certificate, state, { ...wish, ...windowWish(world, certificate) }, world.now());
};
