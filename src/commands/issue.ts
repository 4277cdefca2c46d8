// mailcert issue: make or renew one certificate now; stops at staged.
import type { CommandModule, Context } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { ownPath } from "../domain/own-path.ts";
import { type CertificateFlags, certificateFromFlags, nameFromFlag } from "../domain/certificate-flags.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { didYouMean } from "../domain/nearest.ts";
import { shellWord } from "../domain/shell-word.ts";
import {
  issueAllDocument,
  issueAllText,
  issueDocument,
  issueText,
  issuedFilesDocument,
  issuedFilesText,
} from "../reports/issue.ts";
import { clean } from "../domain/text.ts";
import { type AdoptedKey, refuseStrayKey } from "../usecases/adopted-key.ts";
import { refuseSelfSignedOverCa } from "../usecases/better-trusted.ts";
import { preflight } from "../usecases/preflight.ts";
import { preflightAll } from "../usecases/preflight-all.ts";
import { hasFaults } from "../reports/preflight.ts";
import { issue, refuseBadNames } from "../usecases/issue.ts";
import { issueFiles } from "../usecases/issue-files.ts";
import type { World } from "../usecases/world.ts";
import {
  addCertificateOptions,
  adoptedKey,
  certificateFlags,
  certificateTakes,
  withKeyOf,
} from "./certificate-options.ts";
import { chosenCertificate } from "./chosen-certificates.ts";
import { locked } from "./locked.ts";

export const command: CommandModule = {
  completion: { takes: certificateTakes },
  declare: (command) =>
    void addCertificateOptions(command.argument("[name]", "certificate in the configuration, or a host name"))
      .option("--out <DIR>", "only write PEM files there and keep no record")
      .option("--replace", "with --out: also over a key that is there already")
      .addHelpText(
        "after",
        `
Examples:
  mailcert issue mail.example.org
  mailcert issue mail.example.org --issuer self-signed --out /tmp/tls
${exitStatusHelp([0, 1, 64, 65, 69, 73, 75, 77, 78])}`,
      ),
  run: async (context) => {
    const { args, options, globals, output, host } = context;
    const out = options["out"] as string | undefined;
    const several = await everything(context);
    if (several) {
      const all = await preflightAll(await context.world(), several);
      output.result(issueAllText(all, host.now()), issueAllDocument(all), false);
      return all.some(({ preflight: findings }) => hasFaults(findings)) ? exitStatus.findings : exitStatus.done;
    }
    const result = await locked(context, async (world) => {
      const adopted = await adoptedKey(context, world);
      if (adopted && out !== undefined)
        throw new Failure("usage", "--adopt-key and --out do not go together", {
          hints: ["--out makes a key of its own beside the certificate"],
        });
      const certificate = await wanted(world, context, args[0], adopted);
      if (adopted) refuseStrayKey(certificate, adopted);
      await refuseBadNames(world, certificate);
      const configured =
        (await world.config.read())?.certificates.some(({ name }) => name === certificate.name) ?? false;
      // What is staged is served by the next run.
      if (out === undefined)
        refuseSelfSignedOverCa(
          world,
          certificate,
          `mailcert setup ${shellWord(certificate.names[0] ?? certificate.name)} --issuer self-signed --replace`,
        );
      if (globals.dryRun) return { certificate, configured, preflight: await preflight(world, certificate) };
      if (out !== undefined) {
        const replace = options["replace"] === true;
        return {
          certificate,
          configured,
          files: await issueFiles(world, certificate, ownPath(host, out), replace),
        };
      }
      return {
        certificate,
        configured,
        issued: await issue(world, certificate, {
          newKey: options["newKey"] === true,
          ...(adopted ? { adopted } : {}),
        }),
      };
    });
    if (result.files) output.result(issuedFilesText(result.files), issuedFilesDocument(result.files), false);
    else output.result(issueText(result, host.now()), issueDocument(result), false);
    return result.preflight && hasFaults(result.preflight) ? exitStatus.findings : exitStatus.done;
  },
};

/** All of several, where a dry run names none and asks for nothing else. */
const everything = async (context: Context): Promise<readonly CertificateConfig[] | undefined> => {
  const { args, options, globals, world } = context;
  if (!globals.dryRun || args.length > 0 || options["out"] !== undefined || options["adoptKey"] !== undefined)
    return undefined;
  if (Object.values(certificateFlags(context)).some((flag) => flag !== undefined)) return undefined;
  const certificates = (await (await world()).config.read())?.certificates ?? [];
  return certificates.length > 1 ? certificates : undefined;
};

/** The configured certificate with the flags over it, or one made of flags alone. */
const wanted = async (
  world: World,
  context: Context,
  first: string | undefined,
  adopted: AdoptedKey | undefined,
): Promise<CertificateConfig> => {
  const config = await world.config.read();
  const known =
    first === undefined && config
      ? await chosenCertificate(world, undefined)
      : config?.certificates.find(({ name }) => name === first);
  const flags = withKeyOf(adopted, certificateFlags(context), known);
  if (known) return certificateFromFlags(undefined, withFurtherNames(known, flags, context), known);
  if (first === undefined)
    throw new Failure("usage", "say which host name the certificate is for", {
      hints: [
        "for example: mailcert issue mail.example.org",
        ...(context.globals.dryRun
          ? [
              "before the first setup: mailcert setup mail.example.org ... --dry-run, with the options that setup would get",
            ]
          : []),
      ],
    });
  const [some] = config?.certificates ?? [];
  // A name that was mistyped would get a private CA that is limited to the wrong domain.
  if (some && !["issuer", "acme", "ca", "caDomains"].some((option) => context.options[option] !== undefined))
    throw new Failure(
      "usage",
      `no certificate of the configuration is named ${clean(first, 100)}, and nothing says who is to sign`,
      {
        hints: [
          didYouMean(first, config?.certificates.map(({ name }) => name) ?? []),
          "for another certificate, say who signs it: --issuer private-ca, self-signed, letsencrypt, ...",
        ],
      },
    );
  return certificateFromFlags(nameFromFlag(first), flags, undefined);
};

/** The entry's names and those of --names. A generation with more than the entry lists would be undone by the next renewal. @throws Failure `usage`. */
const withFurtherNames = (
  { name, names }: CertificateConfig,
  flags: CertificateFlags,
  { options }: Context,
): CertificateFlags => {
  const further = (flags.names ?? []).map(nameFromFlag).filter((one) => !names.includes(one));
  const { names: _given, ...others } = flags;
  if (further.length === 0) return others;
  const all = [...names, ...new Set(further)];
  if (options["out"] !== undefined) return { ...others, names: all };
  throw new Failure("usage", `${further.join(", ")}: not among the names of ${name} in the configuration`, {
    hints: [
      `to add: mailcert setup ${shellWord(names[0] ?? name)} --names ${shellWord(all.slice(1).join(","))}`,
      "(renew would go back to the configured names; --out writes a certificate for all of them into a folder of its own)",
    ],
  });
};
