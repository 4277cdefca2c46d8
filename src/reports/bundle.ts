// What was put into the folder for clients, and what to do with it.
import type { BundleResult } from "../usecases/bundle.ts";
import { table } from "./table.ts";

const next: Readonly<Record<BundleResult["imports"], string>> = {
  root: "Hand the folder to the people who connect: README.txt tells each of them what to click.",
  "self-signed":
    "A self-signed certificate is for a quick test: README.txt says who will not take it. Better: --issuer private-ca.",
  nothing: "Clients trust this certificate already: there is nothing to import.",
};

export const bundleText = (result: BundleResult): string => {
  const said = result.dryRun ? { written: "would write", removed: "would remove", unchanged: "unchanged" } : undefined;
  const rows = result.files.map(({ path, summary, change }) => [path, said?.[change] ?? change, summary]);
  return [`${result.dir}: for the clients of ${result.certificate}`, table(rows, "  "), next[result.imports]].join(
    "\n",
  );
};

export const bundleDocument = (result: BundleResult): object => ({ schema: "mailcert.bundle/1", ok: true, ...result });
