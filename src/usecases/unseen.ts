// Servers that had a certificate and are not to be seen just now: stopped, crashed, being upgraded. What they serve is not taken from them for that.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { copies } from "../domain/file-target.ts";
import type { Finding } from "../domain/finding.ts";
import type { CertificateState } from "../store/store.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** Of `gone`, those of `servers: auto`: nobody has said that they are to lose what they serve. */
export const unseenOf = async (
  world: World,
  { servers }: CertificateConfig,
  { deployments }: CertificateState,
  gone: readonly string[],
): Promise<readonly string[]> => {
  if (servers !== "auto") return [];
  const adapters = await world.servers();
  const unseen: string[] = [];
  for (const id of gone) {
    const kind = deployments[id]?.server ?? "";
    if (kind === copies) continue;
    const there = await unlessFailure(async () => (await adapters[kind]?.detect()) ?? []);
    if (there instanceof Failure || !there.some((one) => one.id === id)) unseen.push(id);
  }
  return unseen;
};

export const unseenFinding = (id: string, name: string): Finding => ({
  check: "deploy-left",
  severity: "warning",
  message: `${id} served ${name}, and is not to be seen any more: what mailcert set there stays`,
  hint: "where it only stands still, its next start has the certificate; where it is not to have it, name the servers that are (servers: in its entry)",
});
