// From what a person asked for to what verify does: targets, trust, expectations; every word checked before a connection is made.
import type { DomainFacts, ExpectedLeaves } from "../checks/check.ts";
import { checks } from "../checks/index.ts";
import { readCertificate } from "../domain/certificate.ts";
import { socketPath } from "../domain/entry-point.ts";
import { onlyMeant } from "../domain/entry-words.ts";
import { Failure } from "../domain/failure.ts";
import { canonicalIp } from "../domain/ip.ts";
import { meantFor } from "../domain/meant-target.ts";
import { parsePorts, parseTarget, readHost } from "../domain/targets.ts";
import { clean } from "../domain/text.ts";
import { mailDomains } from "./mail-domains.ts";
import { refuseWrong } from "./refuse-wrong.ts";
import { notInVain, someCheckLeft } from "./verify-vain-words.ts";
import { type Configured, configuredTargets } from "./verify-configured.ts";
import { withOwnListeners } from "./verify-own-host.ts";
import { slotsOf } from "./served-certificate.ts";
import { type LiveCertificate, expectedOf, liveCertificates, liveFor, ownAnchors } from "./verify-live.ts";
import type { VerifyRequest, Wanted } from "./verify.ts";
import type { World } from "./world.ts";

/** The command line's words, unchecked; paths are absolute. */
export interface VerifyWords {
  readonly targets: readonly string[];
  /** Mail domains: their MX hosts. */
  readonly mx?: readonly string[];
  /** Mail domains: what their SRV records lead to. */
  readonly srv?: readonly string[];
  readonly entries?: readonly string[];
  readonly ports?: readonly string[];
  readonly address?: string;
  readonly caFiles?: readonly string[];
  readonly onlyCa?: readonly string[];
  readonly sni?: string;
  /** `live`, `sha256:HEX`, or absolute paths. */
  readonly expect?: readonly string[];
  readonly timeoutSeconds?: number;
  readonly quick?: boolean;
  readonly full?: boolean;
  readonly transcript?: boolean;
  readonly ehlo?: string;
  readonly check?: readonly string[];
  readonly skip?: readonly string[];
  readonly warnDays?: number;
  readonly criticalDays?: number;
  readonly concurrency?: number;
}

/** @throws Failure `usage` or `data` that says which word is wrong. */
export const verifyRequest = async (world: World, words: VerifyWords): Promise<VerifyRequest> => {
  checkWords(words);
  const live = liveOrNone(world, words);
  const found: Named = isNamed(words) ? await named(world, words) : await configured(world, words, live);
  const { notes, domains } = found;
  const wanted = isNamed(words) ? await withOwnListeners(world, found.wanted) : found.wanted;
  const expect = await expectation(world, words.expect, live);
  return {
    ...(await termsOf(world, words, live)),
    wanted: wanted.map((one) => ({ ...one, ...expect(one.host) })),
    notes,
    ...(domains ? { domains } : {}),
  };
};

/** What is wrong whatever the targets are. */
const checkWords = (words: VerifyWords): void => {
  expiryLimits(words);
  if (words.quick && words.full) {
    throw new Failure("usage", "--quick and --full ask for the least and for the most", {
      hints: ["leave one of them out"],
    });
  }
  knownChecks(words.check);
  knownChecks(words.skip);
  if (!words.full) askedInVain(words.check);
  someCheckLeft(words);
  notInVain(words);
};

/** What is the same for all targets. */
const termsOf = async (
  world: World,
  words: VerifyWords,
  live: readonly LiveCertificate[],
): Promise<Omit<VerifyRequest, "wanted" | "notes" | "domains">> => {
  const limits = expiryLimits(words);
  return {
    ...(await trustFor(world, words, live)),
    ...(words.sni === undefined ? {} : { sni: words.sni === "" ? false : readHost(words.sni) }),
    ...(words.timeoutSeconds === undefined ? {} : { timeoutMs: words.timeoutSeconds * 1000 }),
    ...(words.quick ? { quick: true } : {}),
    ...(words.full ? { full: true } : {}),
    ...(words.transcript ? { transcript: true } : {}),
    ...(words.ehlo === undefined ? {} : { ehlo: helloName(words.ehlo) }),
    ...(words.check ? { check: words.check } : {}),
    ...(words.skip ? { skip: words.skip } : {}),
    ...(limits ? { expiryDays: limits } : {}),
    ...(words.concurrency === undefined ? {} : { concurrency: words.concurrency }),
  };
};

