// macOS: a script for whoever cannot use the profile; of a self-signed certificate, for which there is no profile, the shortest way.
import type { Bundle } from "./bundle.ts";
import { importableOf } from "./importable.ts";
import { scriptView } from "./script-view.ts";

export const macos: Bundle = (material, render) => {
  const importable = importableOf(material);
  if (importable === undefined) return [];
  const content = render("install-macos.sh", scriptView(material, importable));
  return [{ path: "install-macos.sh", content, summary: "for Mac: script that imports it (needs an administrator)" }];
};
