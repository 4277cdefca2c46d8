// Pre-flight: everything that would make an order fail, looked at before one is spent. Makes nothing, here or at the CA.
import { caTitle } from "../domain/ca-failures.ts";
import type { AcmeSettings, CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { clockFinding, diskFinding, portFinding, resolveFinding, writeFinding } from "../domain/preflight.ts";
import type { CaFacts } from "../issuers/issuer.ts";
import { type CaaAnswer, askCaa, forbidden } from "./before-order.ts";
import { type NameAddresses, askAddresses, needsAddress } from "./dead-names.ts";
import { findServers } from "./entries.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

const reachDeadlineMs = 3_000;

/** What each finding is about, in the order in which a person would mend it. Nothing for an issuer that spends nothing. */
export const preflight = async (world: World, certificate: CertificateConfig): Promise<readonly Finding[]> => {
  const { issuer, fallbacks, names } = certificate;
  if (issuer.kind !== "acme") return [];
  const addresses = askAddresses(world, names);
  const folders = await folderFindings(world, certificate);
  const resolved = await addresses;
  const own = world.localAddresses();
  const needed = needsAddress(issuer);
  const first = await caFindings(world, issuer, names);
  const others: Finding[] = [];
  // One after the other: each may have to be waited for.
  for (const settings of fallbacks) others.push(...(await caFindings(world, settings, names)).map(softened));
  return [
    ...folders,
    ...resolved.map(({ name, lookup }) => resolveFinding(name, lookup, own, needed)),
    ...(await portFindings(world, issuer, resolved)),
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
): Promise<readonly Finding[]> => {
  const { listenTrouble, reach } = await world.preflight();
  const only = settings.challenges.length === 1;
  const addresses = [...new Set(resolved.flatMap(({ lookup }) => (lookup.kind === "found" ? lookup.addresses : [])))];
  const findings: Finding[] = [];
  for (const challenge of settings.challenges) {
    if (challenge !== "http-01" && challenge !== "tls-alpn-01") continue;
    const address = challenge === "http-01" ? settings.httpAddress : settings.tlsAlpnAddress;
    if (challenge === "http-01" && settings.webroot !== undefined) {
      const reached = await Promise.all(
        addresses.map(async (to) => ({
          address: to,
          port: 80,
          answer: await reach(to, 80, reachDeadlineMs, world.signal),
        })),
      );
      findings.push(portFinding({ challenge, reached }, address, only));
      continue;
    }
    const stuck = await listenTrouble(address);
    findings.push(portFinding({ challenge, ...(stuck === undefined ? {} : { listenTrouble: stuck }) }, address, only));
  }
  return findings;
};

const caFindings = async (
  world: World,
  settings: AcmeSettings,
  names: readonly string[],
): Promise<readonly Finding[]> => {
  const issuer = await world.issuer("acme");
  const { signal, step } = world;
  const inspected = await unlessFailure(async () => issuer.inspect?.({ settings, signal, step, thoroughly: true }));
  if (inspected instanceof Failure) return [trouble("preflight-account", inspected)];
  const facts: CaFacts = inspected ?? { identities: [] };
  const answers = await askCaa(world, names, settings, facts);
  const refused = forbidden(settings, facts, answers);
  return [
    accountFinding(settings, facts),
    ...(refused ? [{ ...trouble("preflight-caa", refused), reference: "RFC 8659 3" }] : []),
    ...caaFindings(settings, answers),
    clockFinding(facts.clockAheadMs),
  ];
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
  for (const { name, lookup, verdict } of answers) {
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
        hint: "ask the CA which name it has in CAA records",
      });
    else if (verdict?.kind === "allowed" && verdict.methods.length < settings.challenges.length)
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
