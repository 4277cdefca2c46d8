// The accounts of acme-dns: one in the settings file, or many in the file that other ACME clients keep (JSON, by domain).
import { clean } from "../../domain/text.ts";
import { readSecretFile } from "../../system/secret-file.ts";
import { readToken, settingFailure } from "./api-settings.ts";
import { recordOf, textOf } from "./json.ts";
import type { UpdaterSettings } from "./updater.ts";

const provider = "acme-dns";

export interface AcmeDnsAccount {
  readonly username: string;
  readonly password: string;
  /** The first label of the name that it may change. */
  readonly subdomain: string;
}

const subdomainOf = (settings: UpdaterSettings): string => {
  const subdomain = readToken(provider, settings, "subdomain").toLowerCase();
  if (!/^[a-z0-9-]{1,63}$/.test(subdomain))
    throw settingFailure(provider, "subdomain must be one label", "it is the first part of fulldomain");
  return subdomain;
};

const readAccount = (settings: UpdaterSettings): AcmeDnsAccount => ({
  username: readToken(provider, settings, "username"),
  password: readToken(provider, settings, "password"),
  subdomain: subdomainOf(settings),
});

const inFile = async (file: string): Promise<readonly AcmeDnsAccount[]> => {
  const shown = `accounts_file ${clean(file, 200)}`;
  const text = await readSecretFile(file);
  if (text === undefined) throw settingFailure(provider, `${shown} does not exist`);
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    // The message of JSON.parse shows what stands there.
    throw settingFailure(provider, `${shown} is no JSON`);
  }
  return Object.values(recordOf(data)).map((entry) => {
    const one = recordOf(entry);
    const keys = ["username", "password", "subdomain"].map((key) => [key, textOf(one[key]) ?? ""] as const);
    return readAccount(Object.fromEntries(keys));
  });
};

/** Reads the accounts when they are first needed. @throws Failure `config` at once for settings that cannot be right. */
export const accountReader = (settings: UpdaterSettings): (() => Promise<readonly AcmeDnsAccount[]>) => {
  const file = settings["accounts_file"];
  if (file === undefined) {
    const account = readAccount(settings);
    return async () => [account];
  }
  if (["username", "password", "subdomain"].some((key) => settings[key] !== undefined))
    throw settingFailure(provider, "accounts_file stands in place of username, password and subdomain");
  if (!file.startsWith("/")) throw settingFailure(provider, "accounts_file must be an absolute path");
  return () => inFile(file);
};
