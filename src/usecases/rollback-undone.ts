// Whether the next run would make a rollback undone: a person who went back because of what changed has to take the change back as well.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { Finding } from "../domain/finding.ts";
import { differsFrom } from "../domain/generation.ts";
import { renewalPlan } from "../domain/renewal.ts";
import { shellWord } from "../domain/shell-word.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import type { World } from "./world.ts";

/** The generation that is gone back to is not what the configuration asks for, or is due already: each run that renews issues a new one and switches to it. */
export const rollbackUndone = (
  world: World,
  certificate: CertificateConfig,
  { ari }: Pick<CertificateState, "ari">,
  previous: GenerationRecord,
): readonly Finding[] => {
  const { name } = certificate;
  const said = (why: string, hint: string): readonly Finding[] => [
    {
      check: "rollback-undone",
      severity: "warning",
      message: `the next renewal run (mailcert renew, each hour by the timer) makes this undone: it issues a new certificate for ${name} and switches to it, for ${why}`,
      hint,
    },
  ];
  const different = differsFrom(previous, certificate);
  if (different !== undefined)
    return said(
      `generation ${previous.number} is not what the configuration asks for (${different})`,
      `take that change back in ${world.config.path} before the next run: mailcert log ${shellWord(name)} shows it`,
    );
  if (!renewalPlan(previous, ari, world.now()).due) return [];
  return said(
    `generation ${previous.number} is due for renewal (it ends on ${previous.notAfter.slice(0, 10)})`,
    "if the new one does harm as well: mailcert schedule remove keeps runs away; mailcert schedule install has them back",
  );
};
