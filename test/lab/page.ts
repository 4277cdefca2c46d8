// A page of the manual, run on a host of the lab: each line of its blocks of shell, in its order, as somebody would who follows it.
import { expect } from "vitest";
import { stepsIn } from "../docs/commands.ts";
import { readMarkdown } from "../docs/markdown.ts";
import type { MailHost } from "./mail-host.ts";

/** What each line printed, by the line; each has to end with 0, a pipe with all its parts. @param file of docs/ @param where the folder that it is done in @param instead a line as this host needs it @param input what is answered */
export const runPage = async (
  host: MailHost,
  file: string,
  { where = "/root", instead = (line: string): string => line, input = "", user = "root" } = {},
): Promise<ReadonlyMap<string, string>> => {
  const printed = new Map<string, string>();
  for (const { line, text } of stepsIn(readMarkdown(`docs/${file}`)).run) {
    const script = `cd '${where}' && exec 2>&1 && set -o pipefail\n${instead(text)}`;
    const { status, stdout } = await host.exec(["bash", "-c", script], { timeoutMs: 60_000, input, user });
    expect(status, `docs/${file} line ${line}: ${text}\n${stdout}`).toBe(0);
    printed.set(text, stdout);
  }
  return printed;
};
