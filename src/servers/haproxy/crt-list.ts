// The list of certificates that HAProxy is told: ours, by name for SNI; the first of them is for everybody else.
import { join } from "node:path";
import { isIpName } from "../../domain/names.ts";
import type { RenderTemplate } from "../../system/templates.ts";
import { hostNames } from "../host-names.ts";
import type { ServedCertificate } from "../server.ts";

export const ownList = (configDir: string): string => join(configDir, "mailcert.crt-list");

/** RSA first: a HAProxy before 3.0 has one default alone, and every client can use that one. */
export const combinedOf = ({ slots }: ServedCertificate): readonly string[] =>
  [slots.rsa, slots.ecdsa].flatMap((slot) => (slot ? [slot.combined] : []));

interface Entry {
  readonly path: string;
  /** Words behind the path: `*` takes every name that nobody has, from 3.0 on for both kinds of key. */
  readonly filters: readonly string[];
}

const entriesOf = (certificate: ServedCertificate, bySni: readonly ServedCertificate[]): readonly Entry[] => {
  const own = certificate.names.filter((name) => !isIpName(name));
  const taken = new Set(own);
  const further = bySni.flatMap((one) => {
    const names = one.names.filter((name) => !isIpName(name) && !taken.has(name));
    for (const name of names) taken.add(name);
    // A line without names would take all that the certificate has.
    return names.length === 0 ? [] : combinedOf(one).map((path) => ({ path, filters: names }));
  });
  return [...combinedOf(certificate).map((path) => ({ path, filters: ["*", ...own] })), ...further];
};

/** As text. `snippet`: with what a person has to know. */
export const listText = (
  render: RenderTemplate,
  certificate: ServedCertificate,
  bySni: readonly ServedCertificate[],
  snippet?: { readonly version: string; readonly path: string },
): string =>
  render(
    "haproxy.crt-list",
    {
      name: certificate.name,
      entries: entriesOf(certificate, bySni).map(({ path, filters }) => ({ path, filters })),
      snippet: snippet ? { ...snippet, hosts: hostNames(certificate) } : false,
    },
    "haproxy",
  );
