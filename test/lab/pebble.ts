// Pebble, the ACME test CA, and its DNS (challtestsrv): on this machine's loopback, or inside a mail host validating on its real port 80.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import type { MailHost } from "./mail-host.ts";
import { hostPlace, loopbackPlace } from "./pebble-place.ts";
import type { PebblePlace } from "./pebble-place.ts";

export interface PebbleOptions {
  /** Run inside this mail host; without it on this machine's 127.0.0.1. */
  readonly host?: MailHost;
  /** Port that HTTP-01 is validated on; default 80 in a host, a free one on loopback (see `Pebble.httpPort`). */
  readonly httpPort?: number;
  /** Port that TLS-ALPN-01 is validated on; default 443 in a host, a free one on loopback. */
  readonly tlsPort?: number;
  /** Percent of good nonces refused; default 0. */
  readonly nonceReject?: number;
  /** Validate at once; default yes. With no, after `vaSleepSeconds` (Pebble's own default is 0 to 15 s at random). */
  readonly vaNoSleep?: boolean;
  readonly vaSleepSeconds?: number;
  /** Take every challenge for done without looking; default no. */
  readonly vaAlwaysValid?: boolean;
  /** Percent of authorizations reused; default 0, which is one in a hundred (Pebble reuses where a random number from 0 to 99 is not above it): an order that has to be proven needs a name, or an account, that was not proven yet. */
  readonly authzReuse?: number;
  /** Names (and what is under them) that are refused with `rejectedIdentifier`. */
  readonly domainBlocklist?: readonly string[];
  /** Seconds in Retry-After of pending authorizations and orders; default 1 and 1. */
  readonly retryAfter?: { readonly authz: number; readonly order: number };
  /** Key ids and base64url HMAC keys; where given, new accounts need one. */
  readonly externalAccountBinding?: Readonly<Record<string, string>>;
  /** Profiles offered and their lifetimes in seconds; default one, `default`, of 90 days. */
  readonly profiles?: Readonly<Record<string, number>>;
  readonly alternateRoots?: number;
  readonly chainLength?: number;
  /** Pebble's -strict. */
  readonly strict?: boolean;
  /** ADDRESS:PORT of the DNS server that Pebble validates by; default challtestsrv. */
  readonly dnsServer?: string;
  /** The address that names resolve to unless set; default 127.0.0.1 on loopback, 192.0.2.10 in a host. */
  readonly defaultAddress?: string;
}

export interface Pebble {
  readonly directoryUrl: string;
  /** PEM file that vouches for Pebble's own HTTPS, at this path where Pebble runs (on the host, for a host). */
  readonly caFile: string;
  readonly managementUrl: string;
  readonly httpPort: number;
  readonly tlsPort: number;
  /** ADDRESS:PORT of the DNS server that Pebble asks. */
  readonly dnsServer: string;
  /** The PEM of the root (number 0, or an alternate) that issued certificates lead to; changes with every start. */
  root(number?: number): Promise<string>;
  /** POST to challtestsrv, as `dns("add-a", {host: "a.test.", addresses: ["192.0.2.1"]})`, `set-servfail`, `set-txt`, `add-caa`, `set-cname`,
   *  `http-request-history`: names end with a dot. */
  dns(command: string, body: unknown): Promise<string>;
  /** GET or, with a body, POST to the management address: `/cert-status-by-serial/HEX`, `/set-renewal-info/`. */
  manage(path: string, body?: unknown): Promise<string>;
  /** Pebble's log. */
  log(): string;
  stop(): Promise<void>;
}

const certify = async (place: PebblePlace): Promise<{ cert: string; key: string }> => {
  const [cert, key] = [`${place.folder}/pebble.pem`, `${place.folder}/pebble.key`];
  const names = "subjectAltName=DNS:localhost,DNS:pebble,IP:127.0.0.1,IP:192.0.2.10";
  const request = `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=pebble -addext ${names}`;
  await place.must([...request.split(" "), "-keyout", key, "-out", cert]);
  return { cert, key };
};

const environment = (options: PebbleOptions): Record<string, string> => ({
  PEBBLE_WFE_NONCEREJECT: String(options.nonceReject ?? 0),
  PEBBLE_AUTHZREUSE: String(options.authzReuse ?? 0),
  ...(options.vaNoSleep === false ? {} : { PEBBLE_VA_NOSLEEP: "1" }),
  ...(options.vaSleepSeconds === undefined ? {} : { PEBBLE_VA_SLEEPTIME: String(options.vaSleepSeconds) }),
  ...(options.vaAlwaysValid === true ? { PEBBLE_VA_ALWAYS_VALID: "1" } : {}),
  ...(options.alternateRoots === undefined ? {} : { PEBBLE_ALTERNATE_ROOTS: String(options.alternateRoots) }),
  ...(options.chainLength === undefined ? {} : { PEBBLE_CHAIN_LENGTH: String(options.chainLength) }),
});

