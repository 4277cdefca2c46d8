// What is served is what is stored: the leaf of the live generation. Otherwise the server has not read its files again.
import type { EntryCheck } from "./check.ts";
import { otherLeaf } from "./expected-leaf.ts";
import { say, settingFor } from "./finding.ts";
import { sawCertificate } from "./seen.ts";

const base = {
  id: "cert-disk",
  summary: "the served leaf is that of the live generation on disk",
  clients:
    "The old certificate is shown although it was renewed, until it expires, and then everybody complains at once.",
  servers:
    "Reload: `doveadm reload`, `postfix reload`. Where it stays, another setting names other files: `mailcert deploy` says which.",
  reference: "doveadm(1), postfix(1): reload",
  severity: { mta: "fault", mua: "fault", internal: "fault" },
} as const;

export const certDisk: EntryCheck = {
  ...base,
  scope: "entry",
  applies: (facts) => facts.expected?.kind === "live" && sawCertificate(facts),
  judge: (facts) => {
    const other = otherLeaf(facts, "live");
    if (other === undefined) return [];
    return say(base, facts.role, {
      message: `serves another certificate than ${facts.expected?.source ?? "the one stored"}: ${other}`,
      hint: settingFor(
        facts,
        "`mailcert deploy` reloads it and proves it; by hand `doveadm reload`; if it stays, another setting wins: `doveconf -n | grep ssl`",
        "`mailcert deploy` reloads it and proves it; by hand `postfix reload`; if it stays, another setting wins: `postconf -n | grep tls`, `postconf -P | grep tls`",
      ),
    });
  },
};
