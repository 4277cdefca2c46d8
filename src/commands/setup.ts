// mailcert setup: the whole way in one go.
import { Option } from "commander";
import type { CommandModule, Context } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { type CertificateFlags, certificateFromFlags, nameFromFlag } from "../domain/certificate-flags.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { policyNames } from "../domain/tls-policy.ts";
import { setupDocument, setupFaults, setupText } from "../reports/setup.ts";
import { type AdoptedKey, refuseStrayKey } from "../usecases/adopted-key.ts";
import { type AfterSetup, afterSetup } from "../usecases/after-setup.ts";
import { refuseOtherSchedule } from "../usecases/install-schedule.ts";
import { type SetupOptions, type SetupResult, setup } from "../usecases/setup.ts";
import type { World } from "../usecases/world.ts";
import {
  addCertificateOptions,
  adoptedKey,
  certificateFlags,
  certificateTakes,
  withKeyOf,
} from "./certificate-options.ts";
import { type PolicyPart, tellUnfinished, wantedPolicy } from "./deploy-policy.ts";
import { accept, asksFirst, locked } from "./locked.ts";
import { askForFlags, askForHost, noHost, scheduleOf, waited } from "./setup-questions.ts";

export const command: CommandModule = {
  completion: {
    takes: { ...certificateTakes, host: { names: "certificates" }, name: {}, "--harden": { words: policyNames } },
  },
  mayMakeConfig: true,
  declare: (command) =>
    void addCertificateOptions(
      command
        .argument("[host]", "the mail host's name, as clients will type it; asked for at a terminal")
        .argument("[name...]", "further names"),
    )
      .addOption(
        new Option("--schedule <KIND>", "how renewal is scheduled (default: systemd where it runs, else cron)").choices(
          ["systemd", "cron", "none"],
        ),
      )
      .option(
        "--harden [PROFILE]",
        "also bring the servers' TLS policy up to Mozilla's guideline 6.0: intermediate (default), or modern; one plan and one question for all of it",
      )
      .option("--bundle <DIR>", "keep the files that mail clients import in this folder")
      .option(
        "--replace",
        "also where a better trusted certificate is served now, or DNS (DANE, MTA-STS) is against it",
      )
      .addHelpText(
        "after",
        `
Examples:
  mailcert setup mail.example.org
  mailcert setup mail.example.org --harden --dry-run
  mailcert setup mail.example.org --issuer letsencrypt --email postmaster@example.org --agree-tos
${exitStatusHelp([0, 1, 64, 65, 69, 73, 75, 77, 78])}`,
      ),
  run: async (context) => {
    const { args, globals, host } = context;
    const [first] = args;
    const ask = globals.yes || !host.ask ? undefined : asksFirst(host.ask);
    const profile = wantedPolicy(context.options, "setup");
    if (profile === "none") throw noneHere();
    if (first !== undefined) nameFromFlag(first);
    else if (!ask) throw noHost();
    if (scheduleOf(context) !== "none") await refuseOtherSchedule(await context.world());
    const wished = async (world: World): Promise<Wished> =>
      wish(world, context, first ?? (ask ? await askForHost(ask, (await world.hostNames()).proposed) : ""));
    if (profile !== undefined) {
      const { setupHardened } = await import("./setup-policy.ts");
      return told(context, await setupHardened(context, profile, wished));
    }
    if (ask && !globals.dryRun) {
      const { setupAsked } = await import("./setup-asked.ts");
      return told(context, { result: await setupAsked(context, wished) });
    }
    return told(context, {
      // Nobody is asked anything who then is told that they may not.
      result: await locked(context, async (world) => {
        if (!globals.dryRun) await tellUnfinished(context, world);
        const { certificate, options } = await wished(world);
        return setup(waited(context, world), certificate, { ...options, dryRun: globals.dryRun });
      }),
    });
  },
};

/** What a person wants, by flags, file and answers. */
export interface Wished {
  /** Something of it was asked for at a terminal. */
  readonly asked: boolean;
  readonly certificate: CertificateConfig;
  readonly options: Omit<SetupOptions, "dryRun">;
}

export interface Told {
  readonly result: SetupResult;
  readonly policy?: PolicyPart;
}

const noneHere = (): Failure =>
  new Failure("usage", "setup --harden takes intermediate or modern", {
    hints: ["to take a TLS policy out: mailcert deploy --harden=none"],
  });

const wish = async (world: World, context: Context, name: string): Promise<Wished> => {
  const adopted = await adoptedKey(context, world);
  const { certificate, issuerGiven, asked } = await wanted(world, context, name, context.args.slice(1), adopted);
  if (adopted) refuseStrayKey(certificate, adopted);
  return {
    certificate,
    asked: asked || context.args[0] === undefined,
    options: {
      newKey: context.options["newKey"] === true,
      ...(adopted ? { adopted } : {}),
      replace: context.options["replace"] === true,
      issuerGiven,
      accept: accept(context),
    },
  };
};

/** The schedule and the files for clients, and all of it in words. */
const told = async (context: Context, { result, policy }: Told): Promise<number> => {
  const { globals, output, host } = context;
  const after = await afterSetup(waited(context, await context.world()), result.plan.certificate, {
    schedule: scheduleOf(context),
    dryRun: globals.dryRun,
  });
  const unsigned = (after.bundle?.findings ?? []).length > 0;
  const trouble = after.failures.length > 0 || unsigned || setupFaults(result) || policy?.fault === true;
  output.result(
    setupText(result, after, host.now(), policy?.text),
    {
      ...setupDocument(result, after),
      ...(trouble ? { ok: false } : {}),
      ...(policy?.document ? { policy: policy.document } : {}),
    },
    trouble || warns(result, after),
  );
  return trouble ? exitStatus.findings : exitStatus.done;
};

/** No fault, and yet nothing to keep from a person. */
const warns = (
  { plan, issued, deployed, preflight = [] }: SetupResult,
  { schedule, otherClients = [] }: AfterSetup,
): boolean =>
  [...plan.nameFindings, ...(issued?.findings ?? []), ...(deployed?.findings ?? []), ...preflight].some(
    ({ severity }) => severity === "warning",
  ) ||
  schedule.note !== undefined ||
  otherClients.length > 0;

const wanted = async (
  world: World,
  context: Context,
  first: string,
  more: readonly string[],
  adopted: AdoptedKey | undefined,
): Promise<{ certificate: CertificateConfig; issuerGiven: boolean; asked: boolean }> => {
  const main = nameFromFlag(first);
  const existing = (await world.config.read())?.certificates.find((one) => one.name === main || one.names[0] === main);
  const given = withKeyOf(adopted, certificateFlags(context), existing);
  const names = [...more, ...(given.names ?? [])];
  let asked = false;
  const { ask } = context.host;
  const asking = async (question: string): Promise<string> => {
    asked = true;
    return ask ? asksFirst(ask)(question) : "";
  };
  const answers: CertificateFlags = existing || context.globals.yes || !ask ? {} : await askForFlags(asking, given);
  const flags = { ...given, ...answers, ...(names.length > 0 ? { names } : {}) };
  return {
    certificate: certificateFromFlags(main, flags, existing),
    asked,
    issuerGiven: flags.issuer !== undefined || flags.acme !== undefined || flags.ca !== undefined,
  };
};
