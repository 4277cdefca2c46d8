// What --full asks of an entry point with further handshakes of an ordinary client, one after the other: other keys, other names, injection, renegotiation.
import type { EntryFacts, ServedTo } from "../checks/check.ts";
import type { CertificateFacts } from "../domain/certificate.ts";
import type { EntryPoint } from "../domain/entry-point.ts";
import type { Slot } from "../domain/keys.ts";
import type { Observation } from "../domain/observation.ts";
import type { Allowance } from "../domain/allowance.ts";
import type { Inject, InjectOptions } from "../probe/injector.ts";
import type { AskMailInClear } from "../probe/mail-asker.ts";
import type { ProbeOptions } from "../probe/probe.ts";

export interface Looked {
  readonly facts: EntryFacts;
  readonly slot?: Slot;
}

export interface FurtherTools {
  /** Whether there is a way to try command injection there. */
  readonly canInject: (entry: Pick<EntryPoint, "protocol" | "mode">) => boolean;
  readonly inject: Inject;
  readonly mailInClear: AskMailInClear;
}

export type AskMore = Pick<ProbeOptions, "slot" | "sni" | "renegotiate">;

export interface FurtherAsk {
  readonly entry: Parameters<Inject>[0];
  /** The ordinary look once more, with something else in it. */
  readonly again: (other: AskMore) => Promise<Observation>;
  readonly factsOf: (observation: Observation) => EntryFacts;
  /** Whether a check is asked for: what no check needs is not asked of a server. */
  readonly wants: (check: string) => boolean;
  /** undefined: what they ask is not asked. */
  readonly tools: FurtherTools | undefined;
  readonly terms: Omit<InjectOptions, "sni" | "smallHello">;
  /** Connections that are left for this entry point, the ordinary ones not among them. */
  readonly allowance: Allowance;
  /** A profile follows, which needs most of them: two questions go in one connection where they can. */
  readonly tight: boolean;
  /** undefined: it cannot be read. */
  readonly readLeaf: (der: Buffer) => CertificateFacts | undefined;
}

/** Nobody has it (RFC 6761 §6.4), and nobody's log is puzzled by it. */
export const unknownName = "mailcert-asks.invalid";

/** What was seen before the profile of TLS, and what is left to ask. */
export interface SeenFirst {
  readonly looked: readonly Looked[];
  /** What a client gets that asks for a name which nobody has; undefined: it is still to be asked. */
  readonly unknown?: ServedTo;
  /** The server asked to come later, or fell silent: it is asked no more by ordinary clients. */
  readonly enough: boolean;
  /** Injection made it break off without a word, which counts only where the server still speaks TLS afterwards. */
  readonly brokeOff: boolean;
}

/** The other kind of key, and command injection. `looked`: the ordinary looks, at least one, of a server that came as far as TLS. */
export const looksBeforeProfile = async (looked: readonly Looked[], ask: FurtherAsk): Promise<SeenFirst> => {
  const [first] = looked;
  if (!first) return { looked, enough: true, brokeOff: false };
  const [main = first, ...others] = looked.length > 1 ? looked : await withOtherKind(first, ask);
  const { one, unknown, brokeOff } = await withInjection(main, ask);
  const enough = one.facts.observation.injection?.kind === "undecided";
  return { looked: [one, ...others], enough, brokeOff, ...(unknown ? { unknown } : {}) };
};

/** After an injection that broke off, and nothing since that spoke TLS. `asked`: something was; otherwise an ordinary look says whether it was the injection. */
export const witnessed = async (one: Looked, asked: boolean, { again, allowance }: FurtherAsk): Promise<Looked> => {
  const spoke = !asked && allowance.take() && (await again({})).tls !== undefined;
  const why = "the connections after it came to nothing either, as where a server limits how many it takes";
  return spoke ? one : seen(one, { injection: { kind: "undecided", why } });
};

