// mailcert bundle: write the files that mail clients import, or say what each client will say.
import { Option } from "commander";
import type { CommandModule } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { ownPath } from "../domain/own-path.ts";
import { type BundleFormat, bundleFormatNames, bundleFormats } from "../domain/bundle-formats.ts";
import { Failure } from "../domain/failure.ts";
import { bundleDocument, bundleText } from "../reports/bundle.ts";
import { explainBundleDocument, explainBundleText } from "../reports/explain-bundle.ts";
import { bundle } from "../usecases/bundle.ts";
import { explainBundle } from "../usecases/explain-bundle.ts";
import { chosenCertificate } from "./chosen-certificates.ts";

const formatHelp = bundleFormatNames.map((name) => `  ${name.padEnd(13)} ${bundleFormats[name]}`).join("\n");

/** Two wishes at once: whoever explains reads, and whoever writes asks for files. @throws Failure `usage` */
const refuseWithExplain = (options: Readonly<Record<string, unknown>>): void => {
  const other = ["out", "format"].find((name) => options[name] !== undefined);
  if (other === undefined) return;
  throw new Failure("usage", `--explain writes nothing: it does not go with --${other}`, {
    hints: [`run it twice: with --explain, and with --${other}`],
  });
};

export const command: CommandModule = {
  declare: (command) =>
    void command
      .argument("[name]", "the certificate (default: the only one)")
      .option("--out <DIR>", "folder to write into (default: bundle: of the configuration)")
      .addOption(new Option("--format <F...>", "only these formats").choices(bundleFormatNames))
      .option("--explain", "say what each client will say of the certificate, and write nothing")
      .option("--root <FILE>", "the root of a CA of your own, where neither the chain nor ca_file has it")
      .addHelpText(
        "after",
        `
Formats:
${formatHelp}

Examples:
  mailcert bundle --out /srv/www/mail
  mailcert bundle mail.example.org --out ./ca --format pem readme
  mailcert bundle mail.example.org --explain
${exitStatusHelp([0, 64, 65, 73, 77, 78])}`,
      ),
  run: async ({ args: [name], options, globals, output, host, world }) => {
    const here = await world();
    const certificate = await chosenCertificate(here, name);
    const root = options["root"] as string | undefined;
    const rootFile = root === undefined ? {} : { root: ownPath(host, root) };
    if (options["explain"] === true) {
      refuseWithExplain(options);
      const explained = await explainBundle(here, await here.bundles(), certificate, rootFile);
      output.result(explainBundleText(explained, output.width), explainBundleDocument(explained));
      return exitStatus.done;
    }
    const out = options["out"] as string | undefined;
    const dir = out === undefined ? certificate.bundle : ownPath(host, out);
    if (dir === undefined) throw new Failure("usage", "say where to write: --out DIR");
    const formats = options["format"] as readonly BundleFormat[] | undefined;
    const result = await bundle(here, await here.bundles(), certificate, {
      dir,
      dryRun: globals.dryRun,
      ...(formats === undefined ? {} : { formats }),
      ...rootFile,
    });
    output.result(bundleText(result), bundleDocument(result), false);
    return exitStatus.done;
  },
};
