// Renew: what a timer runs. Issues what is due, finishes what an earlier run left undone, deploys, proves.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { targetOf } from "../domain/generation.ts";
import { hasHooks } from "../domain/hook.ts";
import { type Decision, lastProven } from "../domain/renew-decision.ts";
import type { UnmetWish } from "../domain/unmet-wish.ts";
import { type AskRenewalInfo, renewalInfoAsker } from "./ask-renewal-info.ts";
import { refreshBundle, refreshLateBundle } from "./after-setup.ts";
import { bundleFindings } from "./bundle-findings.ts";
import { exchangedFindings } from "./ca-exchanged.ts";
import type { DeployOptions, DeployResult } from "./deployment.ts";
import { decideNow } from "./intact.ts";
import { type IssueResult, issue } from "./issue.ts";
import { failureOf, orFailure, stopped, stoppedForced } from "./one-failure.ts";
import { endingFindings, explainedFindings, goOn, newFindings, orphanFindings } from "./renew-findings.ts";
import { rememberLooks } from "./remember-looks.ts";
import { rememberFailure } from "./remember-failure.ts";
import { returnedNames } from "./returned-names.ts";
import { readableState, unlessFailure } from "./unless-failure.ts";
import { missedFindings, outsideFindings } from "./window-findings.ts";
import { heldAfterIssue } from "./window-wish.ts";
import type { World } from "./world.ts";

export interface RenewOptions extends DeployOptions {
  readonly force: boolean;
  readonly newKey: boolean;
  /** Certificates were named on the command line: about others nothing is said. */
  readonly named: boolean;
  /** A person named them just now, and does not wait for a next attempt; default: as `named`. */
  readonly asked?: boolean;
  readonly dryRun: boolean;
  /** The caller finishes a revocation that is under way by itself. */
  readonly leaveRevocation?: boolean;
  /** What was done just now to servers of another version. */
  readonly repaired?: readonly Finding[];
  /** How a person says that it is to go on although DNS is against the new key. */
  readonly toReplace?: string;
}

export interface RenewedCertificate {
  readonly certificate: string;
  readonly decision: Decision;
  readonly issued?: IssueResult;
  readonly deployed?: DeployResult;
  /** Why it could not be done; the others go on. */
  readonly failure?: Failure;
  /** Taken out of the servers by `deploy --remove`: renewed, not deployed. */
  readonly parked?: true;
  /** Where nothing is to be done: when every server was last seen to serve it. */
  readonly provenAt?: Date;
  /** A dry run: that is what it would fail at. */
  readonly foreseen?: true;
  /** What a person must see although the run itself only waits. */
  readonly findings: readonly Finding[];
}

export interface RenewResult {
  readonly certificates: readonly RenewedCertificate[];
  /** About servers of another version, and certificates that are served and not in the configuration. */
  readonly findings: readonly Finding[];
  /** `fault` if any has one, else `waiting` if any waits, else `done`. */
  readonly outcome: "done" | "fault" | "waiting";
  /** Somebody has heard of all that it left open (`notify:`). */
  readonly told?: true;
}

/** The caller holds the lock, unless it is a dry run. */
export const renew = async (
  world: World,
  certificates: readonly CertificateConfig[],
  options: RenewOptions,
): Promise<RenewResult> => {
  const ask = renewalInfoAsker(world);
  const drafts: Draft[] = [];
  // Five hundred that are due ask the same servers where they listen; what is deployed looks anew.
  const near = rememberLooks(world);
  const refused = options.dryRun
    ? await (await import("./foresee-refusals.ts")).foreseeRefusals(world, certificates)
    : undefined;
  let since = world.elapsed();
  for (const certificate of certificates) {
    if (world.signal.aborted) throw stopped();
    const ready = drafts.filter(({ deploys }) => deploys).map((draft) => draft.certificate);
    const draft = await issueDue(near, certificate, options, ask, ready);
    drafts.push(withRefusal(draft, refused?.get(certificate.name)));
    if (world.elapsed() - since < longestIssuingMs) continue;
    await deployDrafts(world, drafts, options);
    since = world.elapsed();
  }
  await deployDrafts(world, drafts, options);
  // Last: after an upgrade each folder may be behind, and what is due comes first.
  if (!options.dryRun) await refreshLateBundles(world, drafts);
  const results: RenewedCertificate[] = [];
  for (const { certificate, renewed } of drafts) {
    const { revoking, unmet, hooked = [], outside = [], late = [], ...one } = renewed;
    const revoked =
      revoking && !options.dryRun && !options.leaveRevocation ? await goOn(world, certificate.name, certificate) : [];
    results.push({
      ...one,
      findings: [
        ...endingFindings(world, one),
        ...explainedFindings(one),
        ...(options.dryRun && one.decision.action === "issue" ? exchangedFindings(world, certificate) : []),
        ...newFindings(one.issued, unmet),
        ...revoked,
        ...hooked,
        ...outside,
        ...late,
        ...missedFindings(world, certificate, one.decision),
      ],
    });
  }
  // Without names these are all that the configuration has.
  const orphans = options.named ? [] : await orphanFindings(world, certificates, options);
  const lists =
    !options.dryRun && world.store.crlIsDue() ? await (await import("./ca/crl.ts")).refreshDueCrls(world) : [];
  const lost = options.dryRun || options.named ? [] : await lostCa(world);
  const findings = [...(options.repaired ?? []), ...orphans, ...lists, ...lost];
  return { certificates: results, findings, outcome: outcomeOf(results, findings) };
};

