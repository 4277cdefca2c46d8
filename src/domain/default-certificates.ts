// Which certificate clients get who ask a server for no name that it knows, where it serves several.
import type { CertificateState } from "../store/store.ts";
import { copies } from "./file-target.ts";

/** By installation, of those that serve some by name: whose is everybody else's; null: none of these. */
export const defaultsOf = (
  states: readonly Pick<CertificateState, "name" | "deployments">[],
): Readonly<Record<string, string | null>> => {
  const several = new Set<string>();
  const defaults = new Map<string, string>();
  for (const { name, deployments } of states) {
    for (const [id, { server, byName, places }] of Object.entries(deployments)) {
      if (server === copies || places) continue;
      if (byName) several.add(id);
      else defaults.set(id, name);
    }
  }
  return Object.fromEntries([...several].map((id) => [id, defaults.get(id) ?? null]));
};
