// mailcert bundle: write the files that mail clients import, or say what each client will say.
import { Option } from "commander";
import type { CommandModule } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { ownPath } from "../domain/own-path.ts";
import { type BundleFormat, bundleFormatNames, bundleFormats } from "../domain/bundle-formats.ts";
import { emailAddress } from "../domain/email.ts";
import { Failure } from "../domain/failure.ts";
import { hostNameIn } from "../domain/host-name.ts";
import { pageUrl } from "../domain/page-url.ts";
import { clean } from "../domain/text.ts";
import { bundleDocument, bundleText } from "../reports/bundle.ts";
import { type Login, logins } from "../domain/mail-account.ts";
import type { AccountFlags } from "../usecases/bundle-account.ts";
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

const domainFrom = (text: string): string => {
  const domain = hostNameIn(text);
  if (domain !== undefined) return domain;
  throw new Failure("usage", `--domain: "${clean(text, 80)}" is no mail domain`, {
    hints: ["for example: --domain example.org"],
  });
};

const addressFrom = (text: string): string => {
  const read = emailAddress(text);
  if ("email" in read) return read.email;
  throw new Failure("usage", `--for: "${clean(text, 80)}" ${read.problem}`, {
    hints: ["for example: --for alice@example.org"],
  });
};

const accountFlags = (options: Readonly<Record<string, unknown>>, out: string | undefined): AccountFlags => {
  const { domain, login } = options as { readonly domain?: string; readonly login?: Login };
  const person = options["for"] as string | undefined;
  // Kept up to date for everybody: the next run would write it without the address again.
  if (person !== undefined && out === undefined)
    throw new Failure("usage", "--for goes with --out: the folder of the configuration is for everybody", {
      hints: ["mailcert bundle --for alice@example.org --format account --out DIR"],
    });
  const address = person === undefined ? {} : { address: addressFrom(person) };
  const named = domain === undefined ? {} : { domain: domainFrom(domain) };
  const of = "address" in address ? address.address.slice(address.address.lastIndexOf("@") + 1) : undefined;
  if ("domain" in named && of !== undefined && named.domain !== of)
    throw new Failure("usage", `--for is an address in ${of}, and --domain says ${named.domain}`, {
      hints: ["leave --domain out"],
    });
  return { ...named, ...address, ...(login === undefined ? {} : { login }) };
};

/** Two wishes at once: whoever explains reads, and whoever writes asks for files. @throws Failure `usage` */
const refuseWithExplain = (options: Readonly<Record<string, unknown>>): void => {
  const other = ["out", "format", "domain", "login", "for", "signProfile"].find((name) => options[name] !== undefined);
  if (other === undefined || options["explain"] !== true) return;
  const word = other === "signProfile" ? "--sign-profile" : `--${other}`;
  throw new Failure("usage", `--explain writes nothing: it does not go with ${word}`, {
    hints: [`run it twice: with --explain, and with ${word}`],
  });
};

export const command: CommandModule = {
  declare: (command) =>
    void command
      .argument("[name]", "the certificate (default: the only one)")
      .option("--out <DIR>", "folder to write into (default: bundle: of the configuration)")
      .addOption(new Option("--format <F...>", "only these formats").choices(bundleFormatNames))
      .option("--domain <DOMAIN>", "mail domain of the account files (default: account_domain, or the host's)")
      .addOption(
        new Option(
          "--login <FORM>",
          "user name that mail programs send: the whole address (default), or what stands before the @",
        ).choices(logins),
      )
      .option(
        "--for <ADDRESS>",
        "one person's address, to be written into the profile (into a folder of its own: --out)",
      )
      .option("--explain", "say what each client will say of the certificate, and write nothing")
      .option("--root <FILE>", "the root of a CA of your own, where neither the chain nor ca_file has it")
      .option(
        "--sign-profile <live|FILE>",
        "sign the Apple profile: with the live certificate, or the key and chain in this PEM file (default: sign_profile: of the configuration, which renewals go by)",
      )
      .option("--url <URL>", "where the folder is published (https): the page shows it as a QR code for phones")
      .addHelpText(
        "after",
        `
Formats:
${formatHelp}

Examples:
  mailcert bundle --out /srv/www/mail --url https://www.example.org/mail/
  mailcert bundle mail.example.org --out ./ca --format pem readme
  mailcert bundle --out ./account --format autoconfig srv --domain example.net
  mailcert bundle mail.example.org --explain
${exitStatusHelp([0, 1, 64, 65, 73, 75, 77, 78])}`,
      ),
  run: async ({ args: [name], options, globals, output, host, world }) => {
    refuseWithExplain(options);
    const out = options["out"] as string | undefined;
    const account = accountFlags(options, out);
    const here = await world();
    const certificate = await chosenCertificate(here, name);
    const root = options["root"] as string | undefined;
    const rootFile = root === undefined ? {} : { root: ownPath(host, root) };
    if (options["explain"] === true) {
      // Its table of clients is for this alone.
      const [{ explainBundle }, { explainBundleDocument, explainBundleText }] = await Promise.all([
        import("../usecases/explain-bundle.ts"),
        import("../reports/explain-bundle.ts"),
      ]);
      const explained = await explainBundle(here, await here.bundles(), certificate, rootFile);
      output.result(explainBundleText(explained, output.width), explainBundleDocument(explained));
      return exitStatus.done;
    }
    const dir = out === undefined ? certificate.bundle : ownPath(host, out);
    if (dir === undefined)
      throw new Failure("usage", "say where to write: --out DIR", {
        hints: [
          "for example: mailcert bundle --out /srv/mail",
          "or once, in the entry of the configuration, and every renewal keeps it up to date: bundle: /srv/mail (then let the hourly run write there: mailcert schedule install)",
        ],
      });
    const formats = options["format"] as readonly BundleFormat[] | undefined;
    const signer = options["signProfile"] as string | undefined;
    const signProfile = signer === undefined || signer === "live" ? signer : ownPath(host, signer);
    const url = options["url"] as string | undefined;
    const result = await bundle(here, await here.bundles(), certificate, {
      dir,
      account,
      dryRun: globals.dryRun,
      ...(formats === undefined ? {} : { formats }),
      ...rootFile,
      ...(signProfile === undefined ? {} : { signProfile }),
      ...(url === undefined ? {} : { url: urlFrom(url) }),
    });
    output.result(bundleText(result), bundleDocument(result), false);
    return result.findings === undefined ? exitStatus.done : exitStatus.findings;
  },
};
