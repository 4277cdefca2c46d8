// A failure as words on stderr (or a JSON document) and an exit status; anything unexpected shows its stack and asks for a report.
import { Failure } from "../domain/failure.ts";
import { clean, printable, withoutKeys } from "../domain/text.ts";
import { exitStatus, failureStatus, monitorLine } from "./exit-status.ts";
import type { Host } from "./host.ts";
import { failureDocument, failureText, internalDocument } from "./output.ts";

export const reportError = (host: Host, error: unknown): number => {
  const json = host.argv.includes("--json");
  if (error instanceof Failure) {
    if (json) host.stdout.write(`${JSON.stringify(failureDocument(error), undefined, 2)}\n`);
    const line = monitorLine(host.argv, error.message);
    if (line !== "") host.stdout.write(withoutKeys(line));
    host.stderr.write(withoutKeys(failureText(error, host.stderr)));
    return failureStatus(host.argv, exitStatus[error.kind]);
  }
  if (host.signal.aborted) {
    return reportError(
      host,
      new Failure("try-later", "stopped; what was done is kept, and the same command goes on from there"),
    );
  }
  const hint = "please report it with the lines above";
  if (json) {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const message = withoutKeys(clean(`this is a bug in mailcert ${host.version} (${what})`, 1000));
    const document = internalDocument(message, "please report it with what stands on standard error");
    host.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const line = monitorLine(host.argv, "this is a bug in mailcert: run the command by hand to see it");
  if (line !== "") host.stdout.write(line);
  host.stderr.write(
    `mailcert: error: this is a bug in mailcert ${host.version} (${withoutKeys(printable(stack))})\nmailcert: hint: ${hint}\n`,
  );
  return failureStatus(host.argv, exitStatus.internal);
};
