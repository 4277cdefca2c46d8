// Certificates as others make them: by the openssl command, with keys made for the test and thrown away.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openssl } from "../issuers/openssl.ts";

export interface Foreign {
  readonly pem: string;
  readonly key: string;
}

const run = async (args: readonly string[]): Promise<void> => {
  const { ok, output } = await openssl(args);
  if (!ok) throw new Error(`openssl ${args.join(" ")}: ${output}`);
};

/** A certificate; `extensions` are lines of an openssl extension section, `options` go to `openssl req`. */
export const foreignCertificate = async (what: {
  readonly subject: string;
  readonly extensions: readonly string[];
  readonly newKey?: readonly string[];
  readonly options?: readonly string[];
  readonly issuer?: Foreign;
  readonly key?: string;
}): Promise<Foreign> => {
  const folder = await mkdtemp(join(tmpdir(), "mailcert-foreign-"));
  const path = (name: string): string => join(folder, name);
  try {
    await writeFile(
      path("conf"),
      ["[req]", "distinguished_name=dn", "[dn]", "[ext]", ...what.extensions, ""].join("\n"),
    );
    const newKey = what.newKey ?? ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    const keyArgs = ["-newkey", ...newKey, "-keyout", path("key"), "-nodes"];
    if (what.key !== undefined) await writeFile(path("key"), what.key);
    const material = what.key === undefined ? keyArgs : ["-key", path("key")];
    const options = what.options ?? [];
    const common = ["-config", path("conf"), "-subj", what.subject, "-utf8", "-batch"];
    if (what.issuer === undefined) {
      const serial = options.includes("-set_serial") ? [] : ["-set_serial", "0x0080ff01"];
      await run([
        "req",
        "-x509",
        ...common,
        ...material,
        "-days",
        "100",
        ...serial,
        "-extensions",
        "ext",
        ...options,
        "-out",
        path("cert"),
      ]);
    } else {
      await writeFile(path("ca"), what.issuer.pem);
      await writeFile(path("cakey"), what.issuer.key);
      await run(["req", "-new", ...common, ...material, "-out", path("csr")]);
      const signed = [
        "-CA",
        path("ca"),
        "-CAkey",
        path("cakey"),
        "-CAcreateserial",
        "-days",
        "90",
        "-extfile",
        path("conf"),
        "-extensions",
        "ext",
      ];
      await run(["x509", "-req", "-in", path("csr"), ...signed, ...options, "-out", path("cert")]);
    }
    return { pem: await readFile(path("cert"), "utf8"), key: await readFile(path("key"), "utf8") };
  } finally {
    await rm(folder, { recursive: true });
  }
};

const caExtensions = [
  "basicConstraints=critical,CA:TRUE",
  "keyUsage=critical,keyCertSign,cRLSign",
  "subjectKeyIdentifier=hash",
];
const leafExtensions = [
  "basicConstraints=CA:FALSE",
  "subjectAltName=DNS:mail.example.org",
  "extendedKeyUsage=serverAuth",
  "authorityKeyIdentifier=keyid",
];

export interface ForeignChain {
  readonly root: Foreign;
  readonly first: Foreign;
  readonly second: Foreign;
  readonly leaf: Foreign;
}

/** leaf <- second <- first <- root. */
export const foreignChain = async (): Promise<ForeignChain> => {
  const ca = async (subject: string, issuer?: Foreign): Promise<Foreign> =>
    foreignCertificate({ subject, extensions: caExtensions, ...(issuer === undefined ? {} : { issuer }) });
  const root = await ca("/CN=Test Root");
  const first = await ca("/CN=Test Intermediate 1", root);
  const second = await ca("/CN=Test Intermediate 2", first);
  const leaf = await foreignCertificate({
    subject: "/CN=mail.example.org",
    extensions: leafExtensions,
    issuer: second,
  });
  return { root, first, second, leaf };
};

export const foreignCa = { caExtensions, leafExtensions };
