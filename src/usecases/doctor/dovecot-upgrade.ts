// Look: no upgrade of packages is about to bring a Dovecot that refuses the settings of this one.
import { nothing } from "../../domain/doctor/finding.ts";
import { upgradeLooked } from "../../domain/doctor/dovecot-upgrade.ts";
import type { Look } from "./look.ts";

/** Mends the include file as soon as Dovecot's program changes (`schedule install`). */
const guard = "/etc/systemd/system/mailcert-dovecot.path";

export const dovecotUpgradeLook: Look = {
  id: "dovecot-upgrade",
  title: "upgrade of Dovecot",
  look: async ({ tools, certificates, state, servers }) => {
    const dovecot = (await servers()).find(({ installation }) => installation.server === "dovecot")?.installation;
    if (!dovecot) return nothing;
    const facts = await tools.packageFacts("dovecot-core");
    const deployed = certificates.some(({ name }) => dovecot.id in (state(name)?.deployments ?? {}));
    return upgradeLooked({
      version: dovecot.version,
      ...(facts?.candidate === undefined ? {} : { candidate: facts.candidate }),
      suites: facts?.suites ?? [],
      guarded: await tools.exists(guard),
      deployed,
    });
  },
};
