// What an Exim of Debian is told: the macros that its configuration makes tls_certificate and tls_privatekey of, in a file of ours.
import { join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import type { ServedCertificate, SlotPaths } from "../server.ts";
import type { Configuration } from "./configuration.ts";
import { lookUp } from "./names.ts";

export interface Macro {
  readonly name: string;
  readonly value: string;
  /** The file in which the client's name is looked up first; `value` is for everybody else. */
  readonly map?: string;
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
export const listOf = ({ slots }: ServedCertificate, file: keyof SlotPaths): string =>
  [slots.ecdsa, slots.rsa].flatMap((slot) => (slot ? [plain(slot[file])] : [])).join(" : ");

/** The values of `tls_certificate` and `tls_privatekey`. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

/** `map`: where the others stand by name (names.ts); absent: there are none. Key and chain come from one file then, whichever of the two Exim looks up. */
export const wantedFiles = (certificate: ServedCertificate, map?: string): TlsFiles => {
  if (map === undefined) return { certificate: listOf(certificate, "fullchain"), key: listOf(certificate, "privkey") };
  const byName = lookUp(map, listOf(certificate, "combined"));
  return { certificate: byName, key: byName };
};

/** The same with key and chain in one file, which MAIN_TLS_CERTKEY and an empty tls_privatekey mean. */
export const combinedFiles = (certificate: ServedCertificate, map?: string): TlsFiles => {
  const combined = listOf(certificate, "combined");
  return { certificate: map === undefined ? combined : lookUp(map, combined), key: "" };
};

export const macrosOf = (certificate: ServedCertificate, turnOn: boolean, map?: string): readonly Macro[] => {
  const { certificate: chains, key } = wantedFiles(certificate);
  const combined = listOf(certificate, "combined");
  const switches = ["MAIN_TLS_ENABLE", ...(turnOn ? ["MAIN_TLS_ADVERTISE_HOSTS"] : [])];
  const files: Readonly<Record<string, string>> = {
    MAIN_TLS_CERTIFICATE: map === undefined ? chains : combined,
    MAIN_TLS_PRIVATEKEY: map === undefined ? key : combined,
    MAIN_TLS_CERTKEY: combined,
  };
  return [
    ...switches.map((name) => ({ name, value: name === "MAIN_TLS_ENABLE" ? "yes" : "*", onlyWhereSet: false })),
    ...Object.entries(files).map(([name, value]) => ({
      name,
      value,
      ...(map === undefined ? {} : { map }),
      onlyWhereSet: name === "MAIN_TLS_CERTKEY",
    })),
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
