// What a CA was asked for and did not give (a profile, a chain, an end): the certificate is good all the same, and a person should know.
import type { IssuerSettings } from "./certificate-config.ts";
import type { Finding } from "./finding.ts";
import type { Slot } from "./keys.ts";

export interface UnmetWish {
  /** The configuration's word for it. */
  readonly setting: "profile" | "preferred_chain" | "days";
  /** One sentence: what the CA said, what was taken instead. */
  readonly message: string;
}

export type UnmetBySlot = Readonly<Partial<Record<Slot, readonly UnmetWish[]>>>;

const hints: Readonly<Record<UnmetWish["setting"], string>> = {
  profile: "write one that the CA offers (profile, profile_rsa), or take it out of the configuration",
  preferred_chain: "write the name of a chain that the CA has (preferred_chain), or take it out of the configuration",
  days: "take days out of the configuration: this CA sets the end itself",
};

/** Each wish once; which key it is about is said where there are two and it is not about both. */
export const unmetOf = (bySlot: UnmetBySlot): readonly UnmetWish[] => {
  const slots = Object.entries(bySlot);
  const all = slots.flatMap(([slot, wishes]) => wishes.map((wish) => ({ slot, ...wish })));
  return all.flatMap(({ slot, setting, message }, index) => {
    const same = all.filter((one) => one.message === message);
    if (same[0] !== all[index]) return [];
    return [{ setting, message: same.length < slots.length ? `${message} (${slot})` : message }];
  });
};

/** Those that the configuration asks for still. */
export const stillWished = (wishes: readonly UnmetWish[], issuer: IssuerSettings | undefined): readonly UnmetWish[] => {
  if (issuer?.kind !== "acme") return [];
  const wished: Readonly<Record<UnmetWish["setting"], boolean>> = {
    profile: [...issuer.profiles, ...(issuer.rsaProfiles ?? [])].length > 0,
    preferred_chain: issuer.preferredChain !== undefined,
    days: issuer.days !== undefined,
  };
  return wishes.filter(({ setting }) => wished[setting]);
};

export const unmetFindings = (wishes: readonly UnmetWish[]): readonly Finding[] =>
  wishes.map(({ setting, message }) => ({ check: "wish-unmet", severity: "warning", message, hint: hints[setting] }));
