// verify --full: asks an entry point that has TLS what else it takes, once at each address.
import type { EntryFacts } from "../checks/check.ts";
import type { Profile, ProfileOptions } from "../probe/profiler.ts";

/** `handshakes`: what was seen of one entry point at one address, one for each kind of key. @returns them, the first with the profile. */
export const fullLook = async (
  profileOf: Profile,
  handshakes: readonly EntryFacts[],
  options: Omit<ProfileOptions, "sni">,
): Promise<readonly EntryFacts[]> => {
  const [first, ...others] = handshakes;
  const { entry, address, tls, sni, wrongMode, error } = first?.observation ?? {};
  if (!first || !entry || !tls || wrongMode || error || address === undefined) return handshakes;
  const profile = await profileOf(
    { ...entry, address },
    {
      version: tls.version,
      ...(tls.group === undefined ? {} : { group: tls.group }),
      onCurve: handshakes.some(({ chain }) => chain[0]?.key.type === "ec"),
      anonymousMatters: first.role !== "mta",
      handshakes: handshakes.length,
    },
    { ...options, sni: sni ?? false },
  );
  return [{ ...first, observation: { ...first.observation, profile } }, ...others];
};
