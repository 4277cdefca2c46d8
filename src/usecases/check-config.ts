// What `config check` says: the file's problems, and what it names on this host that is missing or wrong.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { ConfigCheck, ConfigProblem } from "../domain/config-problem.ts";
import { Failure } from "../domain/failure.ts";
import { type Hook, hooksOf, usualHookSeconds } from "../domain/hook.ts";
import { copies } from "../domain/file-target.ts";
import { type SingleServer, sharedServerWarnings } from "../domain/shared-servers.ts";
import { emptyState } from "../domain/state.ts";
import { foreseeRefusals } from "./foresee-refusals.ts";
import { keyOfRequest } from "./request-elsewhere.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { ConfigAccess, World } from "./world.ts";

/** A thousand entries would say the same thing a thousand times. */
const mostOfAKind = 5;

/** What a run would fail at. */
interface Trouble {
  /** Whose it is: `before_deploy`, a certificate's name. */
  readonly what: string;
  /** The text of the configuration that it is about. */
  readonly at: string;
  readonly failure: Failure;
}

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

/** Programs that root would not run, each named once: hooks, and what is told of new copies. */
const programTroubles = async (
  world: World,
  certificates: readonly CertificateConfig[],
): Promise<readonly Trouble[]> => {
  const programs = new Map<string, readonly [string, Hook]>();
  const add = (what: string, hook: Hook): void => {
    const [program = ""] = hook.run;
    if (!programs.has(program)) programs.set(program, [what, hook]);
  };
  for (const certificate of certificates) {
    for (const [event, hook] of Object.entries(hooksOf(certificate))) add(event, hook);
    for (const { name, reload } of certificate.files ?? [])
      // One without a path is looked for where programs are, at that time.
      if (reload?.[0]?.startsWith("/")) add(`files: ${name}`, { run: reload, timeout: usualHookSeconds });
  }
  if (programs.size === 0) return [];
  const { check } = await world.hooks();
  const troubles: Trouble[] = [];
  for (const [program, [what, hook]] of [...programs].slice(0, 100)) {
    if (troubles.length >= mostOfAKind) break;
    const checked = await unlessFailure(() => check(hook));
    if (checked instanceof Failure) troubles.push({ what, at: program, failure: checked });
  }
  return troubles;
};

/** Names that an issuer would refuse: its words name them, and their certificate. */
const refusedTroubles = async (world: World, certificates: readonly CertificateConfig[]): Promise<readonly Trouble[]> =>
  [...(await foreseeRefusals(world, certificates))]
    .slice(0, mostOfAKind)
    .map(([name, failure]) => ({ what: name, at: name, failure }));

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

/** Never throws for what is wrong inside a file. @throws Failure `config` when there is no file. */
export const checkConfig = async (world: World, access: ConfigAccess): Promise<ConfigCheck> => {
  const result = await access.check();
  if (result.problems.length > 0) return result;
  const certificates = (await access.read())?.certificates ?? [];
  const refused = await refusedTroubles(world, certificates);
  const troubles = [
    ...refused,
    ...(await requestTroubles(world, certificates)),
    ...(await updaterTroubles(world, certificates, access.path)),
    ...(await programTroubles(world, certificates)),
  ];
  // What this user may not look at may be well.
  const unseen = troubles.filter(({ failure }) => failure.kind === "no-permission");
  const problems = await Promise.all(
    troubles.filter((one) => !unseen.includes(one)).map((one) => problemOf(access, one)),
  );
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
      ...unseen.map(sentence),
    ],
  };
};
