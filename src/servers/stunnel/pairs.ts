// A certificate in stunnel's words: `cert` and `key` take one pair, another kind of key goes by OpenSSL's own commands.
import { readTextIfPresent } from "../../system/files.ts";
import type { RenderTemplate } from "../../system/templates.ts";
import { modeOf } from "../edits.ts";
import { hostNames } from "../host-names.ts";
import type { Change, ServedCertificate } from "../server.ts";
import type { OptionLine } from "./parse.ts";

interface Pair {
  readonly certificate: string;
  readonly key: string;
}

const pairsOf = ({ slots }: ServedCertificate): readonly Pair[] =>
  [slots.ecdsa, slots.rsa].flatMap((slot) => (slot ? [{ certificate: slot.fullchain, key: slot.privkey }] : []));

/** No slots stand for the server's own certificate. */
export const isSet = ({ slots }: ServedCertificate): boolean => slots.ecdsa !== undefined || slots.rsa !== undefined;

/** `snippet`: with what a person has to know. `bare`: the lines alone. */
export const certificateText = (
  render: RenderTemplate,
  certificate: ServedCertificate,
  { snippet, bare = false }: { readonly snippet?: { readonly version: string }; readonly bare?: boolean } = {},
): string => {
  const [first, ...further] = pairsOf(certificate);
  return render(
    "stunnel.conf",
    {
      name: certificate.name,
      ...first,
      further: further.map((pair) => ({ chain: pair.certificate, privkey: pair.key })),
      snippet: snippet ? { version: snippet.version, hosts: hostNames(certificate) } : false,
      header: !bare && !snippet,
    },
    "stunnel",
  );
};

/** Whether a service's lines are those of a certificate. */
export const servesIt = (lines: readonly OptionLine[], certificate: ServedCertificate): boolean => {
  const [first, ...further] = pairsOf(certificate);
  const last = (name: string): string | undefined => lines.findLast((line) => line.name === name)?.value;
  const commands = further.flatMap((pair) => [`Certificate:${pair.certificate}`, `PrivateKey:${pair.key}`]);
  const given = lines.flatMap(({ name, value }) => (name === "config" ? [value.replace(/\s/g, "")] : []));
  return (
    last("cert") === first?.certificate &&
    (last("key") ?? last("cert")) === first?.key &&
    given.join("\n") === commands.join("\n")
  );
};

/** Nothing where the file stands there already. */
export const fileChange = async (
  path: string,
  content: string,
  mode: number,
  shared: boolean,
): Promise<readonly Change[]> => {
  const before = await readTextIfPresent(path);
  if (before === content && (await modeOf(path)) === mode) return [];
  return [{ kind: "file", path, content, mode, before, ...(shared ? { shared } : {}) }];
};
