// External account binding (RFC 8555 §7.3.4): the CA's own customer, named by a key identifier and an HMAC key that is read when an account is registered.
import { acmeCaOf } from "../../domain/acme-directories.ts";
import type { AcmeSettings } from "../../domain/certificate-config.ts";
import { Failure } from "../../domain/failure.ts";
import { readSecretFile } from "../../system/secret-file.ts";

export interface AccountBinding {
  readonly kid: string;
  /** base64url. Never leaves this process. */
  readonly hmacKey: string;
}

const whereFrom = (directory: string): readonly string[] => {
  const ca = acmeCaOf(directory);
  return ca?.binding === undefined ? [] : [ca.binding];
};

const wrong = (path: string, what: string, directory: string): Failure =>
  new Failure("config", `${path} ${what}`, {
    hints: ["put the HMAC key into it as the CA gave it (base64url), and nothing else", ...whereFrom(directory)],
    facts: { path },
  });

/** @throws Failure `config` where the settings name none, or the file cannot be what it is said to be; never with its content. */
export const readAccountBinding = async ({ directory, eab }: AcmeSettings): Promise<AccountBinding> => {
  if (eab === undefined)
    throw new Failure(
      "config",
      `${directory} takes new accounts only with an external account binding (EAB, RFC 8555 §7.3.4)`,
      {
        hints: [
          "get a key identifier and an HMAC key from the CA, put the HMAC key into a file that only root can read, and name both: eab_kid: KID, eab_hmac_file: FILE (--eab-kid KID --eab-hmac-file FILE); for a further issuer of a list, eab: in the configuration",
          ...whereFrom(directory),
          "or use a CA that needs none, for example issuer: letsencrypt (--issuer letsencrypt)",
        ],
        facts: { externalAccountRequired: true },
      },
    );
  const text = await readSecretFile(eab.hmacFile);
  if (text === undefined) throw wrong(eab.hmacFile, "does not exist", directory);
  // Some CAs hand out plain base64.
  const hmacKey = text.trim().replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  if (!/^[A-Za-z0-9_-]{22,512}$/.test(hmacKey)) throw wrong(eab.hmacFile, "holds no HMAC key in base64url", directory);
  return { kid: eab.kid, hmacKey };
};
