// Another private CA, or none, in the place of the one whose root people have imported: done as the configuration says, and never without a word.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { Finding } from "../domain/finding.ts";
import { caWord } from "../domain/private-ca.ts";
import { shellWord } from "../domain/shell-word.ts";
import { readableState } from "./unless-failure.ts";
import { liveGeneration } from "./live-generation.ts";
import type { World } from "./world.ts";

/** Whom the clients of what is served trust, and what the next certificate is by. A public CA (`acme`) asks nothing of them. */
export const exchangedFindings = (world: World, { name, issuer }: CertificateConfig): readonly Finding[] => {
  const state = readableState(world, name);
  const live = state && liveGeneration(world, name, state);
  if (!live || state.parked === true || live.issuer !== "private-ca" || issuer.kind === "acme") return [];
  if (issuer.kind === "private-ca" && issuer.ca === live.authority) return [];
  const [next, root] =
    issuer.kind === "private-ca"
      ? [
          `a certificate by the private CA "${issuer.ca}"`,
          `its root: mailcert ca show${caWord(issuer.ca)} names the file; `,
        ]
      : ["a self-signed certificate", ""];
  return [
    {
      check: "ca-exchanged",
      severity: "warning",
      message: `whoever has imported the root of the private CA "${live.authority}" for ${name} refuses ${next} until they import that, too`,
      hint: `${root}all files for clients, once it is served: mailcert bundle ${shellWord(name)} --out DIR; if it was not meant, take the change of issuer or ca back in ${world.config.path}`,
    },
  ];
};
