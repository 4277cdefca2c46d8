// Which questions are asked, in what order and how many; the answers as facts. Asks through a function: no I/O here.
import { type ProtocolVersion, type TlsProfile, protocolVersions } from "../domain/tls-profile.ts";
import type { Allowance } from "../domain/allowance.ts";
import type { HelloAnswer } from "./answer.ts";
import {
  type Asked,
  type Topic,
  badKindOf,
  believedRefusals,
  dhBitsOf,
  inDoubt,
  isHello,
  modernOnly,
  openDhe,
  spoke,
  suiteOfKind,
  versionsOf,
} from "./asked.ts";
import type { Offer } from "./client-hello.ts";
import { isHybridName } from "./groups.ts";
import { profileFrom } from "./profile-facts.ts";
import { isDhe } from "./suite-kinds.ts";
import {
  type BadKind,
  badKinds,
  diffieHellman,
  hybridGroup,
  oldVersions,
  only,
  suitesOf,
  today,
  weakGroup,
} from "./questions.ts";

export type AskHello = (offer: Offer) => Promise<HelloAnswer>;

/** What the ordinary handshake showed, and what else is wanted. */
export interface KnownTls {
  readonly version: string;
  readonly group?: string;
  /** The leaf's key is on an elliptic curve. */
  readonly onCurve: boolean;
  /** Whether suites without authentication are a matter here; on port 25 they are by design (RFC 7672 §8.2). */
  readonly anonymousMatters: boolean;
  /** Ask what those get who send no name. */
  readonly unnamed?: boolean;
  /** What ALPN calls the protocol; undefined: none is offered. */
  readonly alpn?: string;
}

/** What a server shows without a name: its certificate (DER), or why there is none. */
export type Unnamed = { readonly leaf: Buffer } | { readonly error: string };

export interface SoFar {
  /** Whether it takes TLS 1.2. */
  readonly tls12: boolean | undefined;
  readonly unnamed: Unnamed | undefined;
}

export interface Further {
  /** Connections that others will make; none of them is taken. */
  readonly kept: number;
  /** Asked when all hellos are answered. @returns whether the server spoke TLS to it. */
  readonly others: (soFar: SoFar) => Promise<boolean>;
}

export interface ProfileAnswer {
  readonly profile: TlsProfile;
  readonly unnamed?: Unnamed;
}

const nothingFurther: Further = { kept: 0, others: () => Promise.resolve(false) };

/**
 * Asks one after the other and stops at the first silence. Never more than the allowance; where the server agrees to much, the last
 * questions of least weight are not asked.
 */
export const tlsProfile = async (
  ask: AskHello,
  known: KnownTls,
  allowance: Allowance,
  { kept, others }: Further = nothingFurther,
): Promise<ProfileAnswer> => {
  const asked: Asked[] = [];
  let stopped: string | undefined;
  const question = async (about: Topic, offer: Offer, last = false): Promise<HelloAnswer | undefined> => {
    // One that closes without a word is asked something else in the end: without that no refusal counts.
    const witness = kept === 0 && inDoubt(asked) ? 1 : kept;
    if (stopped !== undefined || !allowance.take(last ? 0 : witness)) return undefined;
    const answer = await ask(offer);
    asked.push({ about, offer, answer });
    if (answer.kind === "none") stopped = answer.why;
    return answer;
  };

  const { unnamed, version } = await todaysTls(question, known);
  await oldOnes(question, known, asked, version);
  // Whoever says that it is a matter of suites may have others.
  const forSuites = asked.some(
    ({ about, answer }) => about === "today" && answer.kind === "refused" && answer.alert === handshakeFailure,
  );
  const gone = modernOnly(versionsOf(asked, believedRefusals(asked, true))) && !forSuites;
  if (!gone) {
    await suites(question, known, asked);
    await curves(question, known, asked);
    if (wantsDhe(asked, known)) await question("suites", diffieHellman);
  }
  if (known.version === "TLSv1.3" && !isHybridName(known.group ?? "")) await question("hybrid", hybridGroup);

  const soFar = { tls12: versionsOf(asked, believedRefusals(asked, true))["TLSv1.2"], unnamed };
  const alive = stopped === undefined && (await others(soFar));
  const doubtful = !alive && inDoubt(asked);
  const last = doubtful
    ? await question("today", today(gone ? "TLSv1.3" : "TLSv1.2", { large: false }), true)
    : undefined;
  const ended =
    stopped ??
    (last !== undefined && !spoke(last)
      ? "in the end the server closed every connection, also for what it agreed to before"
      : undefined);
  return {
    profile: profileFrom(asked, { alive, known, stopped: ended }),
    ...(unnamed ? { unnamed } : {}),
  };
};

type Question = (about: Topic, offer: Offer) => Promise<HelloAnswer | undefined>;

