// Thunderbird: a policy for administrators, a script for profiles. Its NSS takes authorities only as trust anchors: nothing for a self-signed certificate.
import type { Bundle } from "./bundle.ts";
import { importableOf } from "./importable.ts";
import { scriptView } from "./script-view.ts";

export const thunderbird: Bundle = (material, render) => {
  const importable = importableOf(material);
  if (importable?.kind !== "private-ca") return [];
  const plain = scriptView(material, importable);
  // By its own name in Thunderbird's folder of certificates: another server's policy has another "ca.crt".
  const { newer, older } = importable;
  const before = newer === undefined ? 1 : 2;
  const isNewer = (number: number): boolean => newer !== undefined && number === 2;
  const suffixOf = (number: number): string => (isNewer(number) ? "newer" : `older-${String(number - before)}`);
  const nameOf = (number: number): string => `${plain.file}${number === 1 ? "" : `-${suffixOf(number)}`}.crt`;
  const sourceOf = (number: number): string => (number === 1 ? "ca.crt" : `thunderbird-${suffixOf(number)}.crt`);
  const roots = plain.roots.map((root) => ({
    ...root,
    installed: nameOf(root.number),
    source: sourceOf(root.number),
  }));
  const view = { ...plain, roots };
  return [
    {
      path: "policies.json",
      content: render("policies.json", view),
      summary: "for Thunderbird: policy that imports it, see thunderbird.txt",
    },
    {
      path: "thunderbird-certutil.sh",
      content: render("thunderbird-certutil.sh", view),
      summary: "for Thunderbird on Linux and Mac: script for every profile",
    },
    {
      path: "thunderbird.txt",
      content: render("thunderbird.txt", view),
      summary: "for administrators of Thunderbird: where the policy goes",
    },
    // The policy takes names of files with one certificate each.
    ...[...(newer === undefined ? [] : [newer]), ...older].map(({ pem }, index) => ({
      path: sourceOf(index + 2),
      content: `${pem.trim()}\n`,
      summary: `for Thunderbird's policy: the authority's ${isNewer(index + 2) ? "next" : "earlier"} certificate`,
    })),
  ];
};
