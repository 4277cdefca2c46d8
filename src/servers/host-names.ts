// The names of a certificate that a person can connect to, for the commands that a snippet shows.
import type { ServedCertificate } from "./server.ts";

/** A wildcard is nobody's host name; where there is nothing else, the certificate's own name stands for it. */
export const hostNames = ({ name, names }: Pick<ServedCertificate, "name" | "names">): readonly string[] => {
  const hosts = names.filter((one) => !one.startsWith("*."));
  return hosts.length > 0 ? hosts : [name];
};
