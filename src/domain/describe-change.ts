// A change to a server's configuration in one sentence, for plans, results and the log. Never shows a file's whole content.
import type { Change } from "../servers/server.ts";
import { clean } from "./text.ts";

export const describeChange = (change: Change): string => {
  switch (change.kind) {
    case "file":
      if (change.content === undefined) return `remove ${change.path}`;
      return `${change.before === undefined ? "write" : "replace"} ${change.path}`;
    case "line":
      return change.before === undefined
        ? `add to ${change.path}: ${clean(change.after, 120)}`
        : `${change.path} line ${change.line}: ${clean(change.before, 120)} -> ${clean(change.after, 120)}`;
    case "parameter":
      return change.after === undefined
        ? `main.cf: remove ${change.parameter} (was: ${clean(change.before ?? "", 120)})`
        : `main.cf: ${change.parameter} = ${clean(change.after, 160)}`;
    case "service-parameter":
      return change.after === undefined
        ? `master.cf ${change.service}: remove -o ${change.parameter} (was: ${clean(change.before ?? "", 120)})`
        : `master.cf ${change.service}: -o ${change.parameter}=${clean(change.after, 160)}`;
  }
};
