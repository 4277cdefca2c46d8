// What is said of a setting that keeps ours from being served: by deploy, which asks about it, and by doctor.
import type { Override } from "../servers/server.ts";
import type { Deployable } from "./entries.ts";

/** Where all settings stand in people's own files, nothing of ours wins or loses: what is theirs serves, or what is needed is not there. */
const whyNot = (
  { server }: Pick<Deployable, "server">,
  { scope, setting, missing, why, path, line }: Override,
): string => {
  const where = line === undefined ? path : `${path} line ${line}`;
  if (why !== undefined) return why;
  if (missing) return `${scope} do not get it: ${where} has no line "${setting}", which mailcert adds after a yes`;
  return server.asksFirst
    ? `${scope} has another certificate, that of ${where}: "${setting}"; mailcert changes such a line only after a yes`
    : `for ${scope}, ${where} sets "${setting}" and wins over mailcert's setting`;
};

export const overrideWords = (deployable: Pick<Deployable, "server" | "installation">, override: Override): string => {
  const cost = override.loses === undefined ? "" : `; without that line ${override.loses}`;
  return `${deployable.installation.id}: ${whyNot(deployable, override)}${cost}`;
};

export const questionOf = ({ missing }: Override, words: string): string =>
  `${words}. ${missing ? "Add it?" : "Change that line?"}`;
