// `addresses:` and `services:` of a certificate's entry -> the places that it is for, or every problem in them.
import { canonicalIp } from "../domain/ip.ts";
import { didYouMean } from "../domain/nearest.ts";
import { type Places, type ServiceName, serviceNames } from "../domain/places.ts";
import { quoted } from "./problem.ts";
import { type Field, type Source, readTexts } from "./source.ts";

const isService = (text: string): text is ServiceName => (serviceNames as readonly string[]).includes(text);

/** What people write for one of them. */
const meant: Readonly<Record<string, ServiceName>> = {
  imaps: "imap",
  pop3s: "pop3",
  smtps: "submissions",
  ssmtp: "submissions",
  sieve: "managesieve",
};

const readAddresses = (source: Source, field: Field | undefined): readonly string[] | undefined => {
  const texts = readTexts(source, field, "addresses");
  const seen = new Set<string>();
  for (const { text, node } of texts ?? []) {
    const address = canonicalIp(text);
    if (address === undefined)
      source.report(node, `addresses: ${quoted(text)} is no IP address`, 'write it like 192.0.2.11 or "2001:db8::11"');
    else if (address === "0.0.0.0" || address === "::")
      source.report(
        node,
        `addresses: ${quoted(text)} stands for every address`,
        "leave addresses: out: the first certificate is for everybody",
      );
    else if (seen.has(address))
      source.report(node, `the address ${quoted(text)} is listed twice`, "remove one of the two");
    else seen.add(address);
  }
  return texts && [...seen];
};

const readServices = (source: Source, field: Field | undefined): readonly ServiceName[] | undefined => {
  const texts = readTexts(source, field, "services");
  const seen = new Set<ServiceName>();
  for (const { text, node } of texts ?? []) {
    const word = Object.hasOwn(meant, text) ? meant[text] : undefined;
    if (!isService(text)) {
      const hint =
        word === undefined
          ? didYouMean(text, serviceNames)
          : `write ${word}${word === "submissions" ? " (port 465)" : ""}`;
      source.report(node, `unknown service ${quoted(text)}`, hint);
    } else if (seen.has(text)) source.report(node, `the service ${text} is listed twice`, "remove one of the two");
    else seen.add(text);
  }
  return texts && [...seen];
};

/** undefined: it is for everybody, or by name. */
export const readPlaces = (
  source: Source,
  addressesField: Field | undefined,
  servicesField: Field | undefined,
): Places | undefined => {
  const addresses = readAddresses(source, addressesField);
  const services = readServices(source, servicesField);
  if (addresses === undefined && services === undefined) return undefined;
  return { ...(addresses ? { addresses } : {}), ...(services ? { services } : {}) };
};
