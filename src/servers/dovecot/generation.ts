// What Dovecot 2.3 and 2.4 call the same settings: each refuses to start on the other's names.
import type { ServedCertificate } from "../server.ts";
import { Failure } from "../../domain/failure.ts";
import type { Block } from "./doveconf.ts";

/** The four settings that are ours, whatever a generation calls them. */
export type TlsSetting = "cert" | "key" | "altCert" | "altKey";

export const tlsSettings: readonly TlsSetting[] = ["cert", "key", "altCert", "altKey"];

export interface Generation {
  readonly version: "2.3" | "2.4";
  /** As written in a configuration file, outside any `ssl_server {}`. */
  readonly names: Readonly<Record<TlsSetting, string>>;
  /** As `doveconf` wants to be asked: 2.4 answers a bare `ssl_server_cert_file` with nothing. */
  readonly queries: Readonly<Record<TlsSetting, string>>;
  /** The setting's value for a file: 2.3 reads a file's content with `<`, 2.4 takes its path. */
  readonly fileValue: (path: string) => string;
  /** `doveconf -f` word for a TLS server name. */
  readonly nameFilter: "lname" | "local_name";
  /** Below templates/. */
  readonly template: string;
}

const generations: readonly Generation[] = [
  {
    version: "2.3",
    names: { cert: "ssl_cert", key: "ssl_key", altCert: "ssl_alt_cert", altKey: "ssl_alt_key" },
    queries: { cert: "ssl_cert", key: "ssl_key", altCert: "ssl_alt_cert", altKey: "ssl_alt_key" },
    fileValue: (path) => `<${path}`,
    nameFilter: "lname",
    template: "dovecot-2.3.conf",
  },
  {
    version: "2.4",
    names: {
      cert: "ssl_server_cert_file",
      key: "ssl_server_key_file",
      altCert: "ssl_server_alt_cert_file",
      altKey: "ssl_server_alt_key_file",
    },
    queries: {
      cert: "ssl_server/cert_file",
      key: "ssl_server/key_file",
      altCert: "ssl_server/alt_cert_file",
      altKey: "ssl_server/alt_key_file",
    },
    fileValue: (path) => path,
    nameFilter: "local_name",
    template: "dovecot-2.4.conf",
  },
];

/** The generation of `2.3.19.1`, `2.4`, ...; undefined where its settings are not known. */
export const generationOf = (version: string): Generation | undefined =>
  generations.find((generation) => version === generation.version || version.startsWith(`${generation.version}.`));

/** @throws Failure `config` for a Dovecot whose settings are not known: a wrong name stops it from starting. */
export const knownGeneration = (version: string): Generation => {
  const generation = generationOf(version);
  if (generation) return generation;
  throw new Failure("config", `Dovecot ${version} is installed, and mailcert knows the settings of 2.3 and 2.4 only`, {
    hints: ["nothing was changed; leave it out, servers: postfix (--server postfix), and set its certificate by hand"],
  });
};

/** Our settings found directly in a block, `ssl_server { cert_file = }` of 2.4 included. */
export const settingsIn = (block: Block, { names }: Generation): ReadonlyMap<TlsSetting, string> => {
  const found = new Map<TlsSetting, string>();
  const nested = block.blocks.filter((inner) => inner.name === "ssl_server");
  for (const setting of tlsSettings) {
    const short = names[setting].replace(/^ssl_server_/, "");
    for (const inner of nested) {
      const value = inner.settings.get(short);
      if (value !== undefined) found.set(setting, value);
    }
    const value = block.settings.get(names[setting]);
    if (value !== undefined) found.set(setting, value);
  }
  return found;
};

/** What the four settings must be: ECDSA first, RSA as the alternative; an alternative that is not ours is set empty, or it stays served. */
export const wantedSettings = (
  certificate: ServedCertificate,
  { fileValue }: Generation,
): Readonly<Record<TlsSetting, string>> => {
  const { ecdsa, rsa } = certificate.slots;
  const main = ecdsa ?? rsa;
  if (main === undefined) throw new Error(`${certificate.name} has no slot`);
  const other = ecdsa && rsa;
  return {
    cert: fileValue(main.fullchain),
    key: fileValue(main.privkey),
    altCert: other ? fileValue(other.fullchain) : "",
    altKey: other ? fileValue(other.privkey) : "",
  };
};
