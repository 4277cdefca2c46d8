// Postfix's TCP listeners of one instance: smtpd and postscreen services of master.cf, with what makes one unobservable.
import { isIP } from "node:net";
import type { Mode, ProtocolName } from "../../domain/entry-point.ts";
import { addressesOf, portOf } from "../addresses.ts";
import type { ServerDependencies } from "../dependencies.ts";
import type { Listener, TlsOff } from "../server.ts";
import { withoutTls } from "../tls-off.ts";
import { chainParameter, levelParameters, ownLegacy } from "./parameters.ts";
import { type Parameters, type Postconf, type Service, createPostconf } from "./postconf.ts";

const yes = (value: string | undefined): boolean => value === "yes";

const mainParameters = [
  ...levelParameters,
  "smtpd_tls_wrappermode",
  "smtpd_upstream_proxy_protocol",
  "postscreen_upstream_proxy_protocol",
  "postscreen_tls_security_level",
  "inet_interfaces",
  "inet_protocols",
];

/** `192.0.2.1:submission`, `[::1]:10025`, `smtp`: host (undefined: everywhere) and service. */
export const splitEndpoint = (name: string): { readonly host: string | undefined; readonly service: string } => {
  const match = /^(?:\[([^\]]+)\]|(.*)):([^:]+)$/.exec(name);
  if (match?.[3] === undefined) return { host: undefined, service: name };
  const host = match[1] ?? match[2] ?? "";
  return { host: host === "" ? undefined : host, service: match[3] };
};

const families = (protocols: string, hasIpv6: boolean): readonly (4 | 6)[] => {
  const words = protocols.split(/[\s,]+/);
  const all = words.includes("all");
  return [
    ...(all || words.includes("ipv4") ? [4 as const] : []),
    ...((all || words.includes("ipv6")) && hasIpv6 ? [6 as const] : []),
  ];
};

const interfaceAddresses = async ({ run }: ServerDependencies, interfaces: string): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const word of interfaces.split(/[\s,]+/).filter((one) => one !== "")) {
    if (word === "all") found.push("0.0.0.0", "::");
    else if (word === "loopback-only") found.push("127.0.0.1", "::1");
    else found.push(...(await addressesOf(run, word)));
  }
  return [...new Set(found)];
};

const modeAndProtocol = (port: number, service: string, wrapper: boolean, own: Parameters): [Mode, ProtocolName] => {
  const forPeople =
    port === 587 || port === 465 || /^(submissions?|smtps)$/.test(service) || yes(own.get("smtpd_sasl_auth_enable"));
  return [wrapper ? "implicit" : "starttls", port !== 25 && forPeople ? "submission" : "smtp"];
};

type Setting = (name: string) => string | undefined;

/** Why a probe from here cannot see a certificate on this service. */
const blind = (service: Service, setting: Setting): string | undefined => {
  const screen = service.command === "postscreen";
  const proxy = setting(screen ? "postscreen_upstream_proxy_protocol" : "smtpd_upstream_proxy_protocol");
  return proxy ? `it waits for the PROXY protocol of a load balancer (${proxy})` : undefined;
};

/** No TLS at this service, nor a wrapper around it. */
const switchedOff = (service: Service, setting: Setting, own: Parameters, forPeople: boolean): TlsOff | undefined => {
  const screen = service.command === "postscreen" && (setting("postscreen_tls_security_level") ?? "") !== "";
  const parameter = screen ? "postscreen_tls_security_level" : "smtpd_tls_security_level";
  const level = setting(parameter) ?? "";
  const off = level === "" ? !yes(setting("smtpd_use_tls")) && !yes(setting("smtpd_enforce_tls")) : level === "none";
  if (!off) return undefined;
  const wanted = forPeople ? "encrypt" : "may";
  const value = level === "" ? `${parameter} is not set` : `${parameter} = ${level}`;
  return own.has(parameter)
    ? {
        setting: `Postfix: ${value} in master.cf, service ${service.id}`,
        mend: `\`postconf -P ${service.id}/${parameter}=${wanted}\`, then \`postfix reload\``,
      }
    : {
        setting: `Postfix: ${value} in main.cf`,
        mend: `\`postconf -e ${parameter}=may\`, then \`postfix reload\``,
      };
};

/** The setting that gives a service its own certificate, with its place; undefined where it serves what main.cf says. */
const ownCertificate = (service: Service, own: Parameters, configDir: string): string | undefined => {
  const place = `in ${configDir}/master.cf, service ${service.id}`;
  const chain = own.get(chainParameter);
  if (chain !== undefined && chain !== "") return `-o ${chainParameter}=${chain} ${place}`;
  const [first] = ownLegacy(own);
  if (first === undefined && chain === "") return `-o ${chainParameter}= (empty) ${place}`;
  return first === undefined ? undefined : `-o ${first}=${own.get(first)} ${place}`;
};

/** inet services of smtpd and postscreen: the ones that clients and peers connect to. */
const entranceServices = async (postconf: Postconf): Promise<readonly Service[]> =>
  (await postconf.services()).filter(
    (one) => one.type === "inet" && (one.command === "smtpd" || one.command === "postscreen"),
  );

const postscreens =
  "postscreen listens there, and tlsproxy(8), which does its TLS, takes the certificate of main.cf for every port";

export const postfixListeners = async (
  dependencies: ServerDependencies,
  configDir: string,
): Promise<readonly Listener[]> => {
  const postconf = createPostconf(dependencies.run, configDir);
  const main = await postconf.effective(mainParameters);
  const overrides = await postconf.overrides(true);
  const allowed = families(main.get("inet_protocols") ?? "all", await dependencies.ipv6());
  const everywhere = await interfaceAddresses(dependencies, main.get("inet_interfaces") ?? "all");
  const found: Listener[] = [];
  for (const service of await entranceServices(postconf)) {
    const own = overrides.get(service.id) ?? new Map<string, string>();
    const setting = (name: string): string | undefined => own.get(name) ?? main.get(name);
    const endpoint = splitEndpoint(service.name);
    const port = await portOf(dependencies.run, endpoint.service);
    if (port === undefined) continue;
    const wrapper = service.command === "smtpd" && yes(setting("smtpd_tls_wrappermode"));
    const [mode, protocol] = modeAndProtocol(port, endpoint.service, wrapper, own);
    const unobservable = blind(service, setting);
    const off = wrapper ? undefined : switchedOff(service, setting, own, protocol === "submission");
    const certificate = ownCertificate(service, own, configDir);
    const addresses = endpoint.host === undefined ? everywhere : await addressesOf(dependencies.run, endpoint.host);
    for (const address of addresses) {
      const family = isIP(address);
      if (family !== 0 && !allowed.includes(family as 4 | 6)) continue;
      found.push({
        protocol,
        mode,
        port,
        address,
        service: service.id,
        ...(unobservable === undefined ? withoutTls(address, off) : { unobservable }),
        ...(certificate === undefined ? {} : { ownCertificate: certificate }),
        ...(service.command === "postscreen" ? { everybodys: postscreens } : {}),
      });
    }
  }
  return found;
};
