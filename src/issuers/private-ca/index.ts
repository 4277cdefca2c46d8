// The private CA: a root made once for this host's domains, and leaves signed by it.
import { join } from "node:path";
import type { PrivateCaSettings } from "../../domain/certificate-config.ts";
import { goneCa } from "../../domain/ca-gone.ts";
import { certificateNameProblem } from "../../domain/certificate-name.ts";
import { Failure } from "../../domain/failure.ts";
import type { NameConstraints } from "../../domain/name-constraints.ts";
import { caWord } from "../../domain/private-ca.ts";
import { ownKeyOf } from "../../domain/subject-key.ts";
import type { GenerateKey } from "../../system/keys.ts";
import { makeLeaf } from "../../x509/leaf.ts";
import type { Random } from "../../x509/random.ts";
import { commonNameFor } from "../common-name.ts";
import type { Company, IssueRequest, IssuedChain, Issuer } from "../issuer.ts";
import { checkDays } from "../lifetime.ts";
import { acceptNames, nameRefusal } from "../name-refusal.ts";
import { type Authority, findAuthority, openAuthority } from "./authority.ts";
import { defaultConstraints, statedConstraints } from "./constraints.ts";
import { readLayout } from "./layout.ts";
import { leafValidity } from "./lifetime.ts";
import { newRoot } from "./new-root.ts";
import { recordIssued } from "./records.ts";
import { limits, outside, refuseOtherLimits, refuseOutside } from "./refusal.ts";
import { servedChain } from "./served-chain.ts";

export interface PrivateCaDependencies {
  /** The state folder; the CA lives in `<state>/ca/<name>/`. */
  readonly stateDir: string;
  readonly random: Random;
  readonly generateKey: GenerateKey;
  /** Names of the certificates of this host that are, or are to be, served and that the CA of this name signed: none is made in its place unasked. */
  readonly relying: (ca: string) => Promise<readonly string[]>;
}

const stated = ({ caDomains }: PrivateCaSettings): NameConstraints | undefined | "default" =>
  caDomains === undefined || caDomains.length === 0 ? "default" : statedConstraints(caDomains);

const refuses = (name: string, settings: PrivateCaSettings): string | undefined => {
  const problem = nameRefusal(name);
  if (problem !== undefined) return problem;
  const constraints = stated(settings);
  const why = constraints === "default" ? undefined : outside(constraints, name);
  return why === undefined
    ? undefined
    : `by ca_domains the private CA ${why}; add its domain there (--ca-domains), or use another CA, ca: NAME (--ca NAME)`;
};

/** Everything that is wrong with the request itself. @throws Failure before anything is made. */
const acceptRequest = (names: readonly string[], settings: PrivateCaSettings): readonly string[] => {
  const badCa = certificateNameProblem(settings.ca);
  if (badCa !== undefined)
    throw new Failure("config", `the CA's name ${JSON.stringify(settings.ca.slice(0, 80))} ${badCa}`);
  checkDays(settings.days);
  return acceptNames("private-ca", names, (name) => refuses(name, settings));
};

const folderOf = ({ stateDir }: PrivateCaDependencies, { ca }: PrivateCaSettings): string => join(stateDir, "ca", ca);

/** @throws Failure where there was one: who imported its root would refuse what another signs. */
const refuseGone = async (dependencies: PrivateCaDependencies, settings: PrivateCaSettings): Promise<void> => {
  const relying = await dependencies.relying(settings.ca);
  if (relying.length === 0) return;
  const folder = folderOf(dependencies, settings);
  const { names } = await readLayout(folder);
  throw goneCa({ ca: settings.ca, folder, isEmpty: names.length === 0, relying });
};

/** @throws Failure when a CA that exists is limited to something else than what is wanted of it. */
const refuseUnfit = async (
  { folder, constraints }: Pick<Authority, "folder" | "constraints">,
  names: readonly string[],
  settings: PrivateCaSettings,
  others: Company["others"] = async () => [],
): Promise<void> => {
  const limited = { ca: settings.ca, folder, constraints };
  const asked = stated(settings);
  if (asked !== "default") refuseOtherLimits(limited, asked, names);
  await refuseOutside(limited, names, async () => defaultConstraints([...names, ...(await others())]));
};

