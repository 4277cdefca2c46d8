// What --full asks of an entry point besides the ordinary look: each question a connection of its own, one after the other.
import type { EntryFacts, ServedTo } from "../checks/check.ts";
import type { EntryPoint } from "../domain/entry-point.ts";
import type { Slot } from "../domain/keys.ts";
import type { Observation } from "../domain/observation.ts";
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

export interface FurtherAsk {
  readonly entry: Parameters<Inject>[0];
  /** The ordinary look once more, with something else in it. */
  readonly again: (other: Pick<ProbeOptions, "slot" | "sni">) => Promise<Observation>;
  readonly factsOf: (observation: Observation) => EntryFacts;
  /** Whether a check is asked for: what no check needs is not asked of a server. */
  readonly wants: (check: string) => boolean;
  /** undefined: what they ask is not asked. */
  readonly tools: FurtherTools | undefined;
  readonly terms: Omit<InjectOptions, "sni" | "smallHello">;
}

/** Nobody has it (RFC 6761 §6.4), and nobody's log is puzzled by it. */
const unknownName = "mailcert-asks.invalid";

/** `looked`: the ordinary looks, at least one. Nothing more is asked of a server that did not come as far as TLS, or asks to come later. */
export const furtherLooks = async (looked: readonly Looked[], ask: FurtherAsk): Promise<readonly Looked[]> => {
  const [first] = looked;
  if (!first) return looked;
  const { tls, error, wrongMode } = first.facts.observation;
  if (!tls || error || wrongMode) return looked;
  const [main = first, ...others] = looked.length > 1 ? looked : await withOtherKind(first, ask);
  const injected = await withInjection(main, ask);
  if (injected.facts.observation.injection?.kind === "undecided") return [injected, ...others];
  return [await withMail(await withOtherNames(injected, ask), ask), ...others];
};

/** How many connections that makes at most. `named`: there is a name in TLS to leave out. */
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
  (tools?.canInject(wanted) && wants("st-cmd-inj") ? 1 : 0) +
  (named && wants("sni") ? 2 : 0) +
  (tools && asksMail(wanted) && wants("st-enforced") ? 1 : 0);

const asksMail = ({ protocol, mode }: Pick<EntryPoint, "protocol" | "mode">): boolean =>
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
const withOtherKind = async (first: Looked, { again, factsOf, wants }: FurtherAsk): Promise<readonly Looked[]> => {
  const kind = kindOf(first.facts);
  if (kind === undefined || !aboutCertificates.some(wants)) return [first];
  const other: Slot = kind === "rsa" ? "ecdsa" : "rsa";
  const facts = factsOf(await again({ slot: other }));
  if (facts.observation.error || kindOf(facts) !== other) return [first];
  const { tlsa } = first.facts;
  return [
    { ...first, slot: kind },
    { facts: { ...facts, ...(tlsa === undefined ? {} : { tlsa }) }, slot: other },
  ];
};

const seen = (one: Looked, more: Partial<Observation>): Looked => ({
  ...one,
  facts: { ...one.facts, observation: { ...one.facts.observation, ...more } },
});

const withInjection = async (one: Looked, { entry, tools, terms, wants }: FurtherAsk): Promise<Looked> => {
  if (!tools?.canInject(entry) || !wants("st-cmd-inj")) return one;
  const { sni, tls } = one.facts.observation;
  const injection = await tools.inject(entry, { ...terms, sni, smallHello: tls?.smallHelloOnly === true });
  return injection ? seen(one, { injection }) : one;
};

/** With the same kind of key, so that what differs is the name's doing. */
const withOtherNames = async (one: Looked, { entry, again, factsOf, wants }: FurtherAsk): Promise<Looked> => {
  if (!wants("sni") || one.facts.observation.sni !== entry.host) return one;
  const slot = one.slot === undefined ? {} : { slot: one.slot };
  const none = servedTo(factsOf(await again({ ...slot, sni: false })));
  if (none === undefined) return one;
  const unknown = servedTo(factsOf(await again({ ...slot, sni: unknownName })));
  return { ...one, facts: { ...one.facts, otherNames: { none, ...(unknown ? { unknown } : {}) } } };
};

/** undefined: it did not come to TLS, which is no answer. */
const servedTo = ({ observation, chain }: EntryFacts): ServedTo | undefined => {
  const [leaf] = chain;
  if (leaf) return { leaf };
  const { error } = observation;
  const atTls = error?.stage === "handshake" || (error?.stage === "starttls" && error.reason === "closed");
  return error && atTls ? { error: error.message } : undefined;
};

const withMail = async (one: Looked, { entry, tools, terms, wants }: FurtherAsk): Promise<Looked> => {
  if (!asksMail(entry) || !wants("st-enforced")) return one;
  const mailInClear = await tools?.mailInClear(entry, terms);
  return mailInClear ? seen(one, { mailInClear }) : one;
};
