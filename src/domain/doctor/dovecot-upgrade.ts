// A Dovecot that an upgrade of packages is about to bring: 2.4 does not start on the settings of 2.3, the include file of mailcert among them.
import type { DoctorFinding, Looked } from "./finding.ts";

export interface UpgradeFacts {
  /** `2.3.19.1`; as the program says. */
  readonly version: string;
  /** undefined: no apt here. */
  readonly candidate?: string;
  readonly suites: readonly string[];
  /** The systemd unit that mends the include file as soon as the program changes is there. */
  readonly guarded: boolean;
  /** `schedule install` would put it there. */
  readonly guardable: boolean;
  /** Something of ours stands in Dovecot's settings. */
  readonly deployed: boolean;
}

/** Debian and Ubuntu releases with Dovecot 2.4. */
const newer = /^(?:trixie|forky|duke|sid|testing|unstable|questing|resolute)(?:$|[-/])/;

const isOld = (version: string): boolean => /^2\.[0-3](?:\.|$)/.test(version);
const isNew = (version: string): boolean => /^(?:2\.[4-9]|2\.\d\d|[3-9])(?:\.|\+|~|$)/.test(version);

export const upgradeLooked = (facts: UpgradeFacts): Looked => {
  const { version, candidate, suites, guarded, guardable, deployed } = facts;
  const suite = suites.find((one) => newer.test(one));
  const coming = candidate !== undefined && isNew(candidate);
  if (!isOld(version) || (!coming && suite === undefined))
    return {
      findings: [],
      well: [candidate === undefined ? `Dovecot ${version}` : `Dovecot ${version}, and no other generation is coming`],
      unseen: [],
    };
  const what = coming
    ? `the next upgrade of packages brings Dovecot ${candidate}`
    : `the sources of packages say ${suite ?? ""}, which has Dovecot 2.4`;
  const finding: DoctorFinding = {
    check: "doctor-dovecot-upgrade",
    severity: guarded || !deployed ? "info" : "warning",
    message: `${what}, and ${version} is installed: 2.4 refuses the settings of 2.3 and does not start until all of them are rewritten`,
    ...(deployed && !guarded && guardable ? { command: "mailcert schedule install" } : {}),
    hint: `${
      guarded || !deployed
        ? "mailcert's own settings follow by themselves"
        : guardable
          ? "with that mailcert's own settings follow by themselves"
          : "mailcert's own settings follow at its next run by itself; at once, right after the upgrade: `mailcert deploy --repair`"
    }; have your other files ready before: \`doveconf -n\` shows what they say`,
  };
  return { findings: [finding], well: [], unseen: [] };
};
