// Android: what to tap in which version. Its settings take authorities only: nothing for a self-signed certificate, which apps ask about by themselves.
import type { Bundle } from "./bundle.ts";
import { importableOf } from "./importable.ts";
import { scriptView } from "./script-view.ts";

export const android: Bundle = (material, render) => {
  const importable = importableOf(material);
  if (importable?.kind !== "private-ca") return [];
  const content = render("android.txt", scriptView(material, importable));
  return [{ path: "android.txt", content, summary: "for Android: steps by version, and which apps take part" }];
};
