// DNSSEC-signed zones inside a mail host: Knot signs and serves them, Unbound validates them on 127.0.0.1:53, where the host's resolv.conf leads.
import type { MailHost } from "./mail-host.ts";

export interface SignedZone {
  /** Adds or removes one record: `_25._tcp.mail 5 TLSA 3 1 1 HEX` (name relative to the zone, TTL, type, data). */
  add(record: string): Promise<void>;
  remove(record: string): Promise<void>;
  /** From now on nothing listens on port 53. */
  stopResolver(): Promise<void>;
  /** It runs from the beginning; again after `stopResolver`. */
  startResolver(): Promise<void>;
  /** What a server has for a name, by type: the primary's word, or the secondary's. */
  ask(name: string, type: string, server?: "primary" | "secondary"): Promise<string>;
  /** The secondary fetches the zone now; by itself it does not. */
  refreshSecondary(): Promise<void>;
}

export interface SignedZoneOptions {
  readonly zone: string;
  /** Lines of a zone file below SOA and NS; names relative to the zone. */
  readonly records: readonly string[];
  /** Further zones, unsigned for Unbound, at the same servers. */
  readonly others?: Readonly<Record<string, readonly string[]>>;
  /** Further zones, for which Unbound holds a key that they are not signed with: what they say is bogus, and every answer SERVFAIL. */
  readonly bogus?: Readonly<Record<string, readonly string[]>>;
  /** Takes TXT updates (RFC 2136) signed with this key, hmac-sha256. */
  readonly updateKey?: { readonly name: string; readonly secret: string };
  /** A second name server, ns2, that learns of no change until it is told to look. Default false. */
  readonly secondary?: boolean;
  /** Without it Unbound knows no key for the zone: every answer is insecure, as from an unsigned zone. Default true. */
  readonly anchored?: boolean;
}

const folder = "/srv/signed-zone";
const authority = "127.0.53.1";
const second = "127.0.53.2";

const zonesOf = ({ zone, others = {}, bogus = {} }: SignedZoneOptions): readonly string[] => [
  zone,
  ...Object.keys(others),
  ...Object.keys(bogus),
];

const zoneConf = (options: SignedZoneOptions, name: string): string => `
  - domain: ${name}
    storage: ${folder}
    file: zone-${name}
    ${name === options.zone ? "dnssec-signing: on\n    dnssec-policy: lab" : ""}
    ${options.updateKey || options.secondary ? `acl: [${[...(options.updateKey ? ["update"] : []), "copy"].join(", ")}]` : ""}
    zonefile-sync: -1
    zonefile-load: difference
    journal-content: all
`;

const knotConf = (options: SignedZoneOptions): string => `
server:
  listen: ${authority}@53
  rundir: ${folder}/knot
database:
  storage: ${folder}/knot
${options.updateKey ? `key:\n  - id: ${options.updateKey.name}\n    algorithm: hmac-sha256\n    secret: ${options.updateKey.secret}` : ""}
acl:
${options.updateKey ? `  - id: update\n    key: ${options.updateKey.name}\n    action: update\n    update-type: TXT` : ""}
  - id: copy
    address: 127.0.0.0/8
    action: transfer
policy:
  - id: lab
    algorithm: ecdsap256sha256
    single-type-signing: on
    nsec3: on
zone:
${zonesOf(options)
  .map((name) => zoneConf(options, name))
  .join("")}
`;

const secondConf = (options: SignedZoneOptions): string => `
server:
  listen: ${second}@53
  rundir: ${folder}/second
database:
  storage: ${folder}/second
remote:
  - id: primary
    address: ${authority}@53
    via: ${second}
zone:
${zonesOf(options)
  .map((name) => `  - domain: ${name}\n    storage: ${folder}/second\n    master: primary\n`)
  .join("")}
`;

