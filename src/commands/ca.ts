// mailcert ca: the private CAs of this host, made, shown, given a new root, backed up; what they revoke.
import { Argument, Option } from "commander";
import type { CommandModule, Context } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp, list, wholeNumber } from "../cli/program.ts";
import type { Takes } from "../cli/takes.ts";
import { Failure } from "../domain/failure.ts";
import { keyAlgorithms } from "../domain/keys.ts";
import { revocationReasonNames } from "../domain/revocation.ts";
import { clean } from "../domain/text.ts";
import { hasFault, showDocument, showText } from "../reports/ca.ts";
import { showCas } from "../usecases/ca/show.ts";

interface Action {
  /** Options that mean something with it. */
  readonly takes: readonly string[];
  readonly run: (context: Context) => Promise<number>;
}

const show = async ({ args, output, host, world }: Context): Promise<number> => {
  const result = await showCas(await world(), args[1]);
  const trouble = hasFault(result.findings);
  output.result(showText(result, host.now()), showDocument(result), trouble);
  return trouble ? exitStatus.findings : exitStatus.done;
};

/** What each action takes; the work of each is loaded with it. */
const actions: Readonly<Record<string, Action>> = {
  show: { takes: [], run: show },
  init: {
    takes: ["caDomains", "days", "issuing", "offline", "passphraseFile"],
    run: async (context) => (await import("./ca/make.ts")).init(context),
  },
  rotate: {
    takes: ["caDomains", "days", "offline", "rootKey", "passphraseFile"],
    run: async (context) => (await import("./ca/make.ts")).rotate(context),
  },
  client: {
    takes: ["days", "key", "login", "modern", "out", "passphraseFile"],
    run: async (context) => (await import("./ca/client.ts")).client(context),
  },
  revoke: {
    takes: ["reason", "replace"],
    run: async (context) => (await import("./ca/lists.ts")).revoke(context),
  },
  crl: { takes: ["out"], run: async (context) => (await import("./ca/lists.ts")).crl(context) },
  backup: {
    takes: ["out", "passphraseFile"],
    run: async (context) => (await import("./ca/copies.ts")).backup(context),
  },
  restore: {
    takes: ["replace", "passphraseFile"],
    run: async (context) => (await import("./ca/copies.ts")).restore(context),
  },
};

const optionOf: Readonly<Record<string, string>> = {
  caDomains: "--ca-domains",
  days: "--days",
  issuing: "--issuing",
  offline: "--offline",
  rootKey: "--root-key",
  passphraseFile: "--passphrase-file",
  reason: "--reason",
  key: "--key",
  login: "--login",
  modern: "--modern",
  out: "--out",
  replace: "--replace",
};

const refuseStrangers = (action: string, { args, options }: Context): void => {
  const stranger = Object.entries(optionOf).find(
    ([key]) => options[key] !== undefined && !actions[action]?.takes.includes(key),
  );
  if (stranger)
    throw new Failure("usage", `${stranger[1]} means nothing with ca ${action}`, {
      hints: ["leave it out; mailcert ca --help shows what there is"],
    });
  if (args[2] !== undefined && action !== "client")
    throw new Failure("usage", `ca ${action} takes one name, and there is another: "${clean(args[2], 80)}"`, {
      hints: ["leave it out; mailcert ca --help shows what there is"],
    });
};

/** As they are typed. */
const optionsByAction = Object.fromEntries(
  Object.entries(actions).map(([action, { takes }]) => [
    action,
    takes.map((key) => `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`),
  ]),
);

/** Whose name, or what, stands behind the action. */
const whatOf = ([action]: readonly string[]): Takes => {
  if (action === "restore") return { files: "any" };
  if (action === "client") return {};
  return action === "revoke" ? { names: "certificates", files: "any" } : { names: "private CAs" };
};

export const command: CommandModule = {
  completion: { takes: { what: whatOf, ca: { names: "private CAs" } }, byAction: optionsByAction },
  declare: (command) =>
    void command
      .addArgument(new Argument("<action>", "what to do").choices(Object.keys(actions)))
      .argument(
        "[what]",
        "the CA's name (default: default); revoke: what to revoke; restore: the backup; client: the address",
      )
      .argument("[ca]", "client: the CA's name (default: default)")
      .option("--ca-domains <LIST>", "init, rotate: domains that it may certify (* for any)", list)
      .option(
        "--days <N>",
        "lifetime in days; init, rotate: of the root (default: ten years); client: default 825",
        wholeNumber("--days"),
      )
      .option("--issuing", "init: an issuing CA signs; the root's key lies here under a passphrase")
      .option("--offline <DIR>", "init, rotate: the same, and the root's key goes into DIR, to be carried away")
      .option("--root-key <FILE>", "rotate: the root's key, brought back for this one command")
      .option("--passphrase-file <FILE>", "file (0600) with the passphrase in its first line (default: asked)")
      .addOption(new Option("--reason <REASON>", "revoke: why (default unspecified)").choices(revocationReasonNames))
      .addOption(new Option("--key <ALGORITHM>", "client: kind of key (default ecdsa)").choices(keyAlgorithms))
      .option("--login <NAME>", "client: the user name that servers take from it (default: the address)")
      .option("--modern", "client: AES-256 and SHA-256, which some systems do not read yet (default: 3DES and SHA-1)")
      .option("--out <FILE>", "backup: where to; crl: keep a copy there (.pem: text, else DER); client: folder")
      .option("--replace", "restore: in the place of a CA that is there; revoke: although DNS is against it")
      .addHelpText(
        "after",
        `
show      roots, limits, validity, what was issued and revoked, where files lie
init      makes a CA before the first certificate needs it
rotate    makes a new root, signed by the present one, and says who has to import
          it and by when
client    makes a certificate by which a person logs in, in a PKCS#12 file with its key
revoke    a certificate by its serial number, its file or its name; what is live
          is replaced first
crl       makes the list of revoked certificates now; the timer does it from then on
backup    all of a CA in one file under a passphrase; restore puts it back

Examples:
  mailcert ca show
  mailcert ca init --offline /media/usb/ca --ca-domains example.org
  mailcert ca rotate --ca-domains example.org,example.net --dry-run
  mailcert ca client alice@example.org --out /root/clients
  mailcert ca backup --out /root/ca.backup
${exitStatusHelp([0, 1, 64, 65, 69, 73, 75, 77, 78])}`,
      ),
  run: async (context) => {
    const action = context.args[0] ?? "";
    refuseStrangers(action, context);
    return actions[action]?.run(context) ?? exitStatus.usage;
  },
};
