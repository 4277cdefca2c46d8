// mailcert deploy --harden: certificates and TLS policy after one yes; --harden=none takes the policy out again, and nothing else.
import type { Context } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { Failure } from "../domain/failure.ts";
import { clean } from "../domain/text.ts";
import { isPolicyName } from "../domain/tls-policy.ts";
import type { PolicyAim } from "../usecases/harden-events.ts";
import type { HardenPlan } from "../usecases/harden.ts";
import { finishUnfinished, rewriteIfChanged } from "../usecases/repair-if-changed.ts";
import type { World } from "../usecases/world.ts";
import { locked } from "./locked.ts";

/** @throws Failure `usage` for a profile that there is not. undefined: --harden was not given. */
export const wantedPolicy = (options: Context["options"], command: string): PolicyAim | undefined => {
  const given = options["harden"];
  if (given === undefined) return undefined;
  const name = typeof given === "string" ? given : "intermediate";
  if (isPolicyName(name) || name === "none") return name;
  throw new Failure("usage", `there is no TLS policy "${clean(name, 40)}": it is intermediate, modern or none`, {
    hints: [`names come first: mailcert ${command} mail.example.org --harden`],
  });
};

/** What became of the policy, beside what became of the certificate. */
export interface PolicyPart {
  readonly text: string;
  /** Absent: it was not touched. */
  readonly document?: object;
  readonly fault: boolean;
}

/** What an upgrade of a server, or a change of policy that an earlier run left half done, has left to do: what became of it. The caller holds the lock. */
export const tellUnfinished = async (
  { output }: Pick<Context, "output">,
  world: World,
  setsAnew = false,
): Promise<void> => {
  const findings = [...(await rewriteIfChanged(world)), ...(await finishUnfinished(world, setsAnew))];
  for (const { message, hint } of findings) output.warn(message, hint);
};

/** The same before a person is asked: the difference is that to what stands there once it is settled. */
export const settleUnfinished = async (context: Context): Promise<void> => {
  const { store } = await context.world();
  if (!context.globals.dryRun && store.policyIsUnfinished())
    await locked(context, (world) => tellUnfinished(context, world, true));
};

/** What was agreed to is what is done, though a person took an hour to answer. @throws Failure `try-later` */
export const asAgreed =
  (asked: string, yes: boolean, agreementOf: (plan: HardenPlan) => string) =>
  async (plan: HardenPlan): Promise<void> => {
    if (yes || agreementOf(plan) === asked) return;
    throw new Failure("try-later", "the TLS policy was not touched: something else has changed a server meanwhile", {
      hints: ["run the command again: it shows the difference anew"],
    });
  };

export const withoutPolicy = async (context: Context): Promise<number> => {
  const { args, globals, output } = context;
  const [{ removePolicy }, report] = await Promise.all([
    import("../usecases/harden-none.ts"),
    import("../reports/harden.ts"),
  ]);
  const result = await locked(context, async (world) => {
    // A server of another version must start on what is left.
    if (!globals.dryRun) for (const { message, hint } of await rewriteIfChanged(world)) output.warn(message, hint);
    return removePolicy(world, args, { dryRun: globals.dryRun });
  });
  const fault = report.hardenHasFault(result);
  output.result(
    report.hardenText(result),
    {
      schema: "mailcert.deploy/1",
      ok: !fault,
      ...(globals.dryRun ? { dryRun: true } : {}),
      certificates: [],
      policy: report.hardenDocument(result),
    },
    fault,
  );
  return fault ? exitStatus.findings : exitStatus.done;
};