/** The targets of a list whose results are told together. @throws Failure `usage`: all that is wrong in it, with `where` it stands */
export const readableTargets = (world: World, words: VerifyWords, where: (target: string) => string): Promise<void> =>
  refuseWrong(words.targets, where, (target) => named(world, onlyTarget(words, target)));

/** Domains are asked about once, not for every line. */
const onlyTarget = ({ mx: _mx, srv: _srv, ...words }: VerifyWords, target: string): VerifyWords => ({
  ...words,
  targets: [target],
});

/** What is the same for every target of a list, made once; and each target's own. All are read before the first is looked at. */
export const fleetRequests = async (
  world: World,
  words: VerifyWords,
  where: (target: string) => string,
): Promise<{ readonly requestFor: (target: string) => Promise<VerifyRequest>; readonly concurrency: number }> => {
  checkWords(words);
  const live = liveOrNone(world, words);
  const base = await termsOf(world, words, live);
  const expect = await expectation(world, words.expect, live);
  const requestFor = async (target: string): Promise<VerifyRequest> => {
    const { wanted } = await named(world, onlyTarget(words, target));
    return { ...base, wanted: wanted.map((one) => ({ ...one, ...expect(one.host) })) };
  };
  await refuseWrong(words.targets, where, requestFor);
  return { requestFor, concurrency: base.concurrency ?? 32 };
};

const isNamed = ({ targets, mx = [], srv = [] }: VerifyWords): boolean => targets.length + mx.length + srv.length > 0;

/** A damaged or unreadable state folder stops only those runs that ask for what is in it. */
const liveOrNone = (world: World, words: VerifyWords): readonly LiveCertificate[] => {
  try {
    return liveCertificates(world);
  } catch (error) {
    if (!(error instanceof Failure) || !isNamed(words) || words.expect?.includes("live")) throw error;
    world.step(`the state folder is left out: ${error.message}`);
    return [];
  }
};

interface Named extends Configured {
  readonly domains?: readonly DomainFacts[];
}

const named = async (world: World, words: VerifyWords): Promise<Named> => {
  const { protocols } = await world.verifying();
  const ports = parsePorts(words.ports ?? [], protocols);
  const address = words.address === undefined ? undefined : canonicalIp(words.address.replace(/^\[(.*)\]$/, "$1"));
  if (words.address !== undefined && address === undefined) {
    throw new Failure("usage", `--address takes an IP address, not "${clean(words.address, 80)}"`);
  }
  const found = await mailDomains(world.dns, { ...words, ports }, world.signal);
  const wanted: Wanted[] = [];
  const seen = new Set<string>();
  const add = (one: Wanted): void => {
    const key = JSON.stringify([one.protocol, one.mode, one.host, one.port, one.address]);
    if (!seen.has(key)) wanted.push(one);
    seen.add(key);
  };
  // First: they know which domains they stand for.
  for (const one of found.wanted) add(address === undefined ? one : { ...one, address });
  for (const text of words.targets) {
    for (const target of parseTarget(text, protocols, {
      ports,
      ...(words.entries ? { entries: words.entries } : {}),
    })) {
      const meant = text.includes("://") ? meantFor(target, protocols) : undefined;
      const socket = socketPath(target) !== undefined;
      const one = {
        ...target,
        // Nobody knows a socket by a name: only --sni says what its certificate should be for.
        ...(socket && words.sni ? { host: readHost(words.sni) } : {}),
        ...(address === undefined || socket ? {} : { address }),
        ...(meant === undefined ? {} : { meant }),
      };
      add(one);
    }
  }
  return { wanted, notes: [], ...(found.domains.length > 0 ? { domains: found.domains } : {}) };
};

const configured = async (world: World, words: VerifyWords, live: readonly LiveCertificate[]): Promise<Configured> => {
  const config = await world.config.read();
  if (!config || config.certificates.length === 0) {
    throw new Failure("usage", "say what to verify: there is no configuration with certificates", {
      hints: [
        "for example: mailcert verify mail.example.org",
        "or one entry point: mailcert verify imaps://mail.example.org",
      ],
    });
  }
  const aimed = [words.ports && "--port", words.address && "--address"].find((option) => option);
  if (aimed) {
    throw new Failure("usage", `${aimed} needs a host name to go with it`, {
      hints: [`for example: mailcert verify ${config.certificates[0]?.names[0] ?? "mail.example.org"} ${aimed} ...`],
    });
  }
  const { protocols } = await world.verifying();
  const all = await configuredTargets(world, config.certificates, live, protocols);
  return words.entries ? { ...all, wanted: onlyMeant(words.entries, all.wanted, protocols) } : all;
};