/** Whether what other names get is to be asked: there is one in TLS to leave out. */
export const asksNames = (one: Looked, { entry, wants }: Pick<FurtherAsk, "entry" | "wants">): boolean =>
  wants("sni") && one.facts.observation.sni === entry.host;

/**
 * What other names get, where nobody knows it yet, and whether the server renegotiates; both in one connection where they can be.
 * @returns the entry point with it, and whether the server spoke TLS meanwhile.
 */
export const namesAndRenegotiation = async (
  one: Looked,
  ask: FurtherAsk,
  soFar: {
    readonly tls12: boolean | undefined;
    readonly none?: ServedTo | undefined;
    readonly unknown?: ServedTo | undefined;
  },
): Promise<{ readonly one: Looked; readonly asked: boolean; readonly spoke: boolean }> => {
  const slot = one.slot === undefined ? {} : { slot: one.slot };
  let asked = false;
  let spoke = false;
  let renegotiates: boolean | undefined;
  const again = async (more: AskMore): Promise<ServedTo | undefined> => {
    if (!ask.allowance.take()) return undefined;
    asked = true;
    const facts = ask.factsOf(await ask.again({ ...slot, ...more }));
    spoke ||= facts.observation.tls !== undefined;
    renegotiates ??= facts.observation.renegotiates;
    return servedTo(facts);
  };
  const tls12 = soFar.tls12 ?? (one.facts.observation.tls?.version === "TLSv1.2" ? true : undefined);
  const asksRenegotiation = ask.wants("reneg-cli") && tls12 !== false;
  let { none, unknown } = soFar;
  if (asksNames(one, ask)) {
    none ??= await again({ sni: false });
    // Whoever gives no answer without a name gives none to a wrong one.
    if (none)
      unknown ??= await again({
        sni: unknownName,
        ...(asksRenegotiation && tls12 === true ? { renegotiate: true } : {}),
      });
  }
  if (asksRenegotiation && renegotiates === undefined) await again({ renegotiate: true });
  const otherNames = none === undefined ? {} : { otherNames: { none, ...(unknown ? { unknown } : {}) } };
  const facts = { ...one.facts, ...otherNames };
  return { one: seen({ ...one, facts }, renegotiates === undefined ? {} : { renegotiates }), asked, spoke };
};

/** A leaf that was shown outside of an ordinary look. One that is shown with the name, too, is no other one, be it of the other kind of key. */
export const servedLeaf = (leaf: CertificateFacts | undefined, looked: readonly Looked[]): ServedTo | undefined => {
  if (!leaf) return undefined;
  const known = looked.some(({ facts }) => facts.chain[0]?.sha256 === leaf.sha256);
  return { leaf: (known ? looked[0]?.facts.chain[0] : undefined) ?? leaf };
};

/** How many connections that makes at most, without the profile. `named`: there is a name in TLS to leave out. */
export const furtherQuestions = ({
  wanted,
  slots,
  named,
  tools,
  wants,
}: Pick<FurtherAsk, "tools" | "wants"> & {
  readonly wanted: Pick<EntryPoint, "protocol" | "mode">;
  readonly slots: number;
  readonly named: boolean;
}): number =>
  (slots < 2 && aboutCertificates.some(wants) ? 1 : 0) +
  // And a witness, where it breaks off and nothing else follows.
  (tools?.canInject(wanted) && wants("st-cmd-inj") ? ((named && wants("sni")) || wants("reneg-cli") ? 1 : 2) : 0) +
  (named && wants("sni") ? 2 : 0) +
  (wants("reneg-cli") ? 1 : 0) +
  (tools && asksMail(wanted) && wants("st-enforced") ? 1 : 0);

export const asksMail = ({ protocol, mode }: Pick<EntryPoint, "protocol" | "mode">): boolean =>
  protocol === "submission" && mode === "starttls";

const kindOf = ({ chain }: EntryFacts): Slot | undefined => {
  const type = chain[0]?.key.type;
  return type === "ec" ? "ecdsa" : type === "rsa" ? "rsa" : undefined;
};

