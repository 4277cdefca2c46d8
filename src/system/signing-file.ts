// Reads a file with a private key and its certificates (PEM), which nobody but root may read: what signs Apple's profiles.
import { splitPem } from "../domain/certificate.ts";
import { Failure } from "../domain/failure.ts";
import { privateKeyIn } from "./key-file.ts";
import { readSecretFile } from "./secret-file.ts";

/** @throws Failure `config` for a file that is missing or that others may read, `data` for one without a key; nothing of the content travels on. */
export const readSigningFile = async (
  path: string,
): Promise<{ readonly privateKey: string; readonly certificates: readonly string[] }> => {
  const text = await readSecretFile(path);
  if (text === undefined)
    throw new Failure("config", `sign_profile: there is no file ${path}`, {
      hints: [
        "name a PEM file with the private key, its certificate and the chain; or live, for the certificate itself",
      ],
      facts: { path },
    });
  return { privateKey: privateKeyIn(path, text), certificates: splitPem(text) };
};
