// Windows: a PowerShell script, a batch file for where scripts are forbidden, and notes for Group Policy and Intune.
import type { Bundle, BundleFile } from "./bundle.ts";
import { importableOf } from "./importable.ts";
import { scriptView } from "./script-view.ts";

/** cmd.exe misses labels in a batch file without carriage returns, and old editors show one long line. */
const windowsLines = (text: string): string => text.replaceAll("\n", "\r\n");

export const windows: Bundle = (material, render) => {
  const importable = importableOf(material);
  if (importable === undefined) return [];
  const view = scriptView(material, importable);
  const file = (path: string, summary: string): BundleFile => ({
    path,
    content: windowsLines(render(path, view)),
    summary,
  });
  const scripts = [
    file("install-windows.ps1", "for Windows: PowerShell script that imports it"),
    file("install-windows.cmd", "for Windows without PowerShell: imports it by certutil"),
  ];
  // A self-signed certificate is another one after each renewal: nothing to spread over a company by policy.
  if (importable.kind === "self-signed") return scripts;
  return [...scripts, file("windows-gpo-intune.txt", "for administrators of Windows: Group Policy, Intune")];
};
