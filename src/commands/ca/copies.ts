// ca backup and ca restore.
import type { Context } from "../../cli/command.ts";
import { exitStatus } from "../../cli/exit-status.ts";
import { Failure } from "../../domain/failure.ts";
import { ownPath } from "../../domain/own-path.ts";
import { backupDocument, backupText, hasFault, restoreDocument, restoreText } from "../../reports/ca.ts";
import { backUpCa, restoreCa } from "../../usecases/ca/backup.ts";
import { theCa } from "../../usecases/ca/show.ts";
import { locked } from "../locked.ts";
import { passphraseFor } from "./passphrase.ts";

export const backup = async (context: Context): Promise<number> => {
  const { args, options, globals, output, host } = context;
  const out = options["out"] as string | undefined;
  if (out === undefined) throw new Failure("usage", "say where to write the backup: --out FILE");
  if (globals.dryRun)
    throw new Failure(
      "usage",
      "--dry-run means nothing with ca backup: it changes nothing but the file that it writes",
      {
        hints: ["leave it out"],
      },
    );
  const name = args[1] ?? "default";
  await theCa(await context.world(), name);
  const passphrase = await passphraseFor(context, "the backup", "new");
  const result = await locked(context, (world) => backUpCa(world, name, ownPath(host, out), passphrase));
  output.result(backupText(result), backupDocument(result), false);
  return exitStatus.done;
};

export const restore = async (context: Context): Promise<number> => {
  const { args, options, globals, output, host } = context;
  const [, file] = args;
  if (file === undefined) throw new Failure("usage", "say which backup: mailcert ca restore FILE");
  const passphrase = await passphraseFor(context, "the backup", "present");
  const wish = { file: ownPath(host, file), passphrase, replace: options["replace"] === true, dryRun: globals.dryRun };
  const result = await locked(context, (world) => restoreCa(world, wish));
  const fault = hasFault(result.findings);
  output.result(restoreText(result, globals.dryRun), restoreDocument(result, globals.dryRun), fault);
  return fault ? exitStatus.findings : exitStatus.done;
};