const startIn = async (place: PebblePlace, options: PebbleOptions): Promise<Pebble> => {
  const [acme, management, dns, dnsManagement] = (await place.ports()).map((port) => `127.0.0.1:${port}`) as [
    string,
    string,
    string,
    string,
  ];
  const [httpPort, tlsPort] = [options.httpPort ?? place.httpPort, options.tlsPort ?? place.tlsPort];
  const { cert, key } = await certify(place);
  const profiles = Object.entries(options.profiles ?? { default: 90 * 86_400 }).map(([name, validityPeriod]) => [
    name,
    { description: `The profile ${name}`, validityPeriod },
  ]);
  const config = {
    listenAddress: acme,
    managementListenAddress: management,
    certificate: cert,
    privateKey: key,
    httpPort,
    tlsPort,
    ocspResponderURL: "",
    externalAccountBindingRequired: options.externalAccountBinding !== undefined,
    externalAccountMACKeys: options.externalAccountBinding ?? {},
    domainBlocklist: options.domainBlocklist ?? [],
    retryAfter: options.retryAfter ?? { authz: 1, order: 1 },
    keyAlgorithm: "ecdsa",
    profiles: Object.fromEntries(profiles) as unknown,
  };
  const configFile = `${place.folder}/pebble.json`;
  await place.write(configFile, JSON.stringify({ pebble: config }));
  const unused = ["-defaultIPv6", "-doh", "-http01", "-https01", "-tlsalpn01"].flatMap((flag) => [flag, ""]);
  const address = options.defaultAddress ?? place.defaultAddress;
  const listeners = ["-dnsserver", dns, "-management", dnsManagement];
  const resolver = place.spawn([
    `${place.programs}/pebble-challtestsrv`,
    ...unused,
    ...listeners,
    "-defaultIPv4",
    address,
  ]);
  const pebble = place.spawn(
    [
      `${place.programs}/pebble`,
      "-config",
      configFile,
      "-dnsserver",
      options.dnsServer ?? dns,
      ...(options.strict ? ["-strict"] : []),
    ],
    environment(options),
  );
  const stop = async (): Promise<void> => {
    await Promise.all([pebble.stop(), resolver.stop()]);
    await place.clear();
  };
  const fetched = async (url: string, body?: unknown): Promise<string> => {
    const { status, text } = await place.request(url, cert, body);
    if (status !== 200) throw new Error(`${url} answered ${status}: ${text}`);
    return text;
  };
  const directoryUrl = `https://${acme}/dir`;
  const managementUrl = `https://${management}`;
  const running: Pebble = {
    directoryUrl,
    managementUrl,
    caFile: cert,
    httpPort,
    tlsPort,
    dnsServer: dns,
    root: (number = 0) => fetched(`${managementUrl}/roots/${number}`),
    dns: (command, body) => fetched(`http://${dnsManagement}/${command}`, body),
    manage: (path, body) => fetched(`${managementUrl}${path}`, body),
    log: () => pebble.output(),
    stop,
  };
  /** Undefined once both answer, else why not. */
  const complaint = async (): Promise<unknown> => {
    try {
      await fetched(directoryUrl);
      await running.dns("clear-request-history", { host: "lab", type: "dns" });
      return undefined;
    } catch (error) {
      const gone = [pebble, resolver].find((program) => program.ended());
      if (gone !== undefined) throw new Error(`Pebble did not start: ${gone.output()}`, { cause: error });
      return error;
    }
  };
  try {
    for (let attempt = 0, why = await complaint(); why !== undefined; attempt += 1, why = await complaint()) {
      if (attempt === 800) throw new Error(`Pebble does not answer: ${pebble.output()}`, { cause: why });
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return running;
};

export const startPebble = async (options: PebbleOptions = {}): Promise<Pebble> => {
  if (options.host) return startIn(await hostPlace(options.host), options);
  // A free port may be taken by someone else before Pebble has it.
  for (let attempt = 1; ; attempt += 1) {
    const folder = await mkdtemp(`${tmpdir()}/mailcert-pebble-`);
    try {
      return await startIn(await loopbackPlace(folder), options);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      if (attempt === 3 || !String(error).includes("address already in use")) throw error;
    }
  }
};