const check = async (
  dependencies: PrivateCaDependencies,
  names: readonly string[],
  settings: PrivateCaSettings,
  { first, others }: Company<PrivateCaSettings> = {},
): Promise<readonly string[]> => {
  const accepted = acceptRequest(names, settings);
  const folder = folderOf(dependencies, settings);
  const authority = await findAuthority(folder);
  if (authority) {
    await refuseUnfit(authority, accepted, settings, others);
    return [];
  }
  await refuseGone(dependencies, settings);
  if (first) {
    // By then it is there.
    const constraints = await constraintsFor(first.settings, first.names, folder);
    await refuseUnfit({ folder, constraints }, accepted, settings, others);
    return [];
  }
  const constraints = await constraintsFor(settings, accepted, folder);
  return [
    `would make the private CA "${settings.ca}", ${limits(constraints)}; others come with a new root (mailcert ca rotate)`,
  ];
};

/** Of a CA that is to be made. @throws Failure where it could not certify these names: such a root would be of no use to anybody. */
const constraintsFor = async (
  settings: PrivateCaSettings,
  names: readonly string[],
  folder: string,
): Promise<NameConstraints | undefined> => {
  const asked = stated(settings);
  const constraints = asked === "default" ? await defaultConstraints(names) : asked;
  await refuseOutside({ ca: settings.ca, folder, constraints }, names, async () => defaultConstraints(names));
  return constraints;
};

const authorityFor = async (
  dependencies: PrivateCaDependencies,
  request: IssueRequest<PrivateCaSettings>,
  names: readonly string[],
): Promise<{ readonly authority: Authority; readonly notes: readonly string[] }> => {
  const { ca } = request.settings;
  const folder = folderOf(dependencies, request.settings);
  const { authority, made } = await openAuthority(folder, {
    mayMake: async () => refuseGone(dependencies, request.settings),
    makeKey: async () => dependencies.generateKey("ecdsa"),
    makeRoot: async (privateKey) => {
      const root = await newRoot({
        ca,
        privateKey,
        constraints: await constraintsFor(request.settings, names, folder),
        now: request.now,
        random: dependencies.random,
      });
      await request.record?.({
        what: `made the private CA "${ca}" in ${folder}`,
        undo: `where nobody has imported its root yet: move ${folder} away`,
      });
      return root;
    },
  });
  const which = `the private CA ${authority.facts.commonName ?? ca}`;
  request.step(`${made ? "made" : "using"} ${which} in ${folder}`);
  const until = authority.facts.notAfter.toISOString().slice(0, 10);
  const notes = [
    `made ${which}, ${limits(authority.constraints)}, until ${until}`,
    `back it up, for a lost CA cannot be made again: mailcert ca backup${caWord(ca)} --out FILE`,
  ];
  return { authority, notes: made ? notes : [] };
};

const issue = async (
  dependencies: PrivateCaDependencies,
  request: IssueRequest<PrivateCaSettings>,
): Promise<IssuedChain> => {
  const { settings, now, step } = request;
  const privateKey = ownKeyOf(request, "a private CA");
  const names = acceptRequest(request.names, settings);
  request.signal.throwIfAborted();
  const { authority, notes } = await authorityFor(dependencies, request, names);
  await refuseUnfit(authority, names, settings);
  const served = servedChain(authority, names, now);
  const leaf = await makeLeaf({
    privateKey,
    names,
    commonName: commonNameFor(names),
    ...leafValidity(authority, settings.days, now, step, served.until),
    issuer: { certificate: authority.signer.certificate, privateKey: authority.signer.privateKey },
    ...(settings.crlUrl === undefined ? {} : { crlUrl: settings.crlUrl }),
    random: dependencies.random,
  });
  await recordIssued(authority, leaf, names, now);
  return { leaf, chain: served.chain, root: authority.root, ...(notes.length === 0 ? {} : { notes }) };
};

export const createPrivateCa = (dependencies: PrivateCaDependencies): Issuer<PrivateCaSettings> => ({
  refuses,
  check: async (names, settings, company) => check(dependencies, names, settings, company),
  issue: async (request) => issue(dependencies, request),
});
