// A client certificate that was made, for people and as JSON. A password is in the text alone, and only where it was made for a terminal.
import { caWord } from "../domain/private-ca.ts";
import type { ShownCa, ShownClient } from "../issuers/private-cas.ts";
import type { ClientResult } from "../usecases/ca/client.ts";
import { day } from "./dates.ts";
import { findingLines } from "./findings-text.ts";
import { textWidth, wrap } from "../domain/wrap.ts";

const until = ({ notAfter }: ShownClient): string => day(new Date(notAfter));

const passwordText = ({ password, outcome }: ClientResult): readonly string[] => {
  if (password.kind === "given") return ["  password as it was given"];
  if (password.kind === "file") return [`  password ${outcome === "made" ? "in" : "would be in"} ${password.file}`];
  return outcome === "made" ? [`  password ${password.text}   (shown this once, and written down nowhere)`] : [];
};

const notes = ({ file, form, name, earlier }: ClientResult): readonly string[] => [
  ...earlier.map(
    (one) =>
      `an earlier one for the same address is valid until ${until(one)}, and goes on to log in; to end that: mailcert ca revoke ${one.serial}`,
  ),
  `hand file and password to the person by different ways, then delete what lies here: shred -u ${file}`,
  ...(form === "modern"
    ? ["some macOS, Android before 16 and Windows before 2019 do not read this form: the usual one is for them"]
    : []),
  `servers take it where the configuration says client_certificates (docs/client-certificates.md); what was made: mailcert ca show${caWord(name)}`,
];

export const clientText = (result: ClientResult): string => {
  const { name, outcome, address, login, certificate, file, earlier } = result;
  const made = outcome === "made";
  return [
    `${made ? "made" : "would make"} a client certificate for ${address} by the private CA "${name}"`,
    `  file ${file}`,
    ...passwordText(result),
    `  user name ${login}`,
    ...(certificate ? [`  serial ${certificate.serial}, valid until ${until(certificate)}`] : []),
    ...(made
      ? notes(result).map((note) => wrap(note, textWidth, "  - ", "    "))
      : earlier.map((one) => `  - there is one until ${until(one)} already: ${one.serial}`)),
    ...result.findings.flatMap((finding) => ["", ...findingLines(finding)]),
  ].join("\n");
};

/** No password: a document is kept, sent and logged. */
export const clientDocument = ({ password, ...result }: ClientResult): object => ({
  schema: "mailcert.ca/1",
  action: "client",
  ok: result.findings.length === 0,
  ...result,
  password: password.kind === "file" ? { kind: password.kind, file: password.file } : { kind: password.kind },
});

const most = 50;

/** Of a CA, for `ca show`. */
export const clientLines = ({ clients = [] }: ShownCa): readonly string[] =>
  clients.length === 0
    ? []
    : [
        `  client certificates: ${clients.length} valid`,
        ...clients
          .slice(0, most)
          .map(
            (one) =>
              `    ${one.address}${one.login === one.address ? "" : ` (user name ${one.login})`} until ${until(one)}, serial ${one.serial}`,
          ),
        ...(clients.length > most ? [`    (${clients.length - most} more: --json)`] : []),
      ];
