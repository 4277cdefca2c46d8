// A file of root certificates that a server's HTTPS is judged by, looked at before the first connection.
import { X509Certificate } from "node:crypto";
import { Failure } from "../domain/failure.ts";
import { readTextIfPresent } from "./files.ts";

/** @param setting what named the file. @throws Failure `config` when there is no such file or no certificate in it. */
export const readTrustFile = async (
  path: string,
  setting = "ca_file (--ca-file)",
  whose = "the ACME server",
): Promise<string> => {
  const text = await readTextIfPresent(path);
  const hints = [`it must be the root certificate behind ${whose}'s own HTTPS, in PEM; for a public one, leave it out`];
  if (text === undefined)
    throw new Failure("config", `${setting}: there is no file ${path}`, { hints, facts: { path } });
  try {
    // OpenSSL would silently ignore a file without a certificate and then trust nothing.
    return (text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [])
      .map((pem) => new X509Certificate(pem).toString())
      .reduce((all, pem) => all + pem);
  } catch (error) {
    throw new Failure("config", `${setting}: ${path} holds no PEM certificate`, {
      cause: error,
      hints,
      facts: { path },
    });
  }
};
