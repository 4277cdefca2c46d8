// A DNSSEC-signed zone inside a mail host: Knot signs and serves it, Unbound validates it on 127.0.0.1:53, where the host's resolv.conf leads.
import type { MailHost } from "./mail-host.ts";

export interface SignedZone {
  /** Adds or removes one record: `_25._tcp.mail 5 TLSA 3 1 1 HEX` (name relative to the zone, TTL, type, data). */
  add(record: string): Promise<void>;
  remove(record: string): Promise<void>;
  /** From now on nothing listens on port 53. */
  stopResolver(): Promise<void>;
}

export interface SignedZoneOptions {
  readonly zone: string;
  /** Lines of a zone file below SOA and NS; names relative to the zone. */
  readonly records: readonly string[];
  /** Without it Unbound knows no key for the zone: every answer is insecure, as from an unsigned zone. Default true. */
  readonly anchored?: boolean;
}

const folder = "/srv/signed-zone";
const authority = "127.0.53.1";
const authorityPort = 5353;

const knotConf = (zone: string): string => `
server:
  listen: ${authority}@${authorityPort}
  rundir: ${folder}/knot
database:
  storage: ${folder}/knot
policy:
  - id: lab
    algorithm: ecdsap256sha256
    single-type-signing: on
    nsec3: on
zone:
  - domain: ${zone}
    storage: ${folder}
    file: zone
    dnssec-signing: on
    dnssec-policy: lab
    zonefile-sync: -1
    zonefile-load: difference
    journal-content: all
`;

// Nothing is cached: a test sees what it has just published.
const unboundConf = (zone: string, anchored: boolean): string => `
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
stub-zone:
  name: "${zone}"
  stub-addr: ${authority}@${authorityPort}
`;

/** Waits until a command succeeds. */
const until = (command: string): string =>
  `for i in $(seq 200); do ${command} && exit 0; sleep 0.05; done; tail -n 20 ${folder}/*.log; exit 1`;

export const startSignedZone = async (host: MailHost, options: SignedZoneOptions): Promise<SignedZone> => {
  const { zone, records, anchored = true } = options;
  const head = [`$ORIGIN ${zone}.`, "$TTL 5", "@ SOA ns hostmaster 1 3600 600 86400 5", "@ NS ns", `ns A ${authority}`];
  await host.write(`${folder}/zone`, [...head, ...records, ""].join("\n"));
  await host.write(`${folder}/knot.conf`, knotConf(zone));
  await host.write(`${folder}/unbound.conf`, unboundConf(zone, anchored));
  await host.must(`mkdir -p ${folder}/knot && knotd -d -c ${folder}/knot.conf >${folder}/knot.log 2>&1`);
  const ask = `kdig +short @${authority} -p ${authorityPort} ${zone} DNSKEY`;
  await host.must(until(`${ask} | grep -q .`));
  await host.must(`${ask} | sed "s/^/${zone}. DNSKEY /" >${folder}/anchor`);
  await host.must(`unbound -c ${folder}/unbound.conf`);
  await host.must(until(`kdig @127.0.0.1 +dnssec ${zone} SOA | grep -q "NOERROR"`));
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
    add: (record) => change("set", record),
    remove: (record) => change("unset", record),
    stopResolver: async () => void (await host.must(`kill "$(cat ${folder}/unbound.pid)" && sleep 0.2`)),
  };
};
