// What `config check` says: the file's problems, and what it names on this host that is missing or wrong.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { ConfigCheck, ConfigProblem } from "../domain/config-problem.ts";
import { Failure } from "../domain/failure.ts";
import { copies } from "../domain/file-target.ts";
import { placesWords } from "../domain/places.ts";
import { type SingleServer, sharedServerWarnings } from "../domain/shared-servers.ts";
import { emptyState } from "../domain/state.ts";
import { type Trouble, mostOfAKind, programTroubles, toldTroubles } from "./config-programs.ts";
import { findServers } from "./entries.ts";
import { foreseeRefusals } from "./foresee-refusals.ts";
import { keyOfRequest } from "./request-elsewhere.ts";
import { unlessFailure } from "./unless-failure.ts";
import { rememberLooks } from "./remember-looks.ts";
import type { ConfigAccess, World } from "./world.ts";

const asCommand = (hint: string | undefined): string | undefined =>
  hint !== undefined && /^(?:chmod|chown|mv) \S/.test(hint) ? hint : undefined;

const problemOf = async (access: ConfigAccess, { what, at, failure }: Trouble): Promise<ConfigProblem> => {
  const [first, ...further] = failure.hints;
  const command = asCommand(first);
  const hint = (command === undefined ? failure.hints : further).join("; ");
  const { message } = failure;
  return {
    ...(await access.placeOf(at)),
    message: `${what}: ${message}`,
    ...(hint === "" ? {} : { hint }),
    ...(command === undefined ? {} : { command }),
  };
};

const sentence = ({ what, failure: { message, hints } }: Trouble): string =>
  `${what}: ${message}${hints[0] === undefined ? "" : ` -> ${hints[0]}`}`;

const requestTroubles = async (
  world: World,
  certificates: readonly CertificateConfig[],
): Promise<readonly Trouble[]> => {
  const troubles: Trouble[] = [];
  for (const certificate of certificates) {
    const { csr, name } = certificate;
    if (csr === undefined || troubles.length >= mostOfAKind) continue;
    const read = await unlessFailure(() => keyOfRequest(world, certificate, csr, emptyState(name)));
    if (read instanceof Failure) troubles.push({ what: name, at: csr, failure: read });
  }
  return troubles;
};

/** By what names them: the settings of one updater are read once. */
const updaterTroubles = async (
  world: World,
  certificates: readonly CertificateConfig[],
  path: string,
): Promise<readonly Trouble[]> => {
  const users = new Map<string, string>();
  for (const { name, issuer } of certificates) {
    if (issuer.kind !== "acme" || issuer.dns === undefined) continue;
    if (issuer.challenges.some((type) => type.startsWith("dns-")) && !users.has(issuer.dns))
      users.set(issuer.dns, name);
  }
  const { updater } = await world.preflight();
  const troubles: Trouble[] = [];
  for (const [dns, name] of [...users].slice(0, 100)) {
    if (troubles.length >= mostOfAKind) break;
    const opened = await unlessFailure(() => updater(dns, path));
    if (opened instanceof Failure) troubles.push({ what: name, at: dns, failure: opened });
  }
  return troubles;
};

/** Names that an issuer would refuse: its words name them, and their certificate. */
const refusedTroubles = async (world: World, certificates: readonly CertificateConfig[]): Promise<readonly Trouble[]> =>
  [...(await foreseeRefusals(world, certificates))]
    .slice(0, mostOfAKind)
    .map(([name, failure]) => ({ what: name, at: name, failure }));

/** Where a certificate with `addresses:` or `services:` cannot be served. */
const placeWarnings = async (
  world: World,
  certificates: readonly CertificateConfig[],
  { placesToldElsewhere = false }: CheckOptions,
): Promise<readonly string[]> => {
  const warnings: string[] = [];
  const near = rememberLooks(world);
  for (const certificate of certificates.filter(({ places }) => places)) {
    if (warnings.length >= mostOfAKind) break;
    const found = await unlessFailure(() => findServers(near, certificate));
    const notes = found instanceof Failure ? [] : found.notes.filter(({ check }) => check === "deploy-place");
    for (const { message, hint } of placesToldElsewhere ? [] : notes)
      warnings.push(`${message}${hint === undefined ? "" : ` -> ${hint}`}`);
    if (!(found instanceof Failure) && found.servers.length + notes.length === 0 && certificate.places)
      warnings.push(`${certificate.name}: nothing on this host listens at ${placesWords(certificate.places)}`);
  }
  return warnings;
};

/** Servers that take one certificate; what cannot be looked at is not here. */
const singleServers = async (world: World): Promise<readonly SingleServer[]> => {
  const single = Object.entries(await world.servers()).filter(([name, server]) => name !== copies && !server.sni);
  return Promise.all(
    single.map(async ([name, server]) => {
      const found = await unlessFailure(() => server.detect());
      return { name, here: !(found instanceof Failure) && found.length > 0 };
    }),
  );
};

interface CheckOptions {
  /** Who asks tells in words of its own what no server gives to a certificate with places. */
  readonly placesToldElsewhere?: boolean;
}

/** What this user may not look at may be well. */
const isUnseen = ({ failure }: Trouble): boolean => failure.kind === "no-permission";

const problemsOf = (access: ConfigAccess, troubles: readonly Trouble[]): Promise<readonly ConfigProblem[]> =>
  Promise.all(troubles.filter((one) => !isUnseen(one)).map((one) => problemOf(access, one)));

/** Never throws for what is wrong inside a file. @throws Failure `config` when there is no file. */
export const checkConfig = async (
  world: World,
  access: ConfigAccess,
  options: CheckOptions = {},
): Promise<ConfigCheck> => {
  const result = await access.check();
  const config = await access.readable();
  const programs = [...(await programTroubles(world, config)), ...(await toldTroubles(world, config))];
  if (result.problems.length > 0)
    return {
      ...result,
      // What can be read of a file with mistakes is looked at with them: nobody has to mend it twice.
      problems: [...result.problems, ...(await problemsOf(access, programs))],
      warnings: [...result.warnings, ...programs.filter(isUnseen).map(sentence)],
    };
  const { certificates } = config;
  const refused = await refusedTroubles(world, certificates);
  const troubles = [
    ...refused,
    ...(await requestTroubles(world, certificates)),
    ...(await updaterTroubles(world, certificates, access.path)),
    ...programs,
  ];
  const problems = await problemsOf(access, troubles);
  // A refusal says it with what to do.
  const isSaid = (warning: string): boolean =>
    warning.includes(" cannot be proven by ") && refused.some(({ what }) => warning.startsWith(`${what}: `));
  return {
    ...result,
    certificates: problems.length > 0 ? [] : result.certificates,
    problems,
    warnings: [
      ...sharedServerWarnings(certificates, certificates.length > 1 ? await singleServers(world) : []).slice(
        0,
        mostOfAKind,
      ),
      ...result.warnings.filter((warning) => !isSaid(warning)),
      ...troubles.filter(isUnseen).map(sentence),
      ...(await placeWarnings(world, certificates, options)),
    ],
  };
};
