// README.txt: what each client's user has to click, fingerprints to compare, account settings in both vocabularies.
import { displayName } from "../domain/names.ts";
import { accountSettings } from "./account-settings.ts";
import type { Bundle } from "./bundle.ts";
import { commonNameOf, importableOf, readCertificatePem } from "./importable.ts";

const day = (text: string): string => new Date(text).toISOString().slice(0, 10);

export const readme: Bundle = (material, render) => {
  const importable = importableOf(material);
  const leaf = readCertificatePem(material.leaf, "the served certificate");
  const shown = importable?.certificate ?? leaf;
  const { incoming, outgoing } = accountSettings(material);
  const content = render("bundle-readme.txt", {
    host: displayName(material.host),
    names: material.names.map((name) => ({ name: displayName(name) })),
    publicly: importable === undefined,
    privateCa: importable?.kind === "private-ca",
    selfSigned: importable?.kind === "self-signed",
    title: importable?.title ?? commonNameOf(shown),
    issuer: /^CN=(.*)$/m.exec(leaf.issuer)?.[1] ?? leaf.issuer.replaceAll("\n", ", "),
    sha256: shown.fingerprint256,
    sha1: shown.fingerprint,
    from: day(shown.validFrom),
    until: day(shown.validTo),
    incoming: incoming.map((text) => ({ text })),
    outgoing: outgoing.map((text) => ({ text })),
    noIncoming: incoming.length === 0,
    noOutgoing: outgoing.length === 0,
  });
  return [{ path: "README.txt", content, summary: "what to click in each client, fingerprints, account settings" }];
};
