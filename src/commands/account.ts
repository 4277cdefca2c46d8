// mailcert account: the accounts at ACME CAs.
import { Argument } from "commander";
import type { CommandModule, Context } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { ownPath } from "../domain/own-path.ts";
import type { CaFlags } from "../domain/account-choice.ts";
import { acmeCaNames } from "../domain/acme-directories.ts";
import { eabFromFlags } from "../domain/acme-flags.ts";
import { Failure } from "../domain/failure.ts";
import {
  type AccountAction,
  accountsDocument,
  accountsText,
  changedAccountDocument,
  changedAccountText,
  hasAccountTrouble,
} from "../reports/account.ts";
import {
  type ChangedAccount,
  deactivateAccount,
  registerAccount,
  rollOverAccount,
  updateAccount,
} from "../usecases/account.ts";
import { type AccountWish, showAccounts } from "../usecases/account-show.ts";
import type { World } from "../usecases/world.ts";
import { chosenCertificate } from "./chosen-certificates.ts";
import { confirming, locked } from "./locked.ts";

/** What each action takes besides the options that say which CA. */
const takes: Readonly<Record<string, readonly string[]>> = {
  show: ["check"],
  register: ["email", "agreeTos", "eabKid", "eabHmacFile"],
  update: ["email"],
  rollover: [],
  deactivate: [],
};

const optionOf: Readonly<Record<string, string>> = {
  check: "--check",
  email: "--email",
  agreeTos: "--agree-tos",
  eabKid: "--eab-kid",
  eabHmacFile: "--eab-hmac-file",
};

const refuseStrangers = (action: string, { options }: Context): void => {
  for (const [key, option] of Object.entries(optionOf)) {
    const taken = takes[action]?.includes(key) && !(key === "email" && options[key] === false && action !== "update");
    if (options[key] === undefined || taken) continue;
    throw new Failure(
      "usage",
      `${options[key] === false ? "--no-email" : option} means nothing with account ${action}`,
      {
        hints: [`leave it out; account ${action} --help shows what there is`],
      },
    );
  }
};

const wishOf = async ({ args, options, host, globals }: Context, world: World): Promise<AccountWish> => {
  const text = (key: string): string | undefined => {
    const value = options[key];
    return typeof value === "string" ? value : undefined;
  };
  const path = (key: string): string | undefined => {
    const value = text(key);
    return value === undefined ? undefined : ownPath(host, value);
  };
  const flags: CaFlags = {
    issuer: text("issuer"),
    acme: text("acme"),
    caFile: path("caFile"),
    email: text("email"),
    agreeTos: options["agreeTos"] === true ? true : undefined,
    eabKid: text("eabKid"),
    eabHmacFile: path("eabHmacFile"),
  };
  eabFromFlags(flags);
  const name = args[1];
  const certificate = name === undefined ? undefined : await chosenCertificate(world, name);
  return { flags, dryRun: globals.dryRun, ...(certificate ? { certificate } : {}) };
};

const show = async (context: Context): Promise<number> => {
  const { options, output } = context;
  const world = await context.world();
  const accounts = await showAccounts(world, await wishOf(context, world), options["check"] === true);
  const trouble = hasAccountTrouble(accounts);
  output.result(accountsText(accounts), accountsDocument(accounts), trouble);
  return trouble ? exitStatus.findings : exitStatus.done;
};

const emailWish = ({ options, host }: Context): string | undefined => {
  const email = options["email"] as string | false | undefined;
  // Of the two the last one would win.
  const given = (option: string): boolean => host.argv.some((word) => word === option || word.startsWith(`${option}=`));
  if (given("--email") && given("--no-email"))
    throw new Failure("usage", "--email and --no-email ask for two different contacts", {
      hints: ["leave one of them out"],
    });
  if (email === undefined)
    throw new Failure("usage", "account update takes --email ADDRESS, or --no-email to have none", {
      hints: ["for example: mailcert account update --email postmaster@example.org"],
    });
  return email === false ? undefined : email;
};

type Change = (context: Context, world: World, wish: AccountWish) => Promise<ChangedAccount>;

const changes: Readonly<Record<Exclude<AccountAction, "deactivate">, Change>> = {
  register: (_context, world, wish) => registerAccount(world, wish),
  update: (context, world, wish) => updateAccount(world, wish, emailWish(context)),
  rollover: (_context, world, wish) => rollOverAccount(world, wish),
};

const change = async (context: Context, action: AccountAction): Promise<number> => {
  if (action === "update") emailWish(context);
  const result =
    action === "deactivate"
      ? await confirming(context, async (world, confirm) =>
          deactivateAccount(world, await wishOf(context, world), confirm),
        )
      : await locked(context, async (world) => changes[action](context, world, await wishOf(context, world)));
  context.output.result(changedAccountText(result), changedAccountDocument(action, result), false);
  return exitStatus.done;
};

/** As they are typed. */
const optionsByAction = Object.fromEntries(
  Object.entries(takes).map(([action, keys]) => [
    action,
    [...keys.flatMap((key) => optionOf[key] ?? []), ...(action === "update" ? ["--no-email"] : [])],
  ]),
);

export const command: CommandModule = {
  completion: { takes: { "--issuer": { words: acmeCaNames } }, byAction: optionsByAction },
  declare: (command) =>
    void command
      .addArgument(new Argument("<action>", "what to do").choices(Object.keys(takes)))
      .argument("[name]", "a certificate whose CA is meant (default: the only CA that is known here)")
      .option("--issuer <CA>", `which CA: ${acmeCaNames.join(", ")}`)
      .option("--acme <URL>", "which CA: its ACME directory")
      .option("--ca-file <FILE>", "trust for the ACME server's own HTTPS (PEM)")
      .option("--check", "with show: ask the CAs what they know of the accounts")
      .option("--email <ADDRESS>", "with register, update: the contact")
      .option("--no-email", "with update: no contact")
      .option("--agree-tos", "with register: agree to the CA's terms of service")
      .option("--eab-kid <KID>", "with register: external account binding, the key identifier")
      .option("--eab-hmac-file <FILE>", "with register: external account binding, the file (0600) with the HMAC key")
      .addHelpText(
        "after",
        `
show lists the accounts on this host and the CAA records that name them.
rollover gives an account a new key; deactivate ends it for good, and asks first.

Examples:
  mailcert account show --check
  mailcert account rollover --issuer letsencrypt
${exitStatusHelp([0, 1, 64, 65, 69, 73, 75, 77, 78])}`,
      ),
  run: async (context) => {
    const action = context.args[0] ?? "";
    refuseStrangers(action, context);
    return action === "show" ? show(context) : change(context, action as AccountAction);
  },
};
