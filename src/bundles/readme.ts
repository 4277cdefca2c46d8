// README.txt: what each client's user has to click, fingerprints to compare, account settings in both vocabularies.
import { readCertificate } from "../domain/certificate.ts";
import { displayName } from "../domain/names.ts";
import { limitsOf } from "../domain/root-limits.ts";
import { accountSettings } from "./account-settings.ts";
import type { Bundle } from "./bundle.ts";
import { fingerprintOf, importableOf, titleOf } from "./importable.ts";

const day = (date: Date): string => date.toISOString().slice(0, 10);

export const readme: Bundle = (material, render) => {
  const importable = importableOf(material);
  const leaf = readCertificate(material.leaf);
  const shown = importable?.certificate ?? leaf;
  const { incoming, outgoing } = accountSettings(material);
  const limits = limitsOf(shown);
  const content = render("bundle-readme.txt", {
    host: displayName(material.host),
    // The name of a file stays in ASCII: update-ca-certificates is a shell script.
    file: material.host.replaceAll(":", "-"),
    names: material.names.map((name) => ({ name: displayName(name) })),
    publicly: importable === undefined,
    privateCa: importable?.kind === "private-ca",
    selfSigned: importable?.kind === "self-signed",
    limited: limits !== undefined,
    domains: limits?.join(", ") ?? "",
    title: titleOf(shown),
    issuer: leaf.issuer,
    sha256: fingerprintOf(shown, "sha256"),
    sha1: fingerprintOf(shown, "sha1"),
    from: day(shown.notBefore),
    until: day(shown.notAfter),
    incoming: incoming.map((text) => ({ text })),
    outgoing: outgoing.map((text) => ({ text })),
    ready: material.account !== undefined && material.account.proven.length > 0,
    noIncoming: incoming.length === 0,
    noOutgoing: outgoing.length === 0,
  });
  return [{ path: "README.txt", content, summary: "what to click in each client, fingerprints, account settings" }];
};
