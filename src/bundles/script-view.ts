// What the scripts are filled with: every certificate to import, with its fingerprints and its text in lines.
import { displayName } from "../domain/names.ts";
import type { BundleMaterial } from "./bundle.ts";
import { fingerprintOf, hexOf } from "../domain/fingerprint.ts";
import { titleOf } from "../domain/certificate.ts";
import { type Importable, olderCrts } from "./importable.ts";

interface ScriptRoot {
  /** From 1: scripts name their functions by it. */
  readonly number: number;
  readonly title: string;
  /** Lower-case hex. */
  readonly sha256: string;
  /** `AA:BB:...`, as people compare it. */
  readonly shown: string;
  /** Windows' thumbprint, and macOS's name for a certificate of a keychain: SHA-1 in hex without colons. */
  readonly thumbprint: string;
  /** Base64 of the DER, at most 64 characters a line (RFC 7468 §2). */
  readonly lines: readonly string[];
  readonly base64: string;
  readonly until: string;
  /** What stands before it in a list. */
  readonly comma: "" | ",";
}

export interface ScriptView {
  readonly host: string;
  /** The same where only ASCII can be shown. */
  readonly ascii: string;
  /** The host's name as a file's: ASCII, no colons. */
  readonly file: string;
  readonly privateCa: boolean;
  readonly selfSigned: boolean;
  readonly roots: readonly ScriptRoot[];
  /** More than one, and how many. */
  readonly several: boolean;
  readonly count: number;
  /** Files with one certificate each, which people import one by one: the next root's is among them. */
  readonly hasNext: boolean;
  readonly hasEarlier: boolean;
  /** Those of earlier roots, a line each. */
  readonly earlier: readonly { readonly crt: string }[];
}

export const scriptView = ({ host }: Pick<BundleMaterial, "host">, importable: Importable): ScriptView => {
  const privateCa = importable.kind === "private-ca";
  return {
    host: displayName(host),
    ascii: host,
    file: host.replaceAll(":", "-"),
    privateCa,
    selfSigned: !privateCa,
    several: importable.beside.length > 0,
    count: importable.beside.length + 1,
    hasNext: importable.newer !== undefined,
    hasEarlier: importable.newer === undefined && importable.older.length > 0,
    earlier: olderCrts(importable).map((crt) => ({ crt })),
    roots: [importable.certificate, ...importable.beside].map((certificate, index) => {
      const base64 = certificate.der.toString("base64");
      return {
        number: index + 1,
        title: titleOf(certificate),
        sha256: certificate.sha256,
        shown: fingerprintOf(certificate, "sha256"),
        thumbprint: hexOf(certificate, "sha1").toUpperCase(),
        lines: base64.match(/.{1,64}/g) ?? [],
        base64,
        until: certificate.notAfter.toISOString().slice(0, 10),
        comma: index === 0 ? "" : ",",
      };
    }),
  };
};
