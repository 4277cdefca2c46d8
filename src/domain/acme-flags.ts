// Values of the flags that say how an ACME CA is asked: each validated, or Failure `usage`.
import { preferredChainProblem } from "./acme-words.ts";
import type { AcmeSettings } from "./certificate-config.ts";
import { emailAddress } from "./email.ts";
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

/** @throws Failure `usage`. */
export const emailFromFlag = (text: string): string => {
  const read = emailAddress(text);
  if ("problem" in read) throw new Failure("usage", `--email: "${clean(text, 80)}" ${read.problem}`);
  return read.email;
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

/** As the configuration has it: from the root, so that a timer's run finds it too. @throws Failure `usage`. */
export const absoluteFromFlag = (option: string, text: string | undefined): string | undefined => {
  if (text === undefined || text.startsWith("/")) return text;
  throw new Failure("usage", `${option}: "${clean(text, 80)}" is not an absolute path`, {
    hints: ["write it from the root: /..."],
  });
};

/** @throws Failure `usage`. */
export const preferredChainFromFlag = (text: string | undefined): string | undefined => {
  const problem = text === undefined ? undefined : preferredChainProblem(text);
  if (text === undefined || problem === undefined) return text;
  throw new Failure("usage", `--preferred-chain: "${clean(text, 80)}" ${problem}`, {
    hints: ["it takes the common name at the chain's top, or sha256:HEX"],
  });
};

/** What was typed, where it could mean nothing with the others. */
interface TypedProof {
  readonly httpAddress?: string | undefined;
  readonly webroot?: string | undefined;
  readonly tlsAlpnAddress?: string | undefined;
  readonly dns?: string | undefined;
}

/** @throws Failure `usage` for an option of a challenge that is not the one in force, and for a challenge that lacks what it needs. */
export const refuseIdleProof = (typed: TypedProof, { challenges, webroot, dns }: AcmeSettings): void => {
  const usage = (message: string, hint: string): Failure => new Failure("usage", message, { hints: [hint] });
  if (challenges.includes("dns-01") && dns === undefined)
    throw usage(
      "dns-01 needs --dns NAME: the updater that changes DNS",
      "its settings stand in secrets/NAME.yaml beside the configuration (docs/dns.md)",
    );
  const owners = [
    ["--http-address", typed.httpAddress, ["http-01"]],
    ["--webroot", typed.webroot, ["http-01"]],
    ["--tls-alpn-address", typed.tlsAlpnAddress, ["tls-alpn-01"]],
    ["--dns", typed.dns, ["dns-01", "dns-persist-01"]],
  ] as const;
  for (const [option, value, types] of owners) {
    if (value === undefined || types.some((type) => challenges.includes(type))) continue;
    throw usage(
      `${option} means nothing with the challenge ${challenges.join(", ")}`,
      `leave it out, or choose the challenge that it is for: --challenge ${types[0]}`,
    );
  }
  if (typed.httpAddress !== undefined && webroot !== undefined)
    throw usage(
      `--http-address means nothing while a web server shows the tokens (webroot ${clean(webroot, 200)})`,
      typed.webroot === undefined
        ? "leave it out, or take webroot out of the configuration to have a listener again"
        : "leave one of the two out",
    );
};
