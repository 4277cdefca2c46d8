// Look: no upgrade of packages is about to bring a Dovecot that refuses the settings of this one.
import { upgradeLooked } from "../../domain/doctor/dovecot-upgrade.ts";
import { nothing } from "../../domain/doctor/finding.ts";
import { Failure } from "../../domain/failure.ts";
import { scheduleJob, showSchedule } from "../schedule.ts";
import { unlessFailure } from "../unless-failure.ts";
import type { Ground, Look } from "./look.ts";

/** Mends the include file as soon as Dovecot's program changes, where the schedule comes with it. */
const guard = "/etc/systemd/system/mailcert-dovecot.path";

const isGuardable = async ({ world, certificates }: Ground): Promise<boolean> => {
  const deps = await world.scheduling();
  const states = await unlessFailure(async () => showSchedule(deps, await scheduleJob(world, deps, certificates)));
  const known = states instanceof Failure ? [] : states.flatMap(({ files }) => files);
  return known.some(({ path }) => path === guard) && (await deps.schedulers.systemd.available());
};

export const dovecotUpgradeLook: Look = {
  id: "dovecot-upgrade",
  title: "upgrade of Dovecot",
  look: async (ground) => {
    const { tools, certificates, state, servers } = ground;
    const dovecot = (await servers()).find(({ installation }) => installation.server === "dovecot")?.installation;
    if (!dovecot) return nothing;
    const packages = await tools.packageFacts("dovecot-core");
    const facts = {
      version: dovecot.version,
      ...(packages?.candidate === undefined ? {} : { candidate: packages.candidate }),
      suites: packages?.suites ?? [],
      guarded: await tools.exists(guard),
      guardable: false,
      deployed: certificates.some(({ name }) => dovecot.id in (state(name)?.deployments ?? {})),
    };
    const looked = upgradeLooked(facts);
    const open = looked.findings.some(({ severity }) => severity === "warning");
    return open ? upgradeLooked({ ...facts, guardable: await isGuardable(ground) }) : looked;
  },
};
