// Pre-flight of the challenges: could the names be proven by each of those that are configured? A fault where none is left that could.
import type { AcmeSettings, CertificateConfig, ChallengeName } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { isIpName, isWildcard } from "../domain/names.ts";
import { portFinding } from "../domain/preflight.ts";
import { isWebrootStuck, webrootFindings } from "../domain/preflight-webroot.ts";
import { dnsDeadlineMs } from "./before-order.ts";
import type { NameAddresses } from "./dead-names.ts";
import { trouble } from "./preflight-trouble.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** Whether a challenge could prove the names, and what is to be said of it where it is the `only` one left, or not. */
interface Way {
  readonly challenge: ChallengeName;
  readonly stuck: boolean;
  readonly findings: (only: boolean) => readonly Finding[];
}

export const wayFindings = async (
  world: World,
  certificate: CertificateConfig,
  settings: AcmeSettings,
  resolved: readonly NameAddresses[],
): Promise<readonly Finding[]> => {
  const ways: Way[] = [];
  for (const challenge of settings.challenges)
    ways.push(await wayOf(world, certificate, settings, resolved, challenge));
  const isOnly = ({ challenge }: Way): boolean =>
    certificate.names.some(
      (name) =>
        canProve(challenge, name) &&
        ways.filter((other) => canProve(other.challenge, name)).every(({ stuck }) => stuck),
    );
  return ways.flatMap((way) => way.findings(isOnly(way)));
};

/** RFC 8555 §8.3, RFC 8737: nothing but DNS proves a wildcard; RFC 8738: an address has no zone. */
const canProve = (challenge: ChallengeName, name: string): boolean => {
  const inDns = challenge === "dns-01" || challenge === "dns-persist-01";
  return isWildcard(name) ? inDns : !(inDns && isIpName(name));
};

const wayOf = (
  world: World,
  certificate: CertificateConfig,
  settings: AcmeSettings,
  resolved: readonly NameAddresses[],
  challenge: ChallengeName,
): Promise<Way> => {
  const { webroot, httpAddress, tlsAlpnAddress, dns } = settings;
  if (challenge === "tls-alpn-01") return listenWay(world, challenge, tlsAlpnAddress);
  if (challenge === "http-01")
    return webroot === undefined
      ? listenWay(world, challenge, httpAddress)
      : webrootWay(world, webroot, certificate, resolved);
  if (dns !== undefined) return dnsWay(world, challenge, dns, certificate);
  // dns-persist-01 without an updater: only with the CA's word can one say which record is needed (preflight-ca.ts).
  return Promise.resolve({ challenge, stuck: false, findings: () => [] });
};

const listenWay = async (world: World, challenge: "http-01" | "tls-alpn-01", address: string): Promise<Way> => {
  const stuck = await (await world.preflight()).listenTrouble(address);
  return { challenge, stuck: stuck !== undefined, findings: (only) => [portFinding(challenge, address, stuck, only)] };
};

const stuckBy = (challenge: ChallengeName, check: string, failures: readonly Failure[]): Way => ({
  challenge,
  stuck: true,
  findings: (only) => failures.map((failure) => trouble(check, failure, only ? "fault" : "warning")),
});

const webrootWay = async (
  world: World,
  webroot: string,
  { names }: CertificateConfig,
  resolved: readonly NameAddresses[],
): Promise<Way> => {
  const own = world.localAddresses();
  const hosts = [
    ...resolved.flatMap(({ name, lookup }) => (lookup.kind === "found" ? [{ name, addresses: lookup.addresses }] : [])),
    ...names.filter(isIpName).map((name) => ({ name, addresses: [name] })),
  ];
  const { tryWebroot } = await world.preflight();
  const fetched = await unlessFailure(() => tryWebroot(webroot, hosts, world.signal));
  if (fetched instanceof Failure) return stuckBy("http-01", "preflight-webroot", [fetched]);
  return {
    challenge: "http-01",
    stuck: isWebrootStuck(fetched, own),
    findings: (only) => webrootFindings(webroot, fetched, own, only),
  };
};

/** A value that no proof has: it is asked whether it could be published. */
const unusedValue = (world: World): string =>
  `mailcert-preflight-${String(Math.floor(world.random() * 1e9)).padStart(9, "0")}`.padEnd(43, "0");

/** The updater's settings are read and judged, and its server is asked whether it would take a change, where that changes nothing. */
const dnsWay = async (
  world: World,
  challenge: "dns-01" | "dns-persist-01",
  dns: string,
  { names }: CertificateConfig,
): Promise<Way> => {
  const check = "preflight-dns";
  const tools = await world.preflight();
  const updater = await unlessFailure(() => tools.updater(dns));
  if (updater instanceof Failure) return stuckBy(challenge, check, [updater]);
  const { authoritative } = await world.dns();
  const label = challenge === "dns-01" ? "_acme-challenge" : "_validation-persist";
  const bare = names.filter((name) => !isIpName(name)).map((name) => (isWildcard(name) ? name.slice(2) : name));
  const failures: Failure[] = [];
  const well: string[] = [];
  for (const name of new Set(bare)) {
    const at = `${label}.${name}`;
    const found = await authoritative.follow(at, { timeoutMs: dnsDeadlineMs, signal: world.signal });
    if (found.kind === "unknown") {
      failures.push(
        new Failure("unavailable", `cannot find the zone to publish ${at} in: ${found.why}`, {
          hints: ["check that the domain is delegated and that this host's resolver (/etc/resolv.conf) can look it up"],
        }),
      );
      // With a dead resolver each of them is waited for.
      if (failures.length >= 3) break;
      continue;
    }
    const record = { name: found.owner, zone: found.zone.apex, value: unusedValue(world) };
    const refused = await unlessFailure(async () => updater.check?.(record, world.signal));
    if (!(refused instanceof Failure)) well.push(found.owner);
    else failures.push(refused);
    // A server that does not answer keeps one waiting once; what is wrong with the key is wrong for each name.
    if (refused instanceof Failure && refused.facts?.["code"] !== "REFUSED") break;
  }
  if (failures.length > 0) return stuckBy(challenge, check, failures);
  const message =
    updater.check === undefined
      ? `${challenge}: the settings of ${dns} can be read; whether its provider takes a change was not asked`
      : `${challenge}: ${dns} may publish ${well.slice(0, 4).join(", ")}${well.length > 4 ? ` and ${well.length - 4} more` : ""}`;
  return { challenge, stuck: false, findings: () => [{ check, severity: "ok", message }] };
};
