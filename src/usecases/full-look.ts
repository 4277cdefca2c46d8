// verify --full at one entry point: the other kind of key, injection, the profile of TLS, other names. Ten connections at most, whoever asks.
import type { Profile, ProfileOptions, Profiled } from "../probe/profiler.ts";
import type { SoFar, Unnamed } from "../hello/profile.ts";
import type { ServedTo } from "../checks/check.ts";
import { alpnNames } from "../domain/alpn-names.ts";
import {
  type FurtherAsk,
  type Looked,
  asksMail,
  asksNames,
  looksBeforeProfile,
  namesAndRenegotiation,
  seen,
  servedLeaf,
  withMail,
  witnessed,
} from "./further-looks.ts";

/**
 * `looked`: the ordinary looks, one for each kind of key that was asked for. Nothing more is asked of a server that did not come as far as
 * TLS. `profileOf` undefined: no check needs the profile.
 */
export const fullLook = async (
  looked: readonly Looked[],
  ask: FurtherAsk,
  profileOf: Profile | undefined,
): Promise<readonly Looked[]> => {
  const { tls, error, wrongMode } = looked[0]?.facts.observation ?? {};
  if (!tls || error || wrongMode) return looked;
  const first = await looksBeforeProfile(looked, ask);
  const [main, ...others] = first.looked;
  if (!main) return looked;
  let one = main;
  let [asked, spoke] = [false, false];
  const further = async ({ tls12, unnamed }: SoFar): Promise<boolean> => {
    if (first.enough) return false;
    const soFar = { tls12, none: servedWithout(unnamed, first.looked, ask), unknown: first.unknown };
    const more = await namesAndRenegotiation(one, ask, soFar);
    one = more.one;
    asked ||= more.asked;
    spoke ||= more.spoke;
    return more.spoke;
  };
  const inDoubt = async (): Promise<Looked> => (first.brokeOff && !spoke ? witnessed(one, asked, ask) : one);
  if (!profileOf) {
    await further({ tls12: undefined, unnamed: undefined });
    one = await inDoubt();
    return [first.enough ? one : await withMail(one, ask), ...others];
  }
  const kept = !first.enough && asksNames(main, ask) && first.unknown === undefined ? 1 : 0;
  const { profile, mailInClear } = await profiled(profileOf, first.looked, ask, { kept, others: further });
  asked ||= profile.connections > 0;
  spoke ||= Object.values(profile.versions).includes(true);
  return [seen(await inDoubt(), { profile, ...(mailInClear ? { mailInClear } : {}) }), ...others];
};

const servedWithout = (
  unnamed: Unnamed | undefined,
  looked: readonly Looked[],
  { readLeaf }: FurtherAsk,
): ServedTo | undefined =>
  unnamed === undefined || "error" in unnamed ? unnamed : servedLeaf(readLeaf(unnamed.leaf), looked);

const profiled = (
  profileOf: Profile,
  looked: readonly Looked[],
  ask: FurtherAsk,
  further: NonNullable<ProfileOptions["further"]>,
): Promise<Profiled> => {
  const { entry, wants, allowance, terms } = ask;
  const [main] = looked as readonly [Looked, ...Looked[]];
  const { tls, sni } = main.facts.observation;
  return profileOf(
    entry,
    {
      version: tls?.version ?? "",
      ...(tls?.group === undefined ? {} : { group: tls.group }),
      onCurve: looked.some(({ facts }) => facts.chain[0]?.key.type === "ec"),
      anonymousMatters: main.facts.role !== "mta",
      unnamed: asksNames(main, ask),
      ...(wants("alpn") ? { alpn: alpnNames[entry.protocol] } : {}),
    },
    { ...terms, sni: sni ?? false, allowance, mailFirst: asksMail(entry) && wants("st-enforced"), further },
  );
};
