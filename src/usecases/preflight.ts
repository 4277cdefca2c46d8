// Pre-flight: everything that would make an order fail, looked at before one is spent. Makes nothing, here or at the CA.
import { caTitle } from "../domain/ca-failures.ts";
import type { AcmeSettings, CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { targetOf } from "../domain/generation.ts";
import { isAdvisedNow } from "../domain/ari.ts";
import { slotOf } from "../domain/keys.ts";
import {
  type PortFacts,
  clockFinding,
  diskFinding,
  isStuck,
  limitFinding,
  portFinding,
  resolveFinding,
  writeFinding,
} from "../domain/preflight.ts";
import type { CaFacts } from "../issuers/issuer.ts";
import { type CaaAnswer, askCaa, forbidden } from "./before-order.ts";
import { type NameAddresses, askAddresses, needsAddress } from "./dead-names.ts";
import { findServers } from "./entries.ts";
import { readableState, unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

const reachDeadlineMs = 3_000;

/** What each finding is about, in the order in which a person would mend it. Nothing for an issuer that spends nothing. */
export const preflight = async (world: World, certificate: CertificateConfig): Promise<readonly Finding[]> => {
  const { issuer, fallbacks, names, onDeadName } = certificate;
  if (issuer.kind !== "acme") return [];
  const addresses = askAddresses(world, names);
  const folders = await folderFindings(world, certificate);
  const resolved = await addresses;
  const own = world.localAddresses();
  const needed = needsAddress(issuer);
  const first = await caFindings(world, issuer, certificate);
  const others: Finding[] = [];
  // One after the other: each may have to be waited for.
  for (const settings of fallbacks) others.push(...(await caFindings(world, settings, certificate)).map(softened));
  return [
    ...folders,
    ...resolved.map(({ name, lookup }) =>
      resolveFinding(name, lookup, own, needed, onDeadName === "drop" && name !== names[0]),
    ),
    ...(await portFindings(world, issuer, resolved, own)),
    ...first,
    ...others,
  ];
};

/** A CA that is only asked where the first one cannot. */
const softened = (finding: Finding): Finding =>
  finding.severity === "fault" ? { ...finding, severity: "warning" } : finding;

const folderFindings = async (world: World, certificate: CertificateConfig): Promise<readonly Finding[]> => {
  const { accessTrouble, freeBytes } = await world.preflight();
  const { dir } = world.store;
  const found = await unlessFailure(() => findServers(world, certificate));
  const servers = found instanceof Failure ? [] : found.servers;
  const targets = servers.map(({ installation: { id, configDir } }) => ({ id, configDir }));
  const unread = found instanceof Failure ? [trouble("preflight-write", found)] : [];
  return [
    writeFinding("state", dir, await accessTrouble(dir)),
    diskFinding(dir, await freeBytes(dir)),
    ...(await Promise.all(
      targets.map(async ({ id, configDir }) =>
        writeFinding(`settings of ${id}`, configDir, await accessTrouble(configDir)),
      ),
    )),
    ...unread,
  ];
};

const trouble = (check: string, { message, hints }: Failure): Finding => ({
  check,
  severity: "fault",
  message,
  ...(hints[0] === undefined ? {} : { hint: hints.join("; ") }),
});

const portFindings = async (
  world: World,
  settings: AcmeSettings,
  resolved: readonly NameAddresses[],
  own: readonly string[],
): Promise<readonly Finding[]> => {
  const { listenTrouble, reach } = await world.preflight();
  const addresses = [...new Set(resolved.flatMap(({ lookup }) => (lookup.kind === "found" ? lookup.addresses : [])))];
  const found: { readonly facts: PortFacts; readonly address: string }[] = [];
  for (const challenge of settings.challenges) {
    if (challenge !== "http-01" && challenge !== "tls-alpn-01") continue;
    const address = challenge === "http-01" ? settings.httpAddress : settings.tlsAlpnAddress;
    if (challenge === "http-01" && settings.webroot !== undefined) {
      const reached = await Promise.all(
        addresses.map(async (to) => ({
          address: to,
          port: 80,
          own: own.includes(to),
          answer: await reach(to, 80, reachDeadlineMs, world.signal),
        })),
      );
      found.push({ facts: { challenge, reached }, address });
      continue;
    }
    const stuck = await listenTrouble(address);
    found.push({ facts: { challenge, ...(stuck === undefined ? {} : { listenTrouble: stuck }) }, address });
  }
  const none = found.length === settings.challenges.length && found.every(({ facts }) => isStuck(facts));
  return found.map(({ facts, address }) => portFinding(facts, address, none));
};

const caFindings = async (
  world: World,
  settings: AcmeSettings,
  certificate: CertificateConfig,
): Promise<readonly Finding[]> => {
  const { names } = certificate;
  const issuer = await world.issuer("acme");
  const { signal, step } = world;
  const exempt = isExempt(world, settings, certificate);
  const inspected = await unlessFailure(async () =>
    issuer.inspect?.({ settings, names, exempt, signal, step, thoroughly: true }),
  );
  if (inspected instanceof Failure) return [trouble("preflight-account", inspected)];
  const facts: CaFacts = inspected ?? { identities: [] };
  const answers = await askCaa(world, names, settings, facts);
  const refused = forbidden(settings, facts, answers);
  return [
    accountFinding(settings, facts),
    ...(refused ? [{ ...trouble("preflight-caa", refused), reference: "RFC 8659 3" }] : []),
    ...caaFindings(settings, answers),
    limitFinding(caTitle(settings), facts.exhausted),
    clockFinding(facts.clockAheadMs),
  ];
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

/** What is not a plain no: nobody could say, or all is well. */
const caaFindings = (settings: AcmeSettings, answers: readonly CaaAnswer[]): readonly Finding[] => {
  const check = "preflight-caa";
  const findings: Finding[] = [];
  const allowed: string[] = [];
  for (const { name, lookup, methods, verdict } of answers) {
    if (lookup.kind === "blocked")
      findings.push({
        check,
        severity: "fault",
        message: `the CAA records of ${name} cannot be had: ${lookup.owner} answers ${lookup.why}, which a CA has to take for a no`,
        hint: `check the zone's name servers and its DNSSEC signatures: delv ${lookup.owner} CAA`,
        reference: "RFC 8659 3",
      });
    else if (lookup.kind === "unknown")
      findings.push({
        check,
        severity: "warning",
        message: `nobody could say whether ${name} has CAA records (${lookup.why})`,
        hint: "check this host's name servers (/etc/resolv.conf)",
      });
    else if (verdict?.kind === "unknown")
      findings.push({
        check,
        severity: "warning",
        message: `${name}: ${verdict.why}`,
      });
    else if (verdict?.kind === "allowed" && verdict.methods.length < methods.length)
      findings.push({
        check,
        severity: "info",
        message: `${name}: CAA allows ${verdict.methods.join(", ")} only`,
        reference: "RFC 8657 4",
      });
    else if (verdict?.kind !== "forbidden") allowed.push(name);
  }
  if (allowed.length > 0)
    findings.push({ check, severity: "ok", message: `CAA lets ${caTitle(settings)} issue for ${allowed.join(", ")}` });
  return findings;
};
