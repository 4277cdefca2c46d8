// The file given with --ca-file: the only trust for the ACME server's own HTTPS, looked at before the first connection.
import { X509Certificate } from "node:crypto";
import { Failure } from "../../domain/failure.ts";
import { readTextIfPresent } from "../../system/files.ts";

/** @throws Failure `config` when there is no such file or no certificate in it. */
export const readTrustFile = async (path: string): Promise<string> => {
  const text = await readTextIfPresent(path);
  if (text === undefined) throw new Failure("config", `there is no file ${path} (--ca-file)`, { facts: { path } });
  try {
    // OpenSSL would silently ignore a file without a certificate and then trust nothing.
    return (text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [])
      .map((pem) => new X509Certificate(pem).toString())
      .reduce((all, pem) => all + pem);
  } catch (error) {
    throw new Failure("config", `${path} (--ca-file) holds no PEM certificate`, {
      cause: error,
      hints: ["it must be the root certificate behind the ACME server's own HTTPS, in PEM"],
      facts: { path },
    });
  }
};
