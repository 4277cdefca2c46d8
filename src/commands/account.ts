// mailcert account: the accounts at ACME CAs.
import type { Command } from "commander";
import { withActions } from "../cli/actions.ts";
import type { Action, CommandModule, Context } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
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

const takesCa = (command: Command): Command =>
  command
    .argument("[name]", "a certificate whose CA is meant (default: the only CA that is known here)")
    .option("--issuer <CA>", `which CA: ${acmeCaNames.join(", ")}`)
    .option("--acme <URL>", "which CA: its ACME directory")
    .option("--ca-file <FILE>", "trust for the ACME server's own HTTPS (PEM)");

const takesOnlyCa = (command: Command): void => void takesCa(command);

const statuses = [0, 64, 65, 69, 73, 75, 77, 78];

const actions: Readonly<Record<AccountAction | "show", Action>> = {
  show: {
    summary: "the accounts on this host, and the CAA records that name them",
    declare: (command) => void takesCa(command).option("--check", "ask the CAs what they know of the accounts"),
    examples: ["mailcert account show", "mailcert account show --check"],
    statuses: [0, 1, 64, 65, 69, 75, 77, 78],
    run: show,
  },
  register: {
    summary: "registers an account at a CA; the first order does it as well",
    declare: (command) =>
      void takesCa(command)
        .option("--email <ADDRESS>", "the contact")
        .option("--agree-tos", "agree to the CA's terms of service")
        .option("--eab-kid <KID>", "external account binding, the key identifier")
        .option("--eab-hmac-file <FILE>", "external account binding, the file (0600) with the HMAC key"),
    examples: [
      "mailcert account register --issuer letsencrypt --email postmaster@example.org --agree-tos",
      "mailcert account register --issuer zerossl --eab-kid KID --eab-hmac-file /root/hmac --agree-tos",
    ],
    statuses,
    run: (context) => change(context, "register"),
  },
  update: {
    summary: "changes an account's contact",
    declare: (command) =>
      void takesCa(command).option("--email <ADDRESS>", "the new contact").option("--no-email", "no contact"),
    examples: ["mailcert account update --email postmaster@example.org", "mailcert account update --no-email"],
    statuses,
    run: (context) => change(context, "update"),
  },
  rollover: {
    summary: "gives an account a new key",
    declare: takesOnlyCa,
    examples: ["mailcert account rollover --issuer letsencrypt", "mailcert account rollover mail.example.org"],
    statuses,
    run: (context) => change(context, "rollover"),
  },
  deactivate: {
    summary: "ends an account for good",
    declare: takesOnlyCa,
    about: "It asks first (--yes answers).",
    examples: [
      "mailcert account deactivate --issuer letsencrypt --dry-run",
      "mailcert account deactivate --issuer letsencrypt",
    ],
    statuses,
    run: (context) => change(context, "deactivate"),
  },
};

export const command: CommandModule = {
  ...withActions(actions),
  completion: { takes: { "--issuer": { words: acmeCaNames } } },
};
