// ca init and ca rotate: read what is wanted, ask for a passphrase where one is needed, do, show.
import type { Context } from "../../cli/command.ts";
import { exitStatus } from "../../cli/exit-status.ts";
import { Failure } from "../../domain/failure.ts";
import { ownPath } from "../../domain/own-path.ts";
import { initDocument, initText, rotateDocument, rotateText } from "../../reports/ca.ts";
import { type InitWish, initCa, planInit } from "../../usecases/ca/init.ts";
import { type RotateWish, planRotation, rotateCa, rotateQuestion } from "../../usecases/ca/rotate.ts";
import { confirmed, locked } from "../locked.ts";
import { passphraseFor } from "./passphrase.ts";

const pathOf = ({ options, host }: Context, key: string): string | undefined => {
  const given = options[key] as string | undefined;
  return given === undefined ? undefined : ownPath(host, given);
};

const common = ({ args, options }: Context): Pick<InitWish, "name" | "caDomains" | "days"> => {
  const caDomains = options["caDomains"] as readonly string[] | undefined;
  const days = options["days"] as number | undefined;
  return {
    name: args[1] ?? "default",
    ...(caDomains === undefined ? {} : { caDomains }),
    ...(days === undefined ? {} : { days }),
  };
};

const once = (make: () => Promise<string>): (() => Promise<string>) => {
  let made: Promise<string> | undefined;
  return () => (made ??= make());
};

export const init = async (context: Context): Promise<number> => {
  const { options, globals, output, host } = context;
  const offline = pathOf(context, "offline");
  const seals = options["issuing"] === true || offline !== undefined;
  if (!seals && options["passphraseFile"] !== undefined)
    throw new Failure(
      "usage",
      "--passphrase-file goes with --issuing or --offline: without them the root's key signs by itself, and lies here open to root",
      {
        hints: ["a root's key under a passphrase: mailcert ca init --issuing --passphrase-file FILE"],
      },
    );
  const passphrase = once(() => passphraseFor(context, "the root's key", "new"));
  const wish: InitWish = {
    ...common(context),
    ...(seals ? { issuing: { passphrase, ...(offline === undefined ? {} : { offline }) } } : {}),
  };
  // Refused before anybody types, and typed before the lock is taken: renewals do not wait for a person.
  const planned = await planInit(await context.world(), wish);
  if (!globals.dryRun && seals) await passphrase();
  const result = globals.dryRun ? planned : await locked(context, (world) => initCa(world, wish));
  output.result(initText(result, host.now()), initDocument(result), false);
  return exitStatus.done;
};

export const rotate = async (context: Context): Promise<number> => {
  const { globals, output, host } = context;
  const offline = pathOf(context, "offline");
  const rootKey = pathOf(context, "rootKey");
  const world = await context.world();
  const make = (kind: "new" | "present"): (() => Promise<string>) =>
    once(() => passphraseFor(context, "the root's key", kind));
  const wishWith = (passphrase: () => Promise<string>): RotateWish => ({
    ...common(context),
    passphrase,
    ...(offline === undefined ? {} : { offline }),
    ...(rootKey === undefined ? {} : { rootKey }),
    ...(globals.dryRun ? { plansOnly: true as const } : {}),
  });
  const planned = await planRotation(
    world,
    wishWith(async () => ""),
  );
  // Before anybody types a passphrase, and without the lock: renewals do not wait for a person.
  if (!globals.dryRun) await confirmed(context, await rotateQuestion(world, planned));
  const open = planned.ca.root.key === "here";
  const passphrase = make(open ? "new" : "present");
  if (!globals.dryRun && (!open || offline !== undefined)) await passphrase();
  const result = globals.dryRun
    ? planned
    : await locked(context, (here) => rotateCa(here, wishWith(passphrase), planned.ca.root.sha256));
  output.result(rotateText(result, host.now()), rotateDocument(result), false);
  return exitStatus.done;
};