/** What a second certificate may fail; the dialogue is the same for both. */
const aboutCertificates: readonly string[] = [
  "cert-dual",
  "cert-same",
  "cert-name",
  "cert-trust",
  "cert-chain",
  "cert-expiry",
  "cert-life",
  "cert-revoke",
  "cert-key",
  "cert-eku",
  "cert-expect",
  "sig-hash",
  "dane-match",
  "dane-ta",
];

/** A server that has no certificate of the other kind refuses, or shows the same one: neither is worth a word. */
const withOtherKind = async (
  first: Looked,
  { again, factsOf, wants, allowance }: FurtherAsk,
): Promise<readonly Looked[]> => {
  const kind = kindOf(first.facts);
  if (kind === undefined || !aboutCertificates.some(wants) || !allowance.take()) return [first];
  const other: Slot = kind === "rsa" ? "ecdsa" : "rsa";
  const facts = factsOf(await again({ slot: other }));
  const { error } = facts.observation;
  // Anything else may pass.
  const refused = error?.stage === "handshake" && error.reason === "tls";
  if (refused || (!error && kindOf(facts) === kind)) return [{ ...first, facts: { ...first.facts, onlyKind: true } }];
  if (error || kindOf(facts) !== other) return [first];
  const { tlsa } = first.facts;
  return [
    { ...first, slot: kind },
    { facts: { ...facts, ...(tlsa === undefined ? {} : { tlsa }) }, slot: other },
  ];
};

export const seen = (one: Looked, more: Partial<Observation>): Looked => ({
  ...one,
  facts: { ...one.facts, observation: { ...one.facts.observation, ...more } },
});

/** Servers of these go on with TLS as if nothing had been glued to STARTTLS (Postfix), others break it off (Dovecot). */
const goesOn = ({ protocol }: Pick<EntryPoint, "protocol">): boolean =>
  protocol === "smtp" || protocol === "submission";

/** With a name that nobody has, where that can be told from what was glued: one connection less. */
const withInjection = async (
  one: Looked,
  ask: FurtherAsk,
): Promise<{ readonly one: Looked; readonly unknown?: ServedTo | undefined; readonly brokeOff: boolean }> => {
  const { entry, tools, terms, wants, allowance, readLeaf } = ask;
  if (!tools?.canInject(entry) || !wants("st-cmd-inj")) return { one, brokeOff: false };
  const { sni, tls } = one.facts.observation;
  const inject = async (name: string | undefined) =>
    allowance.take()
      ? tools.inject(entry, { ...terms, sni: name, smallHello: tls?.smallHelloOnly === true })
      : undefined;
  const both = ask.tight && goesOn(entry) && asksNames(one, ask);
  const first = await inject(both ? unknownName : sni);
  // Nobody can say what it broke for.
  const injected = both && first?.broke === true ? await inject(sni) : first;
  if (!injected) return { one, brokeOff: false };
  const unknown = both && injected === first && injected.leaf ? servedLeaf(readLeaf(injected.leaf), [one]) : undefined;
  return { one: seen(one, { injection: injected.outcome }), unknown, brokeOff: injected.broke === true };
};

/** undefined: it did not come to TLS, which is no answer. */
const servedTo = ({ observation, chain }: EntryFacts): ServedTo | undefined => {
  const [leaf] = chain;
  if (leaf) return { leaf };
  const { error } = observation;
  const atTls = error?.stage === "handshake" || (error?.stage === "starttls" && error.reason === "closed");
  return error && atTls ? { error: error.message } : undefined;
};

export const withMail = async (one: Looked, { entry, tools, terms, wants, allowance }: FurtherAsk): Promise<Looked> => {
  if (!tools || !asksMail(entry) || !wants("st-enforced") || !allowance.take()) return one;
  const mailInClear = await tools.mailInClear(entry, terms);
  return mailInClear ? seen(one, { mailInClear }) : one;
};
