// mailcert bundle: write the files that mail clients import.
import { Option } from "commander";
import type { CommandModule } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { ownPath } from "../domain/own-path.ts";
import { type BundleFormat, bundleFormatNames, bundleFormats } from "../domain/bundle-formats.ts";
import { Failure } from "../domain/failure.ts";
import { bundleDocument, bundleText } from "../reports/bundle.ts";
import { bundle } from "../usecases/bundle.ts";
import { chosenCertificate } from "./chosen-certificates.ts";

const formatHelp = bundleFormatNames.map((name) => `  ${name.padEnd(13)} ${bundleFormats[name]}`).join("\n");

export const command: CommandModule = {
  declare: (command) =>
    void command
      .argument("[name]", "the certificate (default: the only one)")
      .option("--out <DIR>", "folder to write into (default: bundle: of the configuration)")
      .addOption(new Option("--format <F...>", "only these formats").choices(bundleFormatNames))
      .option("--root <FILE>", "the root of a CA of your own, where neither the chain nor ca_file has it")
      .option(
        "--sign-profile <live|FILE>",
        "sign the Apple profile: with the live certificate, or the key and chain in this PEM file (default: sign_profile: of the configuration, which renewals go by)",
      )
      .addHelpText(
        "after",
        `
Formats:
${formatHelp}

Examples:
  mailcert bundle --out /srv/www/mail --sign-profile live
  mailcert bundle mail.example.org --out ./ca --format pem readme
${exitStatusHelp([0, 64, 65, 73, 77, 78])}`,
      ),
  run: async ({ args: [name], options, globals, output, host, world }) => {
    const here = await world();
    const certificate = await chosenCertificate(here, name);
    const out = options["out"] as string | undefined;
    const dir = out === undefined ? certificate.bundle : ownPath(host, out);
    if (dir === undefined) throw new Failure("usage", "say where to write: --out DIR");
    const formats = options["format"] as readonly BundleFormat[] | undefined;
    const root = options["root"] as string | undefined;
    const signer = options["signProfile"] as string | undefined;
    const signProfile = signer === undefined || signer === "live" ? signer : ownPath(host, signer);
    const result = await bundle(here, await here.bundles(), certificate, {
      dir,
      dryRun: globals.dryRun,
      ...(formats === undefined ? {} : { formats }),
      ...(root === undefined ? {} : { root: ownPath(host, root) }),
      ...(signProfile === undefined ? {} : { signProfile }),
    });
    output.result(bundleText(result), bundleDocument(result), false);
    return exitStatus.done;
  },
};