const bare = (pem: string): string => pem.replaceAll(/\s/g, "");

const trustFor = async (
  world: World,
  words: VerifyWords,
  live: readonly LiveCertificate[],
): Promise<Pick<VerifyRequest, "anchors" | "ownRoots">> => {
  const { readCertificates } = await world.verifying();
  const given = (await Promise.all([...(words.onlyCa ?? []), ...(words.caFiles ?? [])].map(readCertificates))).flat();
  if (words.onlyCa) return { anchors: given };
  const [system, own] = await Promise.all([world.systemRoots(), ownAnchors(world, live)]);
  const anchors = given.length + own.length === 0 ? system : [...system, ...own, ...given];
  if (own.length === 0) return { anchors };
  // Imported on this host, or named by the caller: then it is trusted for that.
  const others = new Set([...system, ...given].map(bare));
  const here = own.filter((root) => !others.has(bare(root)));
  return { anchors, ownRoots: here.map((root) => readCertificate(root).sha256) };
};

type Expectation = (host: string) => Pick<Wanted, "expected" | "slots">;

const expectation = async (
  world: World,
  texts: readonly string[] | undefined,
  live: readonly LiveCertificate[],
): Promise<Expectation> => {
  if (!texts) return () => ({});
  if (texts.includes("live")) {
    return (host) => {
      const found = liveFor(live, host);
      return { expected: expectedOf(found), slots: slotsOf(found.generation) };
    };
  }
  const { readCertificates } = await world.verifying();
  const leaves = await Promise.all(
    texts.map(async (text) => {
      if (text.startsWith("sha256:")) return fingerprint(text);
      // A chain file: the leaf stands first.
      const [leaf = ""] = await readCertificates(text);
      return readCertificate(leaf).sha256;
    }),
  );
  const expected: ExpectedLeaves = { kind: "given", leaves, source: texts.map((text) => clean(text, 100)).join(", ") };
  return () => ({ expected });
};

/** With or without colons, as OpenSSL and browsers print it. */
const fingerprint = (text: string): string => {
  const hex = text.slice("sha256:".length).replaceAll(":", "").toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hex)) return hex;
  throw new Failure("usage", `--expect ${clean(text, 100)}: a SHA-256 fingerprint has 64 hexadecimal digits`, {
    hints: ["openssl x509 -in cert.pem -noout -fingerprint -sha256"],
  });
};

/** A name in EHLO: a host name or an address literal, for nothing else may stand in that line. */
const helloName = (text: string): string => {
  if (/^\[[0-9A-Fa-f:.]{2,45}\]$|^\[IPv6:[0-9A-Fa-f:.]{2,45}\]$/.test(text)) return text;
  try {
    return readHost(text);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(error.kind, `--ehlo: ${error.message}`, {
      cause: error,
      hints: ["give this machine's own name, or an address in brackets: --ehlo monitor.example.org"],
    });
  }
};

const knownChecks = (ids: readonly string[] | undefined): void => {
  const unknown = ids?.find((id) => !checks.some((check) => check.id === id));
  if (unknown === undefined) return;
  throw new Failure("usage", `there is no check "${clean(unknown, 60)}"`, {
    hints: [`checks: ${checks.map(({ id }) => id).join(", ")}`],
  });
};

/** Silence of a check that has nothing to judge by would be taken for a yes. */
const askedInVain = (ids: readonly string[] | undefined): void => {
  const found = checks.find((check) => check.scope === "entry" && check.full === true && ids?.includes(check.id));
  if (found) throw new Failure("usage", `${found.id} is judged with --full alone`, { hints: ["add --full"] });
};

const expiryLimits = ({ warnDays, criticalDays }: VerifyWords): VerifyRequest["expiryDays"] => {
  if (warnDays === undefined && criticalDays === undefined) return undefined;
  const fault = criticalDays ?? 0;
  const warning = warnDays ?? fault;
  if (warning < fault)
    throw new Failure(
      "usage",
      `--warn-days ${warning} is less than --critical-days ${fault}: the warning would never come`,
    );
  return { warning, fault };
};
