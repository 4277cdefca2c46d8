// A private CA that is gone while certificates that it signed are served: it is never made anew unasked, for nobody would trust what the new one signs.
import { Failure } from "./failure.ts";
import { caWord } from "./private-ca.ts";
import { shellWord } from "./shell-word.ts";

export interface GoneCa {
  readonly ca: string;
  readonly folder: string;
  /** Nothing is left of it. */
  readonly isEmpty: boolean;
  /** Names of the certificates that it signed; one or more. */
  readonly relying: readonly string[];
}

export const goneCa = ({ ca, folder, isEmpty, relying }: GoneCa): Failure => {
  const [more, one] = [relying.length > 5, relying.length === 1];
  const who = `${relying.slice(0, 5).join(", ")}${more ? `, ... (${relying.length} certificates)` : ""}`;
  const aside = isEmpty ? "" : `move ${shellWord(folder)} away and `;
  return new Failure(
    "data",
    `the private CA "${ca}" is gone: there is no root in ${folder}, and ${who} ${one ? "was" : "were"} signed by it; another is not made in its place unasked`,
    {
      hints: [
        `put it back from a backup: mailcert ca restore FILE${isEmpty ? "" : " --replace"}`,
        `where there is none, ${aside}make another, whose root everybody has to import: mailcert ca init${caWord(ca)}; then mailcert renew --force ${relying.map(shellWord).join(" ")}`,
      ],
    },
  );
};
