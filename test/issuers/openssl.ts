// OpenSSL as a judge of certificates: what its command says about a chain, a name and a request.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Verdict {
  readonly ok: boolean;
  readonly output: string;
}

export const openssl = (args: readonly string[], input = ""): Promise<Verdict> =>
  new Promise((resolve, reject) => {
    const child = execFile("openssl", [...args], { timeout: 15_000 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== "number")
        reject(new Error(`openssl could not be run: ${error.message}`));
      else resolve({ ok: error === null, output: stdout + stderr });
    });
    // A command that reads no input closes it before we do.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });

/** `openssl verify` as a TLS client would judge: purpose, name, chain to this root and no other. */
export const verify = async (what: {
  readonly root: string;
  readonly leaf: string;
  readonly chain?: readonly string[];
  readonly name: string;
}): Promise<Verdict> => {
  const folder = await mkdtemp(join(tmpdir(), "mailcert-openssl-"));
  try {
    const path = (name: string): string => join(folder, name);
    await writeFile(path("root.pem"), what.root);
    await writeFile(path("leaf.pem"), what.leaf);
    await writeFile(path("chain.pem"), (what.chain ?? []).join(""));
    const name = isIP(what.name)
      ? ["-verify_ip", what.name]
      : ["-verify_hostname", what.name.replace(/^\*\./, "some.")];
    const untrusted = (what.chain ?? []).length > 0 ? ["-untrusted", path("chain.pem")] : [];
    const anchors = ["-no-CApath", "-no-CAstore", "-CAfile", path("root.pem")];
    return await openssl(["verify", ...anchors, ...untrusted, "-purpose", "sslserver", ...name, path("leaf.pem")]);
  } finally {
    await rm(folder, { recursive: true });
  }
};

/** The text of a certificate as OpenSSL reads it. */
export const certificateText = async (pem: string): Promise<string> =>
  (await openssl(["x509", "-noout", "-text"], pem)).output;
