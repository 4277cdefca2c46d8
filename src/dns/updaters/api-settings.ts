// Settings that the providers with an HTTP API share: where it is, the token, how long a record may be cached. Named by key, never shown where secret.
import { Failure } from "../../domain/failure.ts";
import { clean } from "../../domain/text.ts";
import type { UpdaterSetting, UpdaterSettings } from "./updater.ts";

/** For `index.ts`. */
export const urlSetting = {
  summary: "base of the API, where it is not the usual one",
  required: false,
  secret: false,
} as const satisfies UpdaterSetting;

export const caFileSetting = {
  summary: "PEM file of the roots to trust for the API's HTTPS; default: the public ones",
  required: false,
  secret: false,
} as const satisfies UpdaterSetting;

export const ttlSetting = {
  summary: "of a record that is made, in seconds",
  required: false,
  secret: false,
} as const satisfies UpdaterSetting;

export const settingFailure = (provider: string, message: string, ...hints: readonly string[]): Failure =>
  new Failure("config", `${provider}: ${message}`, { hints });

const loopback = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(host);

/** `usual` where the settings have no `url`. What is returned ends without a slash. */
export const readUrl = (provider: string, settings: UpdaterSettings, usual?: string): URL => {
  const text = settings["url"] ?? usual;
  if (text === undefined) throw settingFailure(provider, "url is missing: where its API is");
  const shown = clean(text, 200);
  if (!URL.canParse(text)) throw settingFailure(provider, `url "${shown}" is no URL`);
  const url = new URL(text);
  // What stands before an @ may be a password: not shown.
  if (url.username !== "" || url.password !== "")
    throw settingFailure(provider, "url must not hold a user or a password");
  if (url.search !== "" || url.hash !== "")
    throw settingFailure(provider, `url "${shown}" must end with the path, without ? and #`);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && loopback(url.hostname)))
    throw settingFailure(
      provider,
      `url "${shown}" must begin with https://`,
      "plain http is for this host's own loopback addresses only: others could read the token on its way",
    );
  url.pathname = url.pathname.replace(/\/+$/, "");
  return url;
};

/** What goes into a header. */
export const readToken = (provider: string, settings: UpdaterSettings, key: string): string => {
  const token = settings[key]?.trim() ?? "";
  if (token === "") throw settingFailure(provider, `${key} is missing`);
  if (!/^[\x21-\x7e]+$/.test(token))
    throw settingFailure(
      provider,
      `${key} has characters that no token has`,
      "copy it anew, without blanks and line ends",
    );
  return token;
};

export const readTtl = (provider: string, settings: UpdaterSettings, usual: number): number => {
  const text = settings["ttl"];
  if (text === undefined) return usual;
  const ttl = Number(text);
  if (!/^[0-9]{1,6}$/.test(text) || ttl < 1 || ttl > 86_400)
    throw settingFailure(provider, "ttl must be seconds, from 1 to 86400");
  return ttl;
};
