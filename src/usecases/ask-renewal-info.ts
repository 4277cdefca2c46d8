// Asks the CA when it would like a certificate to be renewed, where it is time to ask, and keeps the answer in the certificate's state.
import { type RenewalInfo, pollIsDue, withAnswers } from "../domain/ari.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { authorityOf, targetOf } from "../domain/generation.ts";
import type { Slot } from "../domain/keys.ts";
import type { Issuer } from "../issuers/issuer.ts";
import type { CertificateState } from "../store/store.ts";
import type { World } from "./world.ts";

/** Returns the state, with the CA's advice in it where it was asked. */
export type AskRenewalInfo = (
  certificate: CertificateConfig,
  state: CertificateState | undefined,
) => Promise<CertificateState | undefined>;

const reported = ({ name }: CertificateConfig, info: RenewalInfo, world: World): void => {
  const said =
    info.kind === "window"
      ? `the CA would like it to be renewed between ${info.window.start} and ${info.window.end}`
      : `no renewal information from the CA: ${info.why}`;
  world.step(`${name}: ${said}`);
};

/** What asking may take of a run, which holds the lock: with thousands of certificates the others are asked about by the next run. */
const mostMs = 120_000;

/** One for a run: the issuer, and with it the connection to the CA, is made when the first certificate needs it, and shared. */
export const renewalInfoAsker = (world: World): AskRenewalInfo => {
  let asked: Promise<Issuer> | undefined;
  let spentMs = 0;
  return async (certificate, state) => {
    const target = state && targetOf(state);
    if (!target || target.issuer !== "acme" || !pollIsDue(state.ari, target.number, world.now())) return state;
    // Who signed it has to be asked; where the configuration does not name that CA any more, it is replaced anyway.
    const settings = [certificate.issuer, ...certificate.fallbacks].find(
      (one) => authorityOf(one) === target.authority,
    );
    if (settings?.kind !== "acme" || spentMs > mostMs) return state;
    const begun = world.elapsed();
    const issuer = await (asked ??= world.issuer("acme"));
    if (issuer.renewalInfo === undefined) return state;
    const answers: Partial<Record<Slot, RenewalInfo>> = {};
    const files = await world.store.readCertificates(state.name, target.number);
    for (const slot of Object.keys(target.leaves) as Slot[]) {
      const leaf = files[slot]?.leaf;
      if (leaf === undefined) continue;
      const info = await issuer.renewalInfo({ leaf, settings, signal: world.signal, step: world.step });
      reported(certificate, info, world);
      answers[slot] = info;
    }
    spentMs += world.elapsed() - begun;
    const next = { ...state, ari: withAnswers(state.ari, target.number, answers, world.now(), world.random) };
    await world.store.write(next);
    return next;
  };
};
