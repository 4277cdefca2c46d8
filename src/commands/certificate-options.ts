// The options that setup and issue share, and the flags that they stand for.
import type { Command } from "commander";
import type { Context } from "../cli/command.ts";
import type { Completion } from "../cli/takes.ts";
import { list, wholeNumber } from "../cli/program.ts";
import { ownPath } from "../domain/own-path.ts";
import { issuerWords } from "../domain/acme-directories.ts";
import { absoluteFromFlag } from "../domain/acme-flags.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { workingChallenges } from "../domain/certificate-defaults.ts";
import type { CertificateFlags } from "../domain/certificate-flags.ts";
import { Failure } from "../domain/failure.ts";
import { keyAlgorithms } from "../domain/keys.ts";
import { serverNames } from "../domain/server-names.ts";
import { type AdoptedKey, readAdoptedKey } from "../usecases/adopted-key.ts";
import type { World } from "../usecases/world.ts";

const firstIsDefault = ([first, ...others]: readonly string[]): string => [`${first} (default)`, ...others].join(", ");

/** What they take, where their declaration does not say it. */
export const certificateTakes = {
  "--issuer": { words: issuerWords },
  "--key": { words: keyAlgorithms },
  "--ca": { names: "private CAs" },
  "--challenge": { words: workingChallenges },
  "--dns": { names: "updaters" },
  "--server": { words: [...serverNames, "none"] },
} satisfies Completion["takes"];

export const addCertificateOptions = (command: Command): Command =>
  command
    .option("--issuer <ISSUER>", firstIsDefault(issuerWords))
    .option("--names <LIST>", "further host names, joined by commas", list)
    .option("--key <ALGORITHM>", `${firstIsDefault(keyAlgorithms)}; repeat for one of each kind`, list)
    .option("--new-key", "make a new private key instead of keeping the present one")
    .option("--reuse-key", "keep the private key at renewals (the default; reuse_key: false in the file changes it)")
    .option("--adopt-key <FILE>", "certify this private key (PEM), such as the one that is served now")
    .option("--days <N>", "lifetime in days (ACME: where the CA allows it)", wholeNumber("--days"))
    .option("--ca <NAME>", 'which private CA of this host, made when it is first named (default "default")')
    .option("--ca-domains <LIST>", "domains that a new private CA may certify (* for any)", list)
    .option("--acme <URL>", "ACME directory")
    .option("--email <ADDRESS>", "contact for the ACME account")
    .option("--agree-tos", "agree to the ACME CA's terms of service")
    .option("--ca-file <FILE>", "trust for the ACME server's own HTTPS (PEM)")
    .option("--eab-kid <KID>", "external account binding: the key identifier that the CA gave you")
    .option("--eab-hmac-file <FILE>", "external account binding: the file (0600) with the HMAC key")
    .option("--profile <NAME>", "the CA's certificate profile; repeatable: the first that it offers", list)
    .option("--preferred-chain <CN>", "the CA's chain that ends at this common name, or sha256:HEX of a key in it")
    .option(
      "--challenge <TYPE>",
      `ACME challenge: ${workingChallenges.join(", ")}; repeatable: the next one where one fails`,
      list,
    )
    .option("--http-address <ADDR:PORT>", "where the http-01 listener binds (default :80)")
    .option("--webroot <DIR>", "http-01 through the web server that shows this folder, instead of the listener")
    .option("--tls-alpn-address <ADDR:PORT>", "where the tls-alpn-01 listener binds (default :443)")
    .option("--dns <NAME>", "dns-01: the updater whose settings stand in secrets/NAME.yaml")
    .option("--server <SERVER>", `${serverNames.join(", ")} or none; repeatable (default: those found here)`, list);

/** The key that --adopt-key names. @throws Failure `usage` beside --new-key. */
export const adoptedKey = async (
  { options, host, output }: Pick<Context, "options" | "host" | "output">,
  world: World,
): Promise<AdoptedKey | undefined> => {
  const file = options["adoptKey"] as string | undefined;
  if (file === undefined) return undefined;
  if (options["newKey"] === true)
    throw new Failure("usage", "--adopt-key and --new-key do not go together", { hints: ["leave one of them out"] });
  return readAdoptedKey(world, ownPath(host, file), (message) => output.warn(message));
};

export const certificateFlags = ({ options, host }: Pick<Context, "options" | "host">): CertificateFlags => {
  const text = (key: string): string | undefined => options[key] as string | undefined;
  const texts = (key: string): readonly string[] | undefined => options[key] as readonly string[] | undefined;
  const path = (key: string): string | undefined => {
    const given = text(key);
    return given === undefined ? undefined : ownPath(host, given);
  };
  return {
    names: texts("names"),
    issuer: text("issuer"),
    acme: text("acme"),
    email: text("email"),
    agreeTos: options["agreeTos"] === true ? true : undefined,
    caFile: path("caFile"),
    challenges: texts("challenge"),
    httpAddress: text("httpAddress"),
    webroot: absoluteFromFlag("--webroot", text("webroot")),
    tlsAlpnAddress: text("tlsAlpnAddress"),
    dns: text("dns"),
    eabKid: text("eabKid"),
    eabHmacFile: path("eabHmacFile"),
    profiles: texts("profile"),
    preferredChain: text("preferredChain"),
    reuseKey: options["reuseKey"] === true ? true : undefined,
    keys: texts("key"),
    days: options["days"] as number | undefined,
    ca: text("ca"),
    caDomains: texts("caDomains"),
    servers: texts("server"),
    bundle: path("bundle"),
  };
};

/** A new certificate gets the slot of the key that it adopts, where nothing else was asked for. */
export const withKeyOf = (
  adopted: AdoptedKey | undefined,
  flags: CertificateFlags,
  existing: CertificateConfig | undefined,
): CertificateFlags =>
  adopted === undefined || existing !== undefined || flags.keys !== undefined
    ? flags
    : { ...flags, keys: [adopted.algorithm] };
