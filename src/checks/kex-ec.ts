// No curve of 224 bits or less, none over a binary field, none that the server describes itself.
import type { EntryCheck } from "./check.ts";
import { say, settingFor } from "./finding.ts";
import { otherServersWords } from "./other-servers.ts";
import { profiled } from "./profiled.ts";

const base = {
  id: "kex-ec",
  summary: "no weak elliptic curves for key exchange",
  clients: "Nothing to be seen.",
  servers: `Dovecot: take \`ssl_curve_list\` out, OpenSSL's default is sound. Postfix: take \`tls_eecdh_auto_curves\` out of main.cf. ${otherServersWords}`,
  reference: "RFC 9325 §4.5, RFC 8422 §5.1.1",
  severity: { mta: "info", mua: "warning", internal: "info" },
} as const;

export const kexEc: EntryCheck = {
  ...base,
  scope: "entry",
  full: true,
  applies: profiled(({ weakGroup }) => weakGroup),
  judge: (facts) => {
    const group = facts.observation.profile?.weakGroup;
    return typeof group === "string"
      ? say(base, facts.role, {
          message: `key exchange over a weak curve is accepted (${group})`,
          hint: settingFor(
            facts,
            "take `ssl_curve_list` out, OpenSSL's default is sound; then `doveadm reload`",
            "`postconf -X tls_eecdh_auto_curves`, its default is sound; then `postfix reload`",
            "policy",
          ),
        })
      : [];
  },
};