// Nothing is cached: a test sees what it has just published.
const unboundConf = (zones: readonly string[], anchored: boolean): string => `
server:
  directory: "${folder}"
  chroot: ""
  username: ""
  pidfile: "${folder}/unbound.pid"
  use-syslog: no
  logfile: "${folder}/unbound.log"
  interface: 127.0.0.1
  module-config: "validator iterator"
  ${anchored ? `trust-anchor-file: "${folder}/anchor"` : ""}
  do-not-query-localhost: no
  cache-max-ttl: 0
  cache-max-negative-ttl: 0
remote-control:
  control-enable: no
${zones.map((name) => `stub-zone:\n  name: "${name}"\n  stub-addr: ${authority}\n`).join("")}`;

/** Waits until a command succeeds. */
const until = (command: string): string =>
  `for i in $(seq 200); do ${command} && exit 0; sleep 0.05; done; tail -n 20 ${folder}/*.log; exit 1`;

export const startSignedZone = async (host: MailHost, options: SignedZoneOptions): Promise<SignedZone> => {
  const { zone, records, others = {}, bogus = {}, anchored = true, secondary = false } = options;
  const servers = ["@ NS ns", `ns A ${authority}`, ...(secondary ? ["@ NS ns2", `ns2 A ${second}`] : [])];
  for (const [name, lines] of Object.entries({ [zone]: records, ...others, ...bogus })) {
    const head = [`$ORIGIN ${name}.`, "$TTL 5", "@ SOA ns hostmaster 1 3600 600 86400 5", ...servers];
    await host.write(`${folder}/zone-${name}`, [...head, ...lines, ""].join("\n"));
  }
  await host.write(`${folder}/knot.conf`, knotConf(options));
  await host.write(`${folder}/unbound.conf`, unboundConf(zonesOf(options), anchored));
  await host.must(`mkdir -p ${folder}/knot && knotd -d -c ${folder}/knot.conf >${folder}/knot.log 2>&1`);
  const ask = `kdig +short @${authority} ${zone} DNSKEY`;
  await host.must(until(`${ask} | grep -q .`));
  for (const name of zonesOf(options)) await host.must(until(`kdig +short @${authority} ${name} SOA | grep -q .`));
  for (const name of [zone, ...Object.keys(bogus)])
    await host.must(`${ask} | sed "s/^/${name}. DNSKEY /" >>${folder}/anchor`);
  const seconds = `knotc -c ${folder}/second.conf -b`;
  if (secondary) {
    await host.write(`${folder}/second.conf`, secondConf(options));
    await host.must(`mkdir -p ${folder}/second && knotd -d -c ${folder}/second.conf >${folder}/second.log 2>&1`);
    for (const name of zonesOf(options)) await host.must(until(`kdig +short @${second} ${name} SOA | grep -q .`));
  }
  const startResolver = async (): Promise<void> => {
    await host.must(`unbound -c ${folder}/unbound.conf`);
    await host.must(until(`kdig @127.0.0.1 +dnssec ${zone} SOA | grep -q "NOERROR"`));
  };
  await startResolver();
  // glibc, and so Postfix, believes AD only when told to.
  await host.write("/etc/resolv.conf", "nameserver 127.0.0.1\noptions trust-ad\n");
  const change = async (how: "set" | "unset", record: string): Promise<void> => {
    const [name = "", ttl = "", type = "", ...data] = record.split(" ");
    const rest = how === "set" ? [ttl, type, ...data] : [type, ...data];
    const control = `knotc -c ${folder}/knot.conf -b`;
    await host.must(
      `${control} zone-begin ${zone} && ${control} zone-${how} ${zone} ${name} ${rest.join(" ")} && ${control} zone-commit ${zone}`,
    );
  };
  return {
    startResolver,
    add: (record) => change("set", record),
    remove: (record) => change("unset", record),
    ask: (name, type, server = "primary") =>
      host.must(`kdig +short @${server === "primary" ? authority : second} ${name} ${type}`),
    refreshSecondary: async () => {
      for (const name of zonesOf(options)) await host.must(`${seconds} zone-refresh ${name}`);
    },
    stopResolver: async () =>
      void (await host.must(`pid=$(cat ${folder}/unbound.pid) && kill "$pid" && ${until('[ ! -e "/proc/$pid" ]')}`)),
  };
};
