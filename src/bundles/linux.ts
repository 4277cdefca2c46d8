// Linux: a script for the system's trust store. p11-kit, which fills that of Fedora, Arch and SUSE, leaves out what is no authority: none for a self-signed certificate.
import type { Bundle } from "./bundle.ts";
import { importableOf } from "./importable.ts";
import { scriptView } from "./script-view.ts";

export const linux: Bundle = (material, render) => {
  const importable = importableOf(material);
  if (importable?.kind !== "private-ca") return [];
  const content = render("install-linux.sh", scriptView(material, importable));
  return [
    { path: "install-linux.sh", content, summary: "for Linux: script for the system's trust store (needs root)" },
  ];
};