/** Only where people have client certificates: the look loads what others do not need. */
const lostCa = async (world: World): Promise<readonly Finding[]> => {
  const config = await unlessFailure(() => world.config.read());
  if (config === undefined || config instanceof Failure || !config.clients) return [];
  return (await import("./client-trust.ts")).lostCaFindings(world);
};

/** Of a dry run. */
const withRefusal = (draft: Draft, failure: Failure | undefined): Draft => {
  const { certificate, renewed, deploys } = draft;
  if (!failure || renewed.failure || renewed.decision.action !== "issue") return draft;
  return { certificate, renewed: { ...renewed, failure, foreseen: true }, deploys };
};

interface Renewed extends Omit<RenewedCertificate, "findings"> {
  /** A revocation is under way. */
  readonly revoking?: boolean;
  /** What was said at the issuance before. */
  readonly unmet?: readonly UnmetWish[];
  /** Of hooks that an earlier run left, and of those that follow on a failed issuance. */
  readonly hooked?: readonly Finding[];
  /** It did not wait for its window. */
  readonly outside?: readonly Finding[];
  /** Of the files for clients: no part of what is served. */
  readonly late?: readonly Finding[];
}

/** A certificate of the run so far. */
interface Draft {
  readonly certificate: CertificateConfig;
  renewed: Renewed;
  /** It is ready to be served, and waits for the others: each server is reloaded once. */
  deploys: boolean;
}

/** What is issued is served after this long, also where a CA takes an hour for all of them. */
const longestIssuingMs = 600_000;

const issueDue = async (
  world: World,
  certificate: CertificateConfig,
  options: RenewOptions,
  ask: AskRenewalInfo,
  /** What this run is about to deploy: a server may need its first certificate before it takes this one. */
  ready: readonly CertificateConfig[],
): Promise<Draft> => {
  const done = (renewed: Renewed): Draft => ({ certificate, renewed, deploys: false });
  let base: Pick<Renewed, "certificate" | "parked" | "revoking" | "unmet" | "hooked" | "outside"> = {
    certificate: certificate.name,
  };
  const wish = { force: options.force, named: options.asked ?? options.named };
  let decision: Decision | undefined;
  let issued: IssueResult | undefined;
  try {
    const known = world.store.read(certificate.name);
    base = { ...base, unmet: (known && targetOf(known)?.unmet) ?? [] };
    if (known?.revocation) base = { ...base, revoking: true };
    if (known?.parked) base = { ...base, parked: true };
    // A plan makes no request, and what is renewed whatever the CA thinks needs none.
    const state = options.dryRun || options.force ? known : await ask(certificate, known);
    decision = await decideNow(world, certificate, state, wish);
    // A plan asks nobody.
    const returned = options.dryRun ? undefined : await returnedNames(world, certificate, state, decision, wish.named);
    if (returned) ({ decision } = returned);
    if (!options.dryRun && known?.hooks && (decision.action === "nothing" || decision.action === "wait"))
      base = { ...base, hooked: await (await import("./hooks.ts")).runOwed(world, certificate) };
    const provenAt = decision.action === "nothing" && known && !known.parked ? lastProven(known) : undefined;
    if (options.dryRun || decision.action === "nothing" || decision.action === "wait")
      return done({ ...base, decision, ...(provenAt ? { provenAt } : {}) });
    world.step(`${certificate.name}: ${decision.action}: ${decision.why}`);
    if (decision.action === "issue") {
      await (await import("./place-before-issue.ts")).placeBeforeIssue(world, certificate, [...ready, certificate]);
      const { newKey, replace, toReplace } = options;
      issued = await issue(world, certificate, {
        newKey,
        replace,
        ...(toReplace === undefined ? {} : { toReplace }),
        ...(returned === undefined ? {} : { onlyFor: returned.names }),
      });
    }
    const parked = world.store.read(certificate.name)?.parked === true;
    const held = issued && !parked ? heldAfterIssue(world, certificate, wish) : undefined;
    if (held) return done({ ...base, decision: held, ...(issued ? { issued } : {}) });
    if (!parked) base = { ...base, outside: outsideFindings(world, certificate, wish) };
    return { certificate, renewed: { ...base, decision, ...(issued ? { issued } : {}) }, deploys: !parked };
  } catch (error) {
    const renewed = { ...base, decision: decision ?? { action: "issue" as const, why: "unknown" } };
    return done(await failed(world, certificate, { ...renewed, ...(issued ? { issued } : {}) }, error));
  }
};

