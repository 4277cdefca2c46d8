// Certificates of a configuration that are for one server which takes a single one: it gets the first.
import type { CertificateConfig } from "./certificate-config.ts";

/** A server that cannot choose by the name that clients ask for. */
export interface SingleServer {
  readonly name: string;
  /** `servers: auto` finds it on this host. */
  readonly here: boolean;
}

/** One for certain entry points is nothing for such a server: config check says it in its own words. */
const isFor = ({ servers, csr, places }: CertificateConfig, { name, here }: SingleServer): boolean =>
  csr === undefined && !places && (servers === "auto" ? here : servers.includes(name));

/** One sentence for each certificate that an earlier one leaves such a server not to. */
export const sharedServerWarnings = (
  certificates: readonly CertificateConfig[],
  single: readonly SingleServer[],
): readonly string[] =>
  single.flatMap((server) => {
    const [first, ...others] = certificates.filter((one) => isFor(one, server));
    return first === undefined
      ? []
      : others.map(
          ({ name }) =>
            `${name} and ${first.name} are both for ${server.name}, which takes one certificate (it does not choose by the name that clients ask for) and gets ${first.name}: ` +
            `put all names into one, or give one of them other servers`,
        );
  });
