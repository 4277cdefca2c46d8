// Whether Exim, as its own user, can read the files of ours that its configuration names.
import { Failure } from "../../domain/failure.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { RunProgram } from "../../system/run.ts";
import { isOurs, refuseUnreadable } from "../readable.ts";
import { type Configuration, type Options, effective, identity } from "./configuration.ts";
import { macroFile } from "./macros.ts";
import { mapFile } from "./names.ts";
import { tlsOptions } from "./plan.ts";

/** Those that the options name, also inside a look-up, and those of our map where they look into it. */
const ourFiles = async (options: Options, configuration: Configuration): Promise<readonly string[]> => {
  const values = ["tls_certificate", "tls_privatekey"].map((name) => options.get(name) ?? "");
  const map = mapFile(configuration.configDir);
  const named = values.some((value) => value.includes(`{${map}}`));
  const text = named ? await readTextIfPresent(map) : undefined;
  if (named && text === undefined) {
    const ours = configuration.scheme === "own" ? "" : `, as ${macroFile(configuration)} may say`;
    throw new Failure("config", `Exim looks names up in ${map}${ours}, and there is no such file: nobody gets TLS`, {
      hints: [
        `take that look-up out of its configuration, or, for everybody to get the first certificate: touch ${map}`,
      ],
    });
  }
  const texts = [...values, text ?? ""];
  return [...new Set(texts.flatMap((text) => text.split(/[\s:{}]+/)).filter(isOurs))];
};

/** @throws Failure `config` naming the file, and what to look at. */
export const checkReadable = async (run: RunProgram, configuration: Configuration): Promise<void> => {
  const files = await ourFiles(await effective(run, configuration, tlsOptions), configuration);
  if (files.length === 0) return;
  const { user, group } = await identity(run, configuration.program);
  if (user === undefined || group === undefined) return;
  await refuseUnreadable(run, { name: "Exim", user, group }, files);
};
