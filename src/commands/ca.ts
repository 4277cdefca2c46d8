// mailcert ca: the private CAs of this host, made, shown, given a new root, backed up; what they revoke.
import { type Command, Option } from "commander";
import type { Action, CommandModule, Context } from "../cli/command.ts";
import { withActions } from "../cli/actions.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { list, wholeNumber } from "../cli/program.ts";
import { keyAlgorithms } from "../domain/keys.ts";
import { revocationReasonNames } from "../domain/revocation.ts";
import { hasFault, showDocument, showText } from "../reports/ca.ts";
import { showCas } from "../usecases/ca/show.ts";

const show = async ({ args, output, host, world }: Context): Promise<number> => {
  const result = await showCas(await world(), args[1]);
  const trouble = hasFault(result.findings);
  output.result(showText(result, host.now()), showDocument(result), trouble);
  return trouble ? exitStatus.findings : exitStatus.done;
};

const takesCa = (command: Command): Command => command.argument("[ca]", "the CA's name (default: default)");

const takesRoot = (command: Command): Command =>
  takesCa(command)
    .option("--ca-domains <LIST>", "domains that the root may certify (* for any)", list)
    .option("--days <N>", "lifetime of the root in days (default: ten years)", wholeNumber("--days"));

const passphraseFile = "--passphrase-file <FILE>";

/** The work of each is loaded with it. */
const actions: Readonly<Record<string, Action>> = {
  show: {
    summary: "roots, limits, validity, what was issued and revoked, where files lie",
    declare: (command) => void command.argument("[ca]", "the CA's name (default: all of them)"),
    examples: ["mailcert ca show", "mailcert ca show --json"],
    statuses: [0, 1, 64, 65, 77, 78],
    run: show,
  },
  init: {
    summary: "makes a CA before the first certificate needs it",
    declare: (command) =>
      void takesRoot(command)
        .option("--issuing", "an issuing CA signs; the root's key lies here under a passphrase")
        .option("--offline <DIR>", "the same, and the root's key goes into DIR, to be carried away")
        .option(passphraseFile, "with --issuing, --offline: file (0600) with the passphrase (default: asked)"),
    examples: [
      "mailcert ca init --ca-domains example.org",
      "mailcert ca init --offline /media/usb/ca --ca-domains example.org",
    ],
    statuses: [0, 64, 65, 69, 73, 75, 77, 78],
    run: async (context) => (await import("./ca/make.ts")).init(context),
  },
  rotate: {
    summary: "makes a new root, signed by the present one",
    declare: (command) =>
      void takesRoot(command)
        .option("--offline <DIR>", "an issuing CA signs; the root's key goes into DIR, to be carried away")
        .option("--root-key <FILE>", "the root's key, brought back for this one command")
        .option(passphraseFile, "file (0600) with the passphrase in its first line (default: asked)"),
    about:
      "It says who has to import the new root and by when, asks first (--yes answers),\nand touches no certificate: the next renewals are signed by the new root.",
    examples: ["mailcert ca rotate --dry-run", "mailcert ca rotate --ca-domains example.org,example.net --dry-run"],
    statuses: [0, 64, 65, 69, 73, 75, 77, 78],
    run: async (context) => (await import("./ca/make.ts")).rotate(context),
  },
  client: {
    summary: "makes a certificate by which a person logs in, with its key",
    declare: (command) =>
      void takesCa(command.argument("<address>", "whose: an e-mail address"))
        .addOption(new Option("--out <DIR>", "folder to write the PKCS#12 file into").makeOptionMandatory())
        .option("--days <N>", "lifetime in days (default 825)", wholeNumber("--days"))
        .addOption(new Option("--key <ALGORITHM>", "kind of key (default ecdsa)").choices(keyAlgorithms))
        .option("--login <NAME>", "the user name that servers take from it (default: the address)")
        .option("--modern", "AES-256 and SHA-256, which some systems do not read yet (default: 3DES and SHA-1)")
        .option(passphraseFile, "file (0600) with the PKCS#12 file's password (default: asked, or made)"),
    examples: [
      "mailcert ca client alice@example.org --out /root/clients",
      "mailcert ca client alice@example.org --login alice --out /root/clients",
    ],
    statuses: [0, 1, 64, 65, 69, 73, 75, 77, 78],
    run: async (context) => (await import("./ca/client.ts")).client(context),
  },
  revoke: {
    summary: "revokes a certificate; what is live is replaced first",
    declare: (command) =>
      void command
        .argument("<what>", "its serial number (hex), its file, its name here, or a person's address")
        .addOption(new Option("--reason <REASON>", "why (default unspecified)").choices(revocationReasonNames))
        .option("--replace", "replace what is live although DNS is against it"),
    about: "It asks first (--yes answers). The CA is found by what it has signed.",
    examples: [
      "mailcert ca revoke alice@example.org --reason cessationOfOperation",
      "mailcert ca revoke mail.example.org --reason superseded",
    ],
    statuses: [0, 1, 64, 65, 69, 73, 75, 77, 78],
    run: async (context) => (await import("./ca/lists.ts")).revoke(context),
  },
  crl: {
    summary: "makes the list of revoked certificates, which the timer then renews",
    declare: (command) => void takesCa(command).option("--out <FILE>", "keep a copy there, too (.pem: text, else DER)"),
    examples: ["mailcert ca crl", "mailcert ca crl --out /srv/www/ca.crl"],
    statuses: [0, 1, 64, 65, 69, 73, 75, 77, 78],
    run: async (context) => (await import("./ca/lists.ts")).crl(context),
  },
  backup: {
    summary: "writes all of a CA into one file under a passphrase",
    declare: (command) =>
      void takesCa(command)
        .addOption(
          new Option("--out <FILE>", "where to; a file that is there is not written over").makeOptionMandatory(),
        )
        .option(passphraseFile, "file (0600) with the passphrase in its first line (default: asked)"),
    examples: [
      "mailcert ca backup --out /root/ca.backup",
      "mailcert ca backup --out /root/ca.backup --passphrase-file /root/passphrase",
    ],
    statuses: [0, 64, 65, 69, 73, 75, 77, 78],
    run: async (context) => (await import("./ca/copies.ts")).backup(context),
  },
  restore: {
    summary: "puts back what ca backup wrote",
    declare: (command) =>
      void command
        .argument("<file>", "the backup")
        .option("--replace", "in the place of a CA that is there")
        .option(passphraseFile, "file (0600) with the passphrase in its first line (default: asked)"),
    examples: ["mailcert ca restore /root/ca.backup --dry-run", "mailcert ca restore /root/ca.backup"],
    statuses: [0, 1, 64, 65, 69, 73, 75, 77, 78],
    run: async (context) => (await import("./ca/copies.ts")).restore(context),
  },
};

export const command: CommandModule = {
  ...withActions(actions),
  completion: {
    takes: { ca: { names: "private CAs" }, what: { names: "certificates", files: "any" } },
  },
};
