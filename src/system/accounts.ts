// Users and groups of this host by name or number, also those that only a directory service knows (NSS).
import { Failure } from "../domain/failure.ts";
import { clean } from "../domain/text.ts";
import type { RunProgram } from "./run.ts";

/** The number of a user or group. @throws Failure `config` where there is none; `use` says what it is for. */
export const accountId = async (
  run: RunProgram,
  kind: "user" | "group",
  name: string,
  use: { readonly what: string; readonly hint: string },
): Promise<number> => {
  const { status, stdout } = await run("getent", [kind === "user" ? "passwd" : "group", name]);
  const id = status === 0 ? /^[^:]*:[^:]*:(\d+):/.exec(stdout)?.[1] : undefined;
  if (id !== undefined) return Number(id);
  throw new Failure("config", `there is no ${kind} ${clean(name, 60)} on this host, ${use.what}`, {
    hints: [use.hint],
  });
};
