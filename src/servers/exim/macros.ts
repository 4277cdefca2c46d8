// What an Exim of Debian is told: the macros that its configuration makes tls_certificate and tls_privatekey of, in a file of ours.
import { join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import type { ServedCertificate, SlotPaths } from "../server.ts";
import type { Configuration } from "./configuration.ts";

export interface Macro {
  readonly name: string;
  readonly value: string;
  /** Set only where somebody has set it: it wins over the others. */
  readonly onlyWhereSet: boolean;
}

/** Colons separate, `$` expands, `#` and white space end: such a folder cannot be named. */
const plain = (path: string): string => {
  if (/^\/[\p{L}\p{N}._\-/@+~=]+$/u.test(path)) return path;
  throw new Failure("config", `${path} cannot be written into an Exim list`, {
    hints: ["choose a --state folder of letters, digits and . _ - / only"],
  });
};

/** ECDSA first; an Exim that has both lets the client's algorithms choose. */
const listOf = ({ slots }: ServedCertificate, file: keyof SlotPaths): string =>
  [slots.ecdsa, slots.rsa].flatMap((slot) => (slot ? [plain(slot[file])] : [])).join(" : ");

/** The values of `tls_certificate` and `tls_privatekey`. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

export const wantedFiles = (certificate: ServedCertificate): TlsFiles => ({
  certificate: listOf(certificate, "fullchain"),
  key: listOf(certificate, "privkey"),
});

/** The same with key and chain in one file, which MAIN_TLS_CERTKEY and an empty tls_privatekey mean. */
export const combinedFiles = (certificate: ServedCertificate): TlsFiles => ({
  certificate: listOf(certificate, "combined"),
  key: "",
});

export const macrosOf = (certificate: ServedCertificate, turnOn: boolean): readonly Macro[] => {
  const { certificate: chains, key } = wantedFiles(certificate);
  const always = (name: string, value: string): Macro => ({ name, value, onlyWhereSet: false });
  return [
    always("MAIN_TLS_ENABLE", "yes"),
    ...(turnOn ? [always("MAIN_TLS_ADVERTISE_HOSTS", "*")] : []),
    always("MAIN_TLS_CERTIFICATE", chains),
    always("MAIN_TLS_PRIVATEKEY", key),
    { name: "MAIN_TLS_CERTKEY", value: combinedFiles(certificate).certificate, onlyWhereSet: true },
  ];
};

/** Read before 03_exim4-config_tlsoptions, which uses the macros, and behind what people put into 00_... and 01_...: theirs may stand there already. */
export const macroFile = ({ configDir, scheme }: Pick<Configuration, "configDir" | "scheme">): string =>
  scheme === "split" ? join(configDir, "conf.d/main/02_mailcert") : join(configDir, "mailcert.macros");

/** Put in front of the template by update-exim4.conf. */
export const localMacros = (configDir: string): string => join(configDir, "exim4.conf.localmacros");

export const includeLine = (configDir: string): string => `.include_if_exists ${join(configDir, "mailcert.macros")}`;

/** The same for the file of TLS policy. */
export const policyIncludeLine = (configDir: string): string =>
  `.include_if_exists ${join(configDir, "mailcert.policy")}`;
