// Setup: the whole way in one go. Issue, write the configuration, deploy, prove; safe to run again.
import { isDeepStrictEqual } from "node:util";
import type { AcmeSettings, CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { slotOf } from "../domain/keys.ts";
import { lineChanges } from "../domain/line-changes.ts";
import { authorityOf, targetOf } from "../domain/generation.ts";
import type { PreflightFinding } from "../domain/preflight.ts";
import { emptyState } from "../domain/state.ts";
import type { Decision } from "../domain/renew-decision.ts";
import { issuerTitle, setupAgain } from "../domain/setup-command.ts";
import { clean } from "../domain/text.ts";
import type { Server } from "../servers/server.ts";
import { type AdoptedKey, hasKey } from "./adopted-key.ts";
import { exchangedFindings } from "./ca-exchanged.ts";
import { refuseOwned, refuseSelfSignedOverCa, trustedAlready, worseThanServed } from "./better-trusted.ts";
import { deploy } from "./deploy.ts";
import type { DeployOptions, DeployResult } from "./deployment.ts";
import type { Deployable } from "./entries.ts";
import { decideNow } from "./intact.ts";
import { candidateOfKeys } from "./candidate.ts";
import { keysInHand } from "./certified-keys.ts";
import { askAhead, keepDnsPromises } from "./dns-promises.ts";
import { type IssueResult, issue, refuseBadNames } from "./issue.ts";
import { type DeployPlan, planDeploy } from "./plan-deploy.ts";
import { namesHere } from "./names-here.ts";
import { placeOf } from "./one-certificate.ts";
import { observeBaseline, proofTargets } from "./prove.ts";
import { preflight } from "./preflight.ts";
import { recordChange } from "./record-change.ts";
import { rememberLooks } from "./remember-looks.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

export interface SetupOptions extends DeployOptions {
  readonly dryRun: boolean;
  readonly newKey: boolean;
  /** The key to certify instead of one of ours. */
  readonly adopted?: AdoptedKey;
  /** --issuer was given: a known certificate may change its issuer. */
  readonly issuerGiven: boolean;
}

export type LateSetting = "days" | "profile" | "preferred_chain";

export interface SetupPlan {
  readonly certificate: CertificateConfig;
  /** Its entry in the configuration before this run. */
  readonly known?: CertificateConfig;
  readonly found: readonly Deployable[];
  readonly decision: Decision;
  /** What the issuer would make on the way, one sentence each. */
  readonly made?: readonly string[];
  /** Folder of the private CA that is made on the way. */
  readonly madeCa?: string;
  /** Settings that were changed and make no new certificate: the present one was made without them. */
  readonly fromNextRenewal: readonly LateSetting[];
  readonly config: { readonly path: string; readonly before: string | undefined; readonly after: string };
  /** Everything that is kept of the certificate. */
  readonly folder: string;
  readonly deploy: DeployPlan;
  /** Names by which nobody will find this host; who will refuse what is to be served. */
  readonly nameFindings: readonly Finding[];
}

export interface SetupResult {
  readonly plan: SetupPlan;
  /** In a dry run that would place an order: what stands in its way, and what does not. */
  readonly preflight?: readonly PreflightFinding[];
  readonly issued?: IssueResult;
  readonly deployed?: DeployResult;
  /** Settings for pasting, where no server serves it. */
  readonly snippets?: readonly { readonly title: string; readonly text: string }[];
}

/** What setup is going to do. Reads and observes, changes nothing. @throws Failure `config` where a better trusted certificate is served. */
const planSetup = async (given: World, certificate: CertificateConfig, options: SetupOptions): Promise<SetupPlan> => {
  // Nothing changes while it is planned: each server is looked at once.
  const world = rememberLooks(given);
  const made = await refuseBadNames(world, certificate);
  const known = (await world.config.read())?.certificates.find((one) => one.name === certificate.name);
  if (
    known &&
    !options.issuerGiven &&
    (known.issuer.kind !== certificate.issuer.kind || authorityOf(known.issuer) !== authorityOf(certificate.issuer))
  ) {
    throw new Failure(
      "config",
      `${certificate.name} is issued by ${known.issuer.kind} (${authorityOf(known.issuer)}) already`,
      {
        hints: ["to change that, say so: --issuer"],
      },
    );
  }
  if (!known && !options.issuerGiven) refuseOtherIssuer(world, certificate);
  // Who takes its key alone knows of it.
  if (!known && !options.replace && !options.adopted) await refuseOwned(world, certificate);
  const { servers: found } = await placeOf(world, certificate);
  const decision = await decideNow(world, certificate, world.store.read(certificate.name), {
    force: false,
    named: true,
  });
  if (!options.replace) {
    refuseSelfSignedOverCa(world, certificate, toReplace);
    await Promise.all([
      certificate.issuer.kind === "acme" ? undefined : refusePrivateOverPublic(world, certificate, found),
      world.store.liveNumber(certificate.name) === undefined ? askAhead(world, certificate, found) : undefined,
    ]);
  }
  const [config, planned, nameFindings] = await Promise.all([
    world.config.edited(certificate),
    planDeploy(world, certificate),
    namesHere(world, certificate, known, !options.dryRun),
  ]);
  const plan: SetupPlan = {
    certificate,
    ...(known ? { known } : {}),
    found,
    decision,
    ...(decision.action === "issue" && made.length > 0 ? { made, ...madeCa(world, certificate) } : {}),
    fromNextRenewal:
      decision.action === "issue" || wantsKey(world, certificate, options) ? [] : heldBack(world, certificate, known),
    config,
    folder: `${world.store.dir}/certificates/${certificate.name}`,
    deploy: planned,
    // Once it is done, the issuance tells it.
    nameFindings:
      options.dryRun && decision.action === "issue"
        ? [...nameFindings, ...exchangedFindings(world, certificate)]
        : nameFindings,
  };
  if (options.dryRun && wantsIssue(world, plan, options) && !options.replace)
    await refuseUnpromised(world, plan, options);
  return plan;
};

const madeCa = ({ store }: World, { issuer }: CertificateConfig): Pick<SetupPlan, "madeCa"> =>
  issuer.kind === "private-ca" ? { madeCa: `${store.dir}/ca/${issuer.ca}` } : {};

/** It left the configuration, and the state knows who issued it: the default would replace a certificate that everybody trusts by one that few do. */
const refuseOtherIssuer = (world: World, { name, issuer }: CertificateConfig): void => {
  const state = world.store.read(name);
  const target = state && targetOf(state);
  if (!target || (target.issuer === issuer.kind && target.authority === authorityOf(issuer))) return;
  throw new Failure(
    "config",
    `${name} was issued by ${issuerTitle(target)}, and its entry is not in the configuration any more`,
    {
      hints: [
        `to have it as it was: ${setupAgain(name, target)}`,
        `for another issuer say so: --issuer ${issuer.kind}`,
      ],
    },
  );
};

/** The lifetime is the CA's to shorten (it never outlives its root): only one that is longer than asked for tells. */
const heldBack = (
  world: World,
  { name, issuer }: CertificateConfig,
  known: CertificateConfig | undefined,
): readonly LateSetting[] => {
  const state = world.store.read(name);
  const target = state && targetOf(state);
  if (!target) return [];
  if (issuer.kind === "acme") return known?.issuer.kind === "acme" ? changedWishes(issuer, known.issuer) : [];
  const changed = known !== undefined && known.issuer.kind !== "acme" && known.issuer.days !== issuer.days;
  const lasts = (Date.parse(target.notAfter) - Date.parse(target.notBefore)) / 86_400_000;
  return changed || lasts > issuer.days + 2 ? ["days"] : [];
};

/** What an ACME CA is asked for, and gives with the next order only. */
const changedWishes = (asked: AcmeSettings, before: AcmeSettings): readonly LateSetting[] => [
  ...(asked.days === before.days ? [] : ["days" as const]),
  ...(isDeepStrictEqual(asked.profiles, before.profiles) ? [] : ["profile" as const]),
  ...(asked.preferredChain === before.preferredChain ? [] : ["preferred_chain" as const]),
];

/** Another key than that of what is served, or about to be. */
const wantsKey = (world: World, { name }: CertificateConfig, { newKey, adopted }: SetupOptions): boolean =>
  newKey || (adopted !== undefined && !hasKey(world.store.read(name), adopted));

const wantsIssue = (world: World, { decision, certificate }: SetupPlan, options: SetupOptions): boolean =>
  decision.action === "issue" || wantsKey(world, certificate, options);

const toReplace = "add --replace";

/** What `issue` would say, without a key made for it. */
const refuseUnpromised = async (
  world: World,
  { certificate, found }: SetupPlan,
  options: SetupOptions,
): Promise<unknown> =>
  keepDnsPromises(world, {
    remembers: false,
    state: world.store.read(certificate.name) ?? emptyState(certificate.name),
    candidate: candidateOfKeys(certificate, await keysInHand(world, certificate, options)),
    place: async () => ({ servers: found, auto: certificate.servers === "auto" }),
    ways: { resume: "run this again", force: toReplace },
  });

const refusePrivateOverPublic = async (
  world: World,
  certificate: CertificateConfig,
  found: readonly Deployable[],
): Promise<void> => {
  const targets = proofTargets(found, certificate.names, ["ecdsa"], world.localAddresses());
  const observed = await observeBaseline(world, targets, certificate.names[0] ?? "localhost");
  const better = trustedAlready(observed, world.store.read(certificate.name));
  if (better) throw worseThanServed(better, certificate.issuer.kind, toReplace);
};

/** The caller holds the lock, unless it is a dry run. */
export const setup = async (
  world: World,
  certificate: CertificateConfig,
  options: SetupOptions,
): Promise<SetupResult> => {
  world.progress?.(
    options.dryRun ? "looking at this host: nothing is changed" : "looking at this host before anything is changed",
  );
  const plan = await planSetup(world, certificate, options);
  if (options.dryRun)
    return { plan, ...(wantsIssue(world, plan, options) ? { preflight: await preflight(world, certificate) } : {}) };
  // Issue before anything is written: where the CA says no, this host is as it was.
  const { newKey, adopted, replace } = options;
  const wish = { newKey, ...(adopted === undefined ? {} : { adopted }) };
  const issued = wantsIssue(world, plan, options)
    ? await issue(world, certificate, { ...wish, replace, toReplace, found: plan.found })
    : undefined;
  if (plan.config.after !== plan.config.before) {
    world.progress?.(`writing ${plan.config.path}`);
    await world.config.write(plan.config.after, plan.config.path);
    await recordChange(world, { certificate: certificate.name, ...configEvent(plan) });
  }
  // As it was written: with the hooks that hold for all.
  const written = (await world.config.read())?.certificates.find(({ name }) => name === certificate.name);
  const deployed = await deploy(world, written ?? certificate, options);
  const snippets = deployed.outcome === "no-server" ? await pasteable(world, certificate) : undefined;
  return { plan, ...(issued ? { issued } : {}), deployed, ...(snippets ? { snippets } : {}) };
};

/** Its words in the log: a changed entry is not undone by taking it out. */
const configEvent = ({
  certificate,
  known,
  config: { path, before, after },
}: SetupPlan): { readonly what: string; readonly undo: string } => {
  if (!known) {
    return {
      what: before === undefined ? `wrote ${path}` : `added ${certificate.name} to ${path}`,
      undo: `take ${certificate.name} out of ${path}`,
    };
  }
  const lines = lineChanges(before ?? "", after).map((line) => line.replaceAll(/ +/g, " "));
  return {
    what: `changed ${path}: ${clean(lines.join("; "), 400)}`,
    undo: `change these lines of ${path} back, then: mailcert renew ${certificate.name}`,
  };
};

/** The newest generation of each server's settings: what a host that is set up today would get. */
const newest = { dovecot: "2.4", postfix: "3.10" } as const;

const pasteable = async (
  world: World,
  certificate: CertificateConfig,
): Promise<readonly { title: string; text: string }[]> => {
  const servers = await world.servers();
  const served = {
    name: certificate.name,
    names: certificate.names,
    slots: world.store.livePaths(certificate.name, certificate.keys.map(slotOf)),
  };
  const known = Object.entries(newest).flatMap(([name, version]) => {
    const server = servers[name];
    return server ? [{ name, server, version }] : [];
  });
  const installed = await Promise.all(
    known.map(async (one) => {
      const version = await installedVersion(one.server);
      return version === undefined ? [] : [{ ...one, version }];
    }),
  );
  const here = installed.flat();
  return (here.length > 0 ? here : known).map(({ name, server, version }) => ({
    title: `${name} ${version}`,
    text: server.snippet(served, version),
  }));
};

/** undefined: not installed, or one whose settings are not known. */
const installedVersion = async (server: Server): Promise<string | undefined> => {
  const found = await unlessFailure(() => server.detect());
  return found instanceof Failure ? undefined : found[0]?.version;
};
