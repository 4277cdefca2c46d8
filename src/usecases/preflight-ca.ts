// Pre-flight of the CAs: the account, CAA, what is used up, the clock; for each CA of the list, which the lines name.
import { caTitle, isCaTrouble } from "../domain/ca-failures.ts";
import { isAdvisedNow } from "../domain/ari.ts";
import type { AcmeSettings, CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { targetOf } from "../domain/generation.ts";
import { slotOf } from "../domain/keys.ts";
import { caaFindings } from "../domain/preflight-caa.ts";
import { type PreflightFinding, clockFinding, limitFinding } from "../domain/preflight.ts";
import type { CaFacts } from "../issuers/issuer.ts";
import { askCaa, forbidden } from "./before-order.ts";
import { utcMinute } from "../domain/utc-minute.ts";
import { persistFindings } from "./preflight-persist.ts";
import { trouble } from "./preflight-trouble.ts";
import { readableState, unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

interface Block {
  readonly title: string;
  readonly findings: readonly Finding[];
  /** What is wrong with it lets the next CA be asked. */
  readonly passes: boolean;
}

const isWell = ({ findings }: Block): boolean => findings.every(({ severity }) => severity !== "fault");

const softened = (finding: Finding): Finding =>
  finding.severity === "fault" ? { ...finding, severity: "warning" } : finding;

/** Those of several CAs name theirs. What is wrong with one is a warning where the order comes to another that is well. */
export const allCaFindings = async (
  world: World,
  certificate: CertificateConfig,
  issuer: AcmeSettings,
): Promise<readonly PreflightFinding[]> => {
  const blocks: Block[] = [];
  // One after the other: each may have to be waited for.
  for (const settings of [issuer, ...certificate.fallbacks]) blocks.push(await caBlock(world, settings, certificate));
  const [first, ...others] = blocks as [Block, ...Block[]];
  if (others.length === 0) return first.findings;
  const reached = isWell(first) || (first.passes && others.some(isWell));
  return blocks.flatMap(({ title, findings }) =>
    findings.map((finding) => ({ ...(reached ? softened(finding) : finding), ca: title })),
  );
};

const caBlock = async (world: World, settings: AcmeSettings, certificate: CertificateConfig): Promise<Block> => {
  const { names, name, fallbacks } = certificate;
  const title = caTitle(settings);
  const issuer = await world.issuer("acme");
  const { signal, step } = world;
  const waits = fallbacks.length === 0 ? undefined : waitingFinding(world, name, settings);
  const before = waits ? [waits] : [];
  const exempt = isExempt(world, settings, certificate);
  const inspected = await unlessFailure(async () =>
    issuer.inspect?.({ settings, names, exempt, signal, step, thoroughly: true }),
  );
  if (inspected instanceof Failure) {
    const findings = [...before, trouble("preflight-account", inspected)];
    return { title, findings, passes: waits !== undefined || isCaTrouble(inspected) };
  }
  const facts: CaFacts = inspected ?? { identities: [] };
  const answers = await askCaa(world, names, settings, facts);
  const refused = forbidden(settings, facts, answers);
  const clock = clockFinding(facts.clockAheadMs);
  const proof = await persistFindings(world, certificate, settings, facts);
  const ours = [facts.accountTrouble !== undefined && !isCaTrouble(facts.accountTrouble), clock.severity === "fault"];
  return {
    title,
    findings: [
      ...before,
      accountFinding(settings, facts),
      ...(refused ? [{ ...trouble("preflight-caa", refused), reference: "RFC 8659 3" }] : []),
      ...caaFindings(title, answers),
      ...proof,
      limitFinding(title, facts.exhausted),
      clock,
    ],
    passes: waits !== undefined || (!ours.includes(true) && proof.every(({ severity }) => severity !== "fault")),
  };
};

/** It failed a while ago: until then the others go first. */
const waitingFinding = (world: World, name: string, { directory }: AcmeSettings): Finding | undefined => {
  const failure = readableState(world, name)?.caFailures?.[directory];
  if (failure === undefined || Date.parse(failure.nextAttempt) <= world.now().getTime()) return undefined;
  return {
    check: "preflight-backoff",
    severity: "warning",
    message: `it failed, and the others go first until ${utcMinute(failure.nextAttempt)}: ${failure.message}`,
  };
};

/** The CA gave the renewal this very time (RFC 9773): its rate limits do not count. */
const isExempt = (world: World, { directory }: AcmeSettings, { name, keys }: CertificateConfig): boolean => {
  const state = readableState(world, name);
  const target = state && targetOf(state);
  return (
    target?.account !== undefined &&
    target.authority === directory &&
    keys.every((algorithm) => isAdvisedNow(state?.ari, target.number, slotOf(algorithm), world.now()))
  );
};

const accountFinding = (settings: AcmeSettings, { account, accountTrouble }: CaFacts): Finding => {
  if (accountTrouble) return trouble("preflight-account", accountTrouble);
  const message =
    account === undefined
      ? `an account at ${caTitle(settings)} would be registered`
      : `the account ${account} can be used`;
  return { check: "preflight-account", severity: "ok", message };
};
