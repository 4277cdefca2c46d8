// Private keys that lie open to everybody on this host: a warning of each deployment, of the daily proof, and of `status`.
import type { Finding } from "../domain/finding.ts";
import type { Slot } from "../domain/keys.ts";
import { shellWord } from "../domain/shell-word.ts";
import type { Exposed } from "../store/store.ts";
import type { World } from "./world.ts";

const octal = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, "0");
const places = (of: readonly Exposed[]): string =>
  of.map(({ path, mode }) => `${path} (mode ${octal(mode)})`).join(", ");
const words = (of: readonly Exposed[]): string => of.map(({ path }) => shellWord(path)).join(" ");

export const exposedFindings = async (
  world: World,
  name: string,
  slots: readonly Slot[],
): Promise<readonly Finding[]> => {
  const found = await world.store.exposed(name, slots);
  const keys = found.filter(({ kind }) => kind === "key");
  const folders = found.filter(({ kind }) => kind === "folder");
  return [
    ...(keys.length === 0
      ? []
      : [
          {
            check: "key-exposed",
            severity: "warning" as const,
            message: `everybody on this host can read the private key of ${name}: ${places(keys)}`,
            hint: `chmod o-rwx ${words(keys)}; where somebody else may have read it, make a new one: mailcert renew --force --new-key ${name}`,
          },
        ]),
    ...(folders.length === 0
      ? []
      : [
          {
            check: "key-exposed",
            severity: "warning" as const,
            message: `everybody on this host can put another key in the place of that of ${name}: ${places(folders)}`,
            hint: `chmod o-w ${words(folders)}; then look at what is there: mailcert doctor`,
          },
        ]),
  ];
};
