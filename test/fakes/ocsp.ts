// OCSP answers as a CA's responder gives them, made by the openssl command.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openssl } from "../issuers/openssl.ts";
import type { Issued } from "./pki.ts";

interface Answering {
  readonly leaf: Issued;
  readonly issuer: Issued;
  /** Who signs; default: the issuer itself. */
  readonly signer?: Issued;
  /** `V` valid, `R` revoked; undefined: the CA does not know it. */
  readonly entry?: "V" | "R";
}

/** An answer that holds for a day, in DER. */
export const ocspAnswer = async ({ leaf, issuer, signer = issuer, entry }: Answering): Promise<Buffer> => {
  const folder = await mkdtemp(join(tmpdir(), "mailcert-ocsp-"));
  const path = (name: string): string => join(folder, name);
  const run = async (...args: readonly string[]): Promise<void> => {
    const { ok, output } = await openssl(["ocsp", ...args]);
    if (!ok) throw new Error(`openssl ocsp ${args.join(" ")}: ${output}`);
  };
  try {
    const revoked = entry === "R" ? "261101000000Z" : "";
    const line = `${entry}\t491231235959Z\t${revoked}\t${leaf.certificate.serialNumber.toUpperCase()}\tunknown\t/CN=x\n`;
    await Promise.all([
      writeFile(path("leaf"), leaf.pem),
      writeFile(path("ca"), issuer.pem),
      writeFile(path("signer"), signer.pem),
      writeFile(path("key"), signer.privateKey),
      writeFile(path("index"), entry === undefined ? "" : line),
    ]);
    await run("-issuer", path("ca"), "-cert", path("leaf"), "-no_nonce", "-reqout", path("req"));
    const by = ["-index", path("index"), "-CA", path("ca"), "-rsigner", path("signer"), "-rkey", path("key")];
    await run(...by, "-reqin", path("req"), "-respout", path("resp"), "-ndays", "1");
    return await readFile(path("resp"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
