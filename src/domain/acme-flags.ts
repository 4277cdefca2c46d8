// Values of the flags that say how an ACME CA is asked: each validated, or Failure `usage`.
import { Failure } from "./failure.ts";
import { parseListenAddress } from "./listen-address.ts";
import { clean } from "./text.ts";

/** `ADDRESS:PORT` as given; undefined: not given. @throws Failure `usage`. */
export const listenAddressFromFlag = (option: string, text: string | undefined): string | undefined => {
  if (text === undefined) return undefined;
  const parsed = parseListenAddress(text);
  if ("problem" in parsed)
    throw new Failure("usage", `${option} "${clean(text, 80)}" is not an address`, { hints: [parsed.problem] });
  return text;
};

/** A text of the shape `pattern`. @throws Failure `usage`. */
export const flagText = (option: string, text: string | undefined, pattern: RegExp): string | undefined => {
  if (text === undefined || pattern.test(text)) return text;
  throw new Failure("usage", `${option}: "${clean(text, 80)}" is not such a name`, {
    hints: ["it takes lower-case letters, digits, dots and hyphens"],
  });
};

/** Both or none. @throws Failure `usage`. */
export const eabFromFlags = ({
  eabKid,
  eabHmacFile,
}: {
  readonly eabKid?: string | undefined;
  readonly eabHmacFile?: string | undefined;
}): { readonly kid: string; readonly hmacFile: string } | undefined => {
  if (eabKid === undefined && eabHmacFile === undefined) return undefined;
  if (eabKid === undefined || eabHmacFile === undefined)
    throw new Failure("usage", "--eab-kid and --eab-hmac-file go together", {
      hints: ["the CA gives you both; keep the HMAC key in a file that only root can read"],
    });
  return { kid: eabKid, hmacFile: eabHmacFile };
};
