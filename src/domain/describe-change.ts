// A change to a server's configuration in one sentence, for plans, results and the log. Never shows a file's whole content.
import type { Change } from "../servers/server.ts";
import { clean } from "./text.ts";

const pathsOf = ({ files }: Extract<Change, { kind: "copies" }>): string => files.map(({ path }) => path).join(", ");

/** What takes the place of a line may be several. */
const ours = (after: string): string => clean(after.replaceAll(/\n\s*/g, " / "), 120);

/** What a value takes the place of, for the log: whoever wrote it looks for it there. A list that others write into, too, keeps theirs. */
export const describeMade = (change: Change): string => {
  const replaced =
    (change.kind === "parameter" && change.shared !== true) ||
    (change.kind === "service-parameter" && change.beforeIsOurs !== true)
      ? change.before
      : undefined;
  const what = describeChange(change);
  const stands = replaced === undefined || replaced === "" || !("after" in change) || change.after === undefined;
  return stands ? what : `${what} (was: ${clean(replaced, 120)})`;
};

export const describeChange = (change: Change): string => {
  switch (change.kind) {
    case "file":
      if (change.content === undefined) return `remove ${change.path}`;
      return `${change.before === undefined ? "write" : "replace"} ${change.path}`;
    case "line":
      return change.before === undefined
        ? `add to ${change.path}: ${clean(change.after, 120)}`
        : [
            `${change.path} line ${change.line}: ${clean(change.before, 120)} -> ${ours(change.after)}`,
            ...(change.also ?? []).map((one) => `line ${one.line}: ${clean(one.before, 120)} -> ${ours(one.after)}`),
          ].join(", ");
    case "parameter":
      return change.after === undefined
        ? `main.cf: remove ${change.parameter} (was: ${clean(change.before ?? "", 120)})`
        : `main.cf: ${change.parameter} = ${clean(change.after, 160)}`;
    case "service-parameter":
      return change.after === undefined
        ? `master.cf ${change.service}: remove -o ${change.parameter} (was: ${clean(change.before ?? "", 120)})`
        : `master.cf ${change.service}: -o ${change.parameter}=${clean(change.after, 160)}`;
    case "copies": {
      const kept = change.files.flatMap((file) => (file.kept === undefined ? [] : [file.kept]));
      return `copy to ${pathsOf(change)}${kept.length === 0 ? "" : ` (what stood there is kept: ${kept.join(", ")})`}`;
    }
  }
};

/** Where a change was made: the file, line or setting. */
const placeOf = (change: Change): string => {
  switch (change.kind) {
    case "file":
      return change.path;
    case "line":
      return change.before === undefined ? change.path : `${change.path} line ${change.line}`;
    case "parameter":
      return `main.cf: ${change.parameter}`;
    case "service-parameter":
      return `master.cf ${change.service}: -o ${change.parameter}`;
    case "copies":
      return pathsOf(change);
  }
};

/** The words of a list that the change put there. */
const added = ({ before = "", after = "" }: Extract<Change, { kind: "parameter" }>): string => {
  const former = before.split(/[\s,]+/);
  const words = after.split(/[\s,]+/).filter((word) => !former.includes(word));
  return clean(words.join(", "), 160);
};

/** What undoing it does, as that which happens to the host: `removed /etc/dovecot/conf.d/99-mailcert.conf`. */
export const describeRevert = (change: Change, done: boolean): string => {
  const [removed, putBack] = done ? ["removed", "put back"] : ["would remove", "would put back"];
  if (change.kind === "copies") {
    const paths = (kept: boolean): string =>
      change.files.flatMap((file) => ((file.kept !== undefined) === kept ? [file.path] : [])).join(", ");
    const parts = [paths(false) && `${removed} ${paths(false)}`, paths(true) && `${putBack} the former ${paths(true)}`];
    return parts.filter((part) => part !== "").join(", ");
  }
  const before = change.kind === "service-parameter" && change.beforeIsOurs ? undefined : change.before;
  switch (change.kind) {
    case "file":
      return before === undefined ? `${removed} ${change.path}` : `${putBack} the former ${change.path}`;
    case "line":
      return before === undefined
        ? `${removed} from ${change.path}: ${clean(change.after, 120)}`
        : [
            `${putBack} ${placeOf(change)}: ${clean(before, 120)}`,
            ...(change.also ?? []).map((one) => clean(one.before, 120)),
          ].join(", ");
    case "parameter":
      // A list that others write into, too: what is ours of it goes.
      if (change.shared && added(change) !== "")
        return `main.cf: ${done ? "took" : "would take"} ${added(change)} out of ${change.parameter}`;
      return before === undefined
        ? `main.cf: ${removed} ${change.parameter}`
        : `main.cf: ${putBack} ${change.parameter} = ${clean(before, 160)}`;
    case "service-parameter":
      return before === undefined
        ? `master.cf ${change.service}: ${removed} -o ${change.parameter}`
        : `master.cf ${change.service}: ${putBack} -o ${change.parameter}=${clean(before, 160)}`;
  }
};

/** Why there was nothing to undo: whoever took its place away took it along. */
export const describeGone = (change: Change): string => `${placeOf(change)}: there is no such service any more`;

/** Why it was not undone: what stands there now is somebody else's. */
export const describeKept = (change: Change): string => `${placeOf(change)}: somebody changed it since`;

/** Why it was not undone: what somebody set over it later was put back. */
export const describeCovered = (change: Change): string => `${placeOf(change)}: what somebody set later stays`;
