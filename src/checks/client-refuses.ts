// Mail programs take the certificate once its root is imported: what some of them refuse all the same, and no other check speaks of.
import type { Client } from "../domain/clients/client.ts";
import { type CauseId, type Cause, causeIds, causes } from "../domain/clients/causes.ts";
import { clients } from "../domain/clients/index.ts";
import { type Opinion, opinionsOf } from "../domain/clients/opinion.ts";
import type { Served } from "../domain/clients/served.ts";
import type { Finding } from "../domain/finding.ts";
import type { EntryCheck, EntryFacts } from "./check.ts";
import { say } from "./finding.ts";
import { sawLeaf } from "./seen.ts";

const base = {
  id: "client-refuses",
  summary: "mail programs that know the root take the certificate (what the cert-* checks do not speak of)",
  clients:
    "Some programs connect and others do not, with the same root imported: each maker has rules of its own. `mailcert bundle --explain` names them.",
  servers:
    "A certificate as all of them want it: below a CA, for TLS servers (serverAuth), no CA itself, an ECDSA or RSA key: `mailcert setup NAME` makes one.",
  reference: "support.apple.com/103769, RFC 5280 §4.2.1.9, §4.2.1.12",
  severity: { mta: "-", mua: "fault", internal: "-" },
} as const;

/** What people read their mail with: not what is for those who edit files, nor what only ever speaks HTTPS. */
const programs: readonly Client[] = clients.filter(({ kind }) => kind === "desktop" || kind === "phone");

const protocols: readonly string[] = ["imap", "pop3", "submission"];

const cause = (id: CauseId): Cause => causes[id];

const unsaid: readonly CauseId[] = causeIds.filter((id) => cause(id).saidBy.length === 0);

/** Nobody but this host trusts it: cert-trust says so, and what follows from it is not said again. */
const alone = ({ chain: [leaf], observation: { tls }, ownRoots }: EntryFacts): boolean =>
  leaf?.selfSigned === true && (tls?.verifyError !== undefined || ownRoots?.includes(leaf.sha256) === true);

/** As if the root had been imported: the last that is sent where it is one. */
const servedOf = ({ chain, observation, now }: EntryFacts): Served => {
  const [leaf] = chain;
  const last = chain.at(-1);
  const root = last?.selfSigned === true ? last : undefined;
  return {
    chain,
    trust: leaf?.selfSigned === true ? "self-signed" : "private-ca",
    names: [observation.entry.host],
    now,
    ...(root ? { root } : {}),
  };
};

const list = (opinions: readonly Opinion[]): string => {
  const names = opinions.map(({ client }) => client.name);
  return names.length > 4 ? `${names.slice(0, 4).join("; ")} and ${names.length - 4} more` : names.join("; ");
};

const judgeCause = (facts: EntryFacts, id: CauseId): readonly Finding[] => {
  const spoke = opinionsOf(servedOf(facts), programs, [id]).filter(({ reasons }) => reasons.length > 0);
  const [reason] = spoke.flatMap(({ reasons }) => reasons);
  if (!reason) return [];
  const refusing = spoke.filter(({ verdict }) => verdict !== "asks");
  const asking = spoke.filter(({ verdict }) => verdict === "asks");
  // Which key a server shows depends on what is asked for: where it may have another, those who cannot take this one may be served.
  const sure = cause(id).ofKey !== true || facts.onlyKind === true;
  const what = [
    ...(refusing.length > 0 ? [`refused by ${list(refusing)}`] : []),
    ...(asking.length > 0 ? [`a question to the person in ${list(asking)}`] : []),
  ].join("; ");
  return say(base, facts.role, {
    severity: refusing.length === programs.length && sure ? "fault" : "warning",
    message: `${reason.because}: ${what}, also where its root is known${sure ? "" : "; unless the server has a certificate with another key for them"}`,
    hint: `${reason.mend}; \`mailcert bundle --explain\` on the server tells what each program says`,
  });
};

export const clientRefuses: EntryCheck = {
  ...base,
  scope: "entry",
  applies: (facts) => sawLeaf(facts) && protocols.includes(facts.observation.entry.protocol),
  judge: (facts) =>
    !sawLeaf(facts) || !protocols.includes(facts.observation.entry.protocol) || alone(facts)
      ? []
      : unsaid.flatMap((id) => judgeCause(facts, id)),
};
