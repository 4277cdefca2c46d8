// Whether Exim, as its own user, can read the files of ours that its configuration names.
import type { RunProgram } from "../../system/run.ts";
import { isOurs, refuseUnreadable } from "../readable.ts";
import { type Configuration, type Options, effective, identity } from "./configuration.ts";
import { listItems } from "./list.ts";
import { tlsOptions } from "./plan.ts";

const ourFiles = (options: Options): readonly string[] =>
  ["tls_certificate", "tls_privatekey"].flatMap((name) => listItems(options.get(name) ?? "")).filter(isOurs);

/** @throws Failure `config` naming the file, and what to look at. */
export const checkReadable = async (run: RunProgram, configuration: Configuration): Promise<void> => {
  const files = ourFiles(await effective(run, configuration, tlsOptions));
  if (files.length === 0) return;
  const { user, group } = await identity(run, configuration.program);
  if (user === undefined || group === undefined) return;
  await refuseUnreadable(run, { name: "Exim", user, group }, files);
};
