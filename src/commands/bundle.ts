// mailcert bundle: write the files that mail clients import.
import { Option } from "commander";
import type { CommandModule } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { ownPath } from "../domain/own-path.ts";
import { type BundleFormat, bundleFormatNames, bundleFormats } from "../domain/bundle-formats.ts";
import { Failure } from "../domain/failure.ts";
import { pageUrl } from "../domain/page-url.ts";
import { clean } from "../domain/text.ts";
import { bundleDocument, bundleText } from "../reports/bundle.ts";
import { bundle } from "../usecases/bundle.ts";
import { chosenCertificate } from "./chosen-certificates.ts";

const formatHelp = bundleFormatNames.map((name) => `  ${name.padEnd(13)} ${bundleFormats[name]}`).join("\n");

const urlFrom = (text: string): string => {
  const read = pageUrl(text);
  if ("url" in read) return read.url;
  throw new Failure("usage", `--url: "${clean(text, 80)}" ${read.problem}`, {
    hints: ["for example: --url https://www.example.org/mail/"],
  });
};

export const command: CommandModule = {
  declare: (command) =>
    void command
      .argument("[name]", "the certificate (default: the only one)")
      .option("--out <DIR>", "folder to write into (default: bundle: of the configuration)")
      .addOption(new Option("--format <F...>", "only these formats").choices(bundleFormatNames))
      .option("--root <FILE>", "the root of a CA of your own, where neither the chain nor ca_file has it")
      .option("--url <URL>", "where the folder is published (https): the page shows it as a QR code for phones")
      .addHelpText(
        "after",
        `
Formats:
${formatHelp}

Examples:
  mailcert bundle --out /srv/www/mail --url https://www.example.org/mail/
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
    const url = options["url"] as string | undefined;
    const result = await bundle(here, await here.bundles(), certificate, {
      dir,
      dryRun: globals.dryRun,
      ...(formats === undefined ? {} : { formats }),
      ...(root === undefined ? {} : { root: ownPath(host, root) }),
      ...(url === undefined ? {} : { url: urlFrom(url) }),
    });
    output.result(bundleText(result), bundleDocument(result), false);
    return exitStatus.done;
  },
};
