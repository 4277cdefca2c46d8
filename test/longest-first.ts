// The order of test files: those that take longest first, so that no core waits for them in the end. Vitest alone goes by a file's size, which says
// nothing: the sweeps' files have four lines each.
import { relative } from "node:path";
import { BaseSequencer } from "vitest/node";
import type { TestSpecification } from "vitest/node";

/** Seconds on a machine with two cores, from 40 on, of a run on 22 November 2026; whoever is not named follows, the larger file first. */
export const seconds: Readonly<Record<string, number>> = {
  "test/e2e/sweep-trixie.test.ts": 789,
  "test/e2e/sweep-bookworm.test.ts": 488,
  "test/lab/servers.test.ts": 372,
  "test/e2e/deploy-hosts.test.ts": 246,
  "test/e2e/tutorials.test.ts": 140,
  "test/e2e/deploy-settings.test.ts": 139,
  "test/e2e/sweep-faults.test.ts": 128,
  "test/e2e/dane.test.ts": 124,
  "test/e2e/deploy-outcomes.test.ts": 93,
  "test/e2e/sni-rows.test.ts": 89,
  "test/e2e/harden.test.ts": 86,
  "test/e2e/places.test.ts": 84,
  "test/lab/places.test.ts": 82,
  "test/lab/exim-settings.test.ts": 76,
  "test/e2e/private-ca.test.ts": 74,
  "test/e2e/main-job.test.ts": 73,
  "test/e2e/client-thunderbird.test.ts": 72,
  "test/lab/stunnel.test.ts": 72,
  "test/e2e/key-slots.test.ts": 71,
  "test/e2e/dovecot-repair.test.ts": 67,
  "test/e2e/many-names.test.ts": 65,
  "test/e2e/harden-back.test.ts": 63,
  "test/e2e/schedule.test.ts": 63,
  "test/e2e/package.test.ts": 60,
  "test/issuers/private-cas.test.ts": 59,
  "test/lab/exim.test.ts": 59,
  "test/lab/haproxy.test.ts": 58,
  "test/lab/nginx.test.ts": 58,
  "test/lab/names-settings.test.ts": 54,
  "test/checks/checks.test.ts": 53,
  "test/e2e/many-names-servers.test.ts": 53,
  "test/e2e/sessions.test.ts": 52,
  "test/e2e/telling.test.ts": 52,
  "test/e2e/by-hand.test.ts": 51,
  "test/e2e/hundreds.test.ts": 51,
  "test/usecases/ca.test.ts": 50,
  "test/e2e/completion.test.ts": 47,
  "test/e2e/dovecot-upgrade.test.ts": 47,
  "test/e2e/doctor.test.ts": 46,
  "test/lab/exim-bookworm.test.ts": 45,
  "test/e2e/status-places.test.ts": 43,
  "test/e2e/setup-terminal.test.ts": 42,
  "test/e2e/schedule-sandbox.test.ts": 40,
};

/** Vitest takes a class and nothing else. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project.name))];
    const weight = ({ moduleId }: TestSpecification): number => seconds[relative(this.ctx.config.root, moduleId)] ?? 0;
    // One project after the other, as vitest has them; a sort keeps the order of what is equal.
    return sorted.toSorted(
      (a, b) => projects.indexOf(a.project.name) - projects.indexOf(b.project.name) || weight(b) - weight(a),
    );
  }
}