/** One certificate that fails must not keep the others from being renewed, be it by a bug of ours. */
const failed = async (
  world: World,
  certificate: CertificateConfig,
  renewed: Renewed,
  error: unknown,
): Promise<Renewed> => {
  const failure = await endOf(error, world, certificate);
  const deploying = renewed.issued !== undefined || renewed.decision.action === "deploy";
  // What issue() failed at is remembered there.
  if (deploying && !renewed.deployed && failure.kind !== "try-later") await remember(world, certificate, failure);
  if (deploying || !hasHooks(certificate)) return { ...renewed, failure };
  const { afterFailedIssue } = await import("./hooks.ts");
  return { ...renewed, failure, hooked: await afterFailedIssue(world, certificate, failure) };
};

/** Everything that is ready is served together. */
const deployDrafts = async (world: World, drafts: readonly Draft[], options: RenewOptions): Promise<void> => {
  const due = drafts.filter(({ deploys }) => deploys);
  if (due.length === 0) return;
  const { deployTogether } = await import("./deploy.ts");
  const certificates = due.map(({ certificate }) => certificate);
  const ends = await orFailure(world, () => deployTogether(world, certificates, options));
  for (const draft of due) {
    const { certificate, renewed } = draft;
    draft.deploys = false;
    try {
      if (ends instanceof Failure) throw ends;
      const end = ends.get(certificate.name);
      if (!end || "error" in end) throw end?.error ?? new Error(`${certificate.name} was not deployed`);
      const late = await bundleFindings(world, certificate, () => refreshBundle(world, certificate, false));
      draft.renewed = { ...renewed, deployed: end.result, late };
    } catch (error) {
      draft.renewed = await failed(world, certificate, draft.renewed, error);
    }
  }
};

/** An earlier run may have deployed and then found the folder not writable. */
const refreshLateBundles = async (world: World, drafts: readonly Draft[]): Promise<void> => {
  for (const draft of drafts) {
    const { certificate, renewed } = draft;
    if (renewed.decision.action !== "nothing" || renewed.failure || world.signal.aborted) continue;
    const late = await bundleFindings(world, certificate, () => refreshLateBundle(world, certificate));
    draft.renewed = { ...renewed, late };
  }
};

/** A stop is told as what follows from it: what is due, or half done, is the next run's. */
const endOf = async (error: unknown, world: World, certificate: CertificateConfig): Promise<Failure> => {
  if (error instanceof Failure || !world.signal.aborted) return failureOf(error, world);
  const state = readableState(world, certificate.name);
  const left = await unlessFailure(() => decideNow(world, certificate, state, { force: false, named: true }));
  const done = !(left instanceof Failure) && left.action === "nothing";
  return done ? stoppedForced(certificate.name) : failureOf(error, world);
};

/** A full disk must not hide what went wrong before it. */
const remember = async (world: World, certificate: CertificateConfig, failure: Failure): Promise<void> => {
  try {
    await rememberFailure(world, certificate, "deploy", failure);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    world.step(error.message);
  }
};

const isFault = ({ severity }: Finding): boolean => severity === "fault";

const outcomeOf = (results: readonly RenewedCertificate[], orphans: readonly Finding[]): RenewResult["outcome"] => {
  const fault =
    orphans.some(isFault) ||
    results.some(
      ({ deployed, failure, findings }) =>
        (failure && failure.kind !== "try-later") || deployed?.findings.some(isFault) || findings.some(isFault),
    );
  if (fault) return "fault";
  const waits = results.some(({ decision, failure }) => decision.action === "wait" || failure?.kind === "try-later");
  return waits ? "waiting" : "done";
};
