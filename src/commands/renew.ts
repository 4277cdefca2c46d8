// mailcert renew: what a timer runs.
import type { CommandModule, Context } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { Failure } from "../domain/failure.ts";
import { renewDocument, renewText } from "../reports/renew.ts";
import { type RenewResult, renew } from "../usecases/renew.ts";
import type { World } from "../usecases/world.ts";
import { repairIfChanged } from "../usecases/repair-if-changed.ts";
import { chosenConfig } from "./chosen-certificates.ts";
import { duration, every } from "./every.ts";
import { accept, locked } from "./locked.ts";

const statuses = { done: exitStatus.done, fault: exitStatus.findings, waiting: exitStatus["try-later"] } as const;

export const command: CommandModule = {
  declare: (command) =>
    void command
      .argument("[name...]", "certificates (default: all in the configuration)")
      .option("--force", "renew now, due or not")
      .option("--new-key", "with --force: with a new private key")
      .option("--every <TIME>", "go on for ever, a run each TIME (1m to 24h: 30m, 1h, 1d): for containers", duration)
      .option(
        "--unless-told",
        "say nothing where notify: has told somebody of all of it: for cron, whose mail would be a second one",
      )
      .addHelpText(
        "after",
        `
Examples:
  mailcert renew --quiet
  mailcert renew --force mail.example.org
  mailcert renew --every 1h --quiet
${exitStatusHelp([0, 1, 64, 75, 77, 78])}`,
      ),
  run: (context) => {
    const { options } = context;
    const ms = options["every"] as number | undefined;
    if (ms === undefined) {
      if (options["newKey"] === true && options["force"] !== true) throw withoutForce();
      return run(context);
    }
    for (const option of ["force", "newKey"]) {
      if (options[option] === true)
        throw new Failure("usage", `--every and --${option === "force" ? "force" : "new-key"} do not go together`, {
          hints: ["each round would make a certificate that nobody needs: run that once, without --every"],
        });
    }
    return every(context, ms, run);
  },
};

/** What is not due is not renewed, and what is keeps its key until somebody means it: alone the option would do nothing, or something at a time that nobody chose. */
const withoutForce = (): Failure =>
  new Failure("usage", "--new-key makes a new certificate, which a plain renew does only when it is due", {
    hints: ["add --force: mailcert renew --force --new-key NAME"],
  });

/** Once a list of revoked certificates has ended, servers refuse every client certificate: that cannot wait until somebody has mended the configuration. */
const listsAllTheSame = async (world: World, error: unknown, dryRun: boolean): Promise<never> => {
  if (!(error instanceof Failure) || error.kind !== "config" || dryRun || !world.store.crlIsDue()) throw error;
  const { refreshDueCrls } = await import("../usecases/ca/crl.ts");
  const faults = (await refreshDueCrls(world)).filter(({ severity }) => severity === "fault");
  if (faults.length === 0) throw error;
  const { kind, message, facts } = error;
  throw new Failure(kind, message, {
    hints: [...error.hints, ...faults.map((fault) => fault.message)],
    cause: error,
    ...(facts === undefined ? {} : { facts }),
  });
};

/** `first`: a person has just said so, in words. */
const run = async (context: Context, first = true): Promise<number> => {
  const { args, options, globals, output, host } = context;
  const { fitting } = context;
  const done = await locked(context, async (world) => {
    // First of all, and whatever the configuration says: a server may be down.
    const { findings: repaired } = globals.dryRun ? { findings: [] } : await repairIfChanged(world);
    const { config, chosen } = await chosenConfig(world, args).catch((error: unknown) =>
      listsAllTheSame(world, error, globals.dryRun),
    );
    const job = (): Promise<RenewResult> =>
      renew(world, chosen, {
        repaired,
        force: options["force"] === true,
        newKey: options["newKey"] === true,
        named: args.length > 0,
        asked: args.length > 0 && first,
        dryRun: globals.dryRun,
        replace: false,
        accept: globals.yes ? accept(context) : async () => false,
      });
    const { notify } = config;
    if (!notify || globals.dryRun) return job();
    return (await import("../usecases/notify.ts")).notified(world, { config: { ...config, notify }, chosen }, job);
  }).catch(async (error: unknown) => {
    const { stuckResult } = await import("../usecases/stuck.ts");
    const result = await stuckResult(await context.world(), error);
    if (result === undefined) throw error;
    return result;
  });
  // A timer's run has the configuration alone, and no options to add.
  const certificates = done.certificates.map((one) => (one.failure ? { ...one, failure: fitting(one.failure) } : one));
  const result = { ...done, certificates };
  // Whoever reads JSON asked for it.
  const silent = options["unlessTold"] === true && done.told === true;
  output.result(silent ? "" : renewText(result, host.now(), globals.quiet, host.stdout.isTTY), renewDocument(result));
  if (!globals.dryRun) return statuses[result.outcome];
  return certificates.some(({ foreseen }) => foreseen) ? exitStatus.findings : exitStatus.done;
};
