// What to do about something of ours that could not be taken back.
import type { Failure } from "../domain/failure.ts";

/** `command`: of this certificate alone, in full; without a name it would be about all. The sandbox of the hourly run lets it write where the present configuration says: what an earlier one named is another run's to take back. */
export const stillThereHint = ({ hints, facts = {} }: Failure, command: string): string =>
  facts["code"] === "EROFS"
    ? `by hand, outside of the sandbox of the hourly run: ${command} (or remount the file system read-write)`
    : `${hints[0] ?? "mend it"}; then run: ${command}`;
