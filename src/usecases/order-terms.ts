// What an order says besides names and key: which certificate it replaces, and whether it is tried at the CA's test instance first.
import { isAdvisedNow } from "../domain/ari.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { targetOf, wantedText } from "../domain/generation.ts";
import { type Slot, slotOf } from "../domain/keys.ts";
import { worthRehearsing } from "../domain/rehearsal.ts";
import { isEmergency } from "../domain/renewal.ts";
import type { IssueRequest } from "../issuers/issuer.ts";
import type { CertificateState } from "../store/store.ts";
import type { World } from "./world.ts";

export type OrderTerms = Pick<IssueRequest, "replaces" | "rehearse" | "staged">;

/** By slot. */
export const orderTerms = async (
  world: World,
  certificate: CertificateConfig,
  state: CertificateState,
): Promise<(slot: Slot) => OrderTerms> => {
  const { lastError, attempts } = state;
  // A failure at another wish says nothing about this one.
  const failed =
    lastError?.what === "issue" && (lastError.wanted === undefined || lastError.wanted === wantedText(certificate));
  // The names are the same for every slot: shown once is shown for all.
  const [first] = certificate.keys;
  const latest = targetOf(state);
  const hurry = latest !== undefined && isEmergency(latest, world.now());
  const rehearse = failed && !hurry && worthRehearsing(lastError.facts);
  // `replaces` itself may be what the CA cannot take: the second attempt goes without (certmagic does so, too).
  const target = failed && (attempts === 1 || lastError.notDue === true) ? undefined : latest;
  const known =
    target?.account !== undefined && target.names.some((name) => certificate.names.includes(name))
      ? { account: target.account, leaves: await world.store.readCertificates(state.name, target.number) }
      : undefined;
  const staged = state.generations.flatMap(({ leaves }) => Object.values(leaves).map(({ sha256 }) => sha256));
  return (slot) => {
    const leaf = known?.leaves[slot]?.leaf;
    const inWindow = target !== undefined && isAdvisedNow(state.ari, target.number, slot, world.now());
    return {
      staged,
      ...(known === undefined || leaf === undefined ? {} : { replaces: { leaf, account: known.account, inWindow } }),
      ...(rehearse && first !== undefined && slotOf(first) === slot ? { rehearse } : {}),
    };
  };
};