/**
 * What everybody takes, in two packets, without a name and with ALPN. What is refused is asked again in one packet with a name; that
 * tells apart who has no TLS 1.2, who wants a name, and who chokes on large ClientHellos.
 */
const todaysTls = async (
  question: Question,
  { version, unnamed = false, alpn }: KnownTls,
): Promise<{ readonly unnamed?: Unnamed; readonly version?: ProtocolVersion }> => {
  const first = await question(
    "today",
    today("TLSv1.2", { large: true, unnamed, ...(alpn === undefined ? {} : { protocol: alpn }) }),
  );
  if (isHello(first)) return { version: first.version, ...(first.leaf ? { unnamed: { leaf: first.leaf } } : {}) };
  if (first?.kind !== "refused" || first.alert === protocolVersion) return {};
  const bare = !unnamed && alpn === undefined;
  if (first.how === "alert") {
    // It has read it all, so that size is not the reason.
    const named = bare ? undefined : await question("today", today("TLSv1.2", { large: true }));
    return isHello(named) ? { version: named.version, ...unnamedAfter(first, unnamed) } : {};
  }
  const small = await question("today", today("TLSv1.2", { large: false }));
  if (small?.kind === "refused") {
    if (version === "TLSv1.3") await question("today", today("TLSv1.3", { large: true }));
    return {};
  }
  if (!isHello(small)) return {};
  const large = bare ? undefined : await question("today", today("TLSv1.2", { large: true }));
  return { version: small.version, ...(isHello(large) ? unnamedAfter(first, unnamed) : {}) };
};

/** Alerts (RFC 8446 §6, RFC 7301 §3.2). */
const handshakeFailure = 40;
const protocolVersion = 70;
const noApplicationProtocol = 120;

/** A refusal that came to no name and ALPN, and not without the two: the name is the reason, unless the server says that ALPN is. */
const unnamedAfter = (
  { how, alert }: HelloAnswer & { kind: "refused" },
  unnamed: boolean,
): { readonly unnamed?: Unnamed } => {
  if (!unnamed || alert === noApplicationProtocol) return {};
  const error =
    how === "alert"
      ? `the server refuses the handshake (TLS alert ${alert ?? "unknown"})`
      : "the server closes the connection during the handshake";
  return { unnamed: { error } };
};

/** Each hit is followed by a question for what is older still, with those suites first that nothing is known of yet. */
const oldOnes = async (
  question: Question,
  { anonymousMatters }: KnownTls,
  asked: readonly Asked[],
  seen: ProtocolVersion | undefined,
): Promise<void> => {
  let version: ProtocolVersion | undefined = seen === undefined || seen === "TLSv1.2" ? "TLSv1.1" : before(seen);
  while (version !== undefined) {
    const wanted = openKinds(asked, anonymousMatters).flatMap((kind) => suitesOf(kind, anonymousMatters));
    const answer: HelloAnswer | undefined = await question("versions", oldVersions(version, wanted));
    version = isHello(answer) ? before(answer.version) : undefined;
  }
};

const before = (version: ProtocolVersion): ProtocolVersion | undefined =>
  protocolVersions[protocolVersions.indexOf(version) - 1];

const openKinds = (asked: readonly Asked[], anonymous: boolean): readonly BadKind[] => {
  const refused = believedRefusals(asked, true);
  return badKinds.filter((kind) => suiteOfKind(asked, refused, kind, anonymous) === undefined);
};

/** Broken and weak ones together: a sound server refuses them in one go. */
const suites = async (question: Question, { anonymousMatters }: KnownTls, asked: readonly Asked[]): Promise<void> => {
  const askFor = async (kinds: readonly BadKind[]): Promise<boolean> => {
    const open = openKinds(asked, anonymousMatters).filter((kind) => kinds.includes(kind));
    if (open.length === 0) return false;
    const answer = await question("suites", only(open, anonymousMatters));
    return isHello(answer) && badKindOf(answer) !== undefined;
  };
  // The server chose one kind; the other may be there, too.
  if (await askFor(["broken", "weak"])) await askFor(["broken", "weak"]);
  await askFor(["phase-out"]);
};

/** Where the server's own order counts, it chose another suite to be phased out although it may know Diffie-Hellman, too. */
const wantsDhe = (asked: readonly Asked[], { anonymousMatters }: KnownTls): boolean => {
  const settled = !openKinds(asked, anonymousMatters).includes("phase-out");
  return !(settled && dhBitsOf(asked) !== undefined) && openDhe(asked, believedRefusals(asked, true));
};

/** One refusal for weak curves and Diffie-Hellman together, where that is still open. */
const curves = async (question: Question, known: KnownTls, asked: readonly Asked[]): Promise<void> => {
  const both = !known.onCurve && wantsDhe(asked, known);
  const answer = await question("group", weakGroup(known.onCurve, both));
  if (isHello(answer) && isDhe(answer.suite)) await question("group", weakGroup(known.onCurve));
};
