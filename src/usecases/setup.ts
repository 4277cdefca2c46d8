// Setup: the whole way in one go. Issue, write the configuration, deploy, prove; safe to run again.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { slotOf } from "../domain/keys.ts";
import { authorityOf } from "../domain/generation.ts";
import type { Decision } from "../domain/renew-decision.ts";
import { trustedAlready, worseThanServed } from "./better-trusted.ts";
import { deploy } from "./deploy.ts";
import type { DeployOptions, DeployResult } from "./deployment.ts";
import { type Deployable, findServers } from "./entries.ts";
import { decideNow } from "./intact.ts";
import { type IssueResult, issue, refuseBadNames } from "./issue.ts";
import { type DeployPlan, planDeploy } from "./plan-deploy.ts";
import { refuseSecond } from "./one-certificate.ts";
import { observeBaseline, proofTargets } from "./prove.ts";
import type { World } from "./world.ts";

export interface SetupOptions extends DeployOptions {
  readonly dryRun: boolean;
  readonly newKey: boolean;
  /** --issuer was given: a known certificate may change its issuer. */
  readonly issuerGiven: boolean;
}

export interface SetupPlan {
  readonly certificate: CertificateConfig;
  readonly found: readonly Deployable[];
  readonly decision: Decision;
  readonly config: { readonly path: string; readonly before: string | undefined; readonly after: string };
  readonly deploy: DeployPlan;
}

export interface SetupResult {
  readonly plan: SetupPlan;
  readonly issued?: IssueResult;
  readonly deployed?: DeployResult;
  /** Settings for pasting, where no server was found. */
  readonly snippets?: readonly { readonly title: string; readonly text: string }[];
}

/** What setup is going to do. Reads and observes, changes nothing. @throws Failure `config` where a better trusted certificate is served. */
const planSetup = async (world: World, certificate: CertificateConfig, options: SetupOptions): Promise<SetupPlan> => {
  await refuseBadNames(world, certificate);
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
  const { servers: found } = await findServers(world, certificate);
  await refuseSecond(world, certificate, found);
  if (!options.replace && certificate.issuer.kind !== "acme") await refusePrivateOverPublic(world, certificate, found);
  const decision = await decideNow(world, certificate, { force: false, named: true });
  return {
    certificate,
    found,
    decision,
    config: await world.config.edited(certificate),
    deploy: await planDeploy(world, certificate),
  };
};

const refusePrivateOverPublic = async (
  world: World,
  certificate: CertificateConfig,
  found: readonly Deployable[],
): Promise<void> => {
  const targets = proofTargets(found, certificate.names, ["ecdsa"], world.localAddresses());
  const observed = await observeBaseline(world, targets, certificate.names[0] ?? "localhost");
  const better = trustedAlready(observed, world.store.read(certificate.name));
  if (better) throw worseThanServed(better, certificate.issuer.kind);
};

/** The caller holds the lock, unless it is a dry run. */
export const setup = async (
  world: World,
  certificate: CertificateConfig,
  options: SetupOptions,
): Promise<SetupResult> => {
  const plan = await planSetup(world, certificate, options);
  if (options.dryRun) return { plan };
  // Issue before anything is written: where the CA says no, this host is as it was.
  const wanted = plan.decision.action === "issue" || options.newKey;
  const issued = wanted ? await issue(world, certificate, { newKey: options.newKey }) : undefined;
  if (plan.config.after !== plan.config.before) {
    await world.config.write(plan.config.after, plan.config.path);
    await world.store.record({
      at: world.now().toISOString(),
      run: world.run,
      command: world.command,
      certificate: certificate.name,
      what: `${plan.config.before === undefined ? "wrote" : "changed"} ${plan.config.path}`,
      undo: `take ${certificate.name} out of ${plan.config.path}`,
    });
  }
  const deployed = await deploy(world, certificate, options);
  const snippets = deployed.outcome === "no-server" ? await pasteable(world, certificate) : undefined;
  return { plan, ...(issued ? { issued } : {}), deployed, ...(snippets ? { snippets } : {}) };
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
  return Object.entries(newest).flatMap(([name, version]) => {
    const server = servers[name];
    return server ? [{ title: `${name} ${version}`, text: server.snippet(served, version) }] : [];
  });
};
