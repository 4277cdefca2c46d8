// Login by client certificate in Dovecot: the part of the include file that asks for them, checks them and takes the user name from them.
import type { Finding } from "../../domain/finding.ts";
import type { Block } from "./doveconf.ts";
import type { Generation } from "./generation.ts";

export interface ClientLogin {
  /** Absolute: the CA and its lists of revoked certificates. */
  readonly file: string;
  readonly require: boolean;
}

const first = "# Client certificates, as client_certificates of mailcert's configuration wants it.";
const last = "# (client certificates end here)";

/** 2.3 and 2.4 in this order: the file's setting, who is asked, how a boolean list grows, what accepts whom the certificate names. */
const words = {
  "2.3": (file: string) => [
    `ssl_ca = <${file}`,
    "ssl_verify_client_cert = yes",
    "ssl_require_crl = yes",
    "ssl_cert_username_field = commonName",
    "auth_ssl_username_from_cert = yes",
    "auth_mechanisms = $auth_mechanisms external",
    "passdb {",
    "  driver = static",
    "  args = nopassword=y",
    "  mechanisms = external",
    "}",
  ],
  "2.4": (file: string) => [
    `ssl_server_ca_file = ${file}`,
    "ssl_server_request_client_cert = yes",
    "ssl_server_require_crl = yes",
    "ssl_server_cert_username_field = commonName",
    "auth_ssl_username_from_cert = yes",
    "auth_mechanisms {",
    "  external = yes",
    "}",
    "passdb mailcert-client-certificates {",
    "  driver = static",
    "  mechanisms_filter = external",
    "  fields {",
    "    nopassword = yes",
    "  }",
    "}",
  ],
} as const;

/** Postfix's own logins never bring a certificate to Dovecot. A `protocol !smtp` beside Debian's `!indexer-worker` keeps 2.4's auth from starting. */
const required = ["auth_ssl_require_client_cert = yes", "protocol smtp {", "  auth_ssl_require_client_cert = no", "}"];

/** Ends with a line break; empty: nobody asked for it. */
export const clientPart = (login: ClientLogin | undefined, { version }: Pick<Generation, "version">): string =>
  login === undefined
    ? ""
    : [first, ...words[version](login.file), ...(login.require ? required : []), last, ""].join("\n");

const part = (text: string): string | undefined => {
  const start = text.indexOf(`${first}\n`);
  const end = text.indexOf(`${last}\n`, start);
  return start < 0 || end < 0 ? undefined : text.slice(start, end + last.length + 1);
};

/** What an include file of ours says, in whichever generation's words. */
export const clientLoginIn = (text: string): ClientLogin | undefined => {
  const own = part(text);
  const file = /^ssl_(?:ca = <|server_ca_file = )(\/.*)$/m.exec(own ?? "")?.[1];
  return own === undefined || file === undefined ? undefined : { file, require: own.includes(required[0] ?? "") };
};

/** The rest of the text translated, and this part in the words of that generation. */
export const withClientPart = (
  text: string,
  version: Generation["version"],
  translate: (text: string) => string,
): string => {
  const own = part(text);
  const login = clientLoginIn(text);
  if (own === undefined || login === undefined) return translate(text);
  const at = text.indexOf(own);
  return `${translate(text.slice(0, at))}${clientPart(login, { version })}${translate(text.slice(at + own.length))}`;
};

/** Without it: a server with less is better than none, as long as `requirementIn` stays. */
export const withoutClientPart = (text: string): string => text.replace(part(text) ?? "", "");

/** Lines of a text of ours by which nobody logs in without a certificate, or none. Any Dovecot takes them, and they name no file. */
export const requirementIn = (text: string): readonly string[] =>
  text.includes(`${required.join("\n")}\n`) ? required : [];

/** What a person should see before it is so, and where it is done: who logs in, and how, is no matter of certificate settings. */
export const clientNotes = (
  before: ClientLogin | undefined,
  after: ClientLogin | undefined,
  { version }: Pick<Generation, "version">,
): readonly Finding[] => {
  if (before?.file === after?.file && before?.require === after?.require) return [];
  const settings = (login: ClientLogin): string =>
    clientPart(login, { version })
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.trim())
      .join("; ");
  const message =
    after === undefined
      ? "Dovecot: client_certificates is not in the configuration any more: clients are not asked for certificates, and log in with passwords alone"
      : `Dovecot: people log in with client certificates (client_certificates), ${after.require ? "and nobody without one" : "and with passwords as before"}: ${settings(after)}`;
  return [
    {
      check: "clients-login",
      severity: "info",
      message,
      hint: "docs/client-certificates.md says what that does, and what it leaves alone",
    },
  ];
};

/** One that says yes to every name, and that is asked: each before it passes on whom it does not know (`result_failure`). In 2.4 a block without a driver has its label's. */
const takesEveryName = ({ blocks }: Block): boolean => {
  for (const { name, label, settings } of blocks) {
    if (name !== "userdb") continue;
    if ((settings.get("driver") ?? label) === "static") return true;
    if (settings.get("result_failure")?.startsWith("return") === true) return false;
  }
  return false;
};

/** What holds as long as both do. @param shown what `doveconf -n` shows */
export const userdbNotes = (login: ClientLogin | undefined, shown: Block): readonly Finding[] =>
  login !== undefined && takesEveryName(shown)
    ? [
        {
          check: "clients-userdb",
          severity: "warning",
          message:
            "Dovecot: userdb static knows every name, and people log in with client certificates: whoever was deleted goes on to log in with a certificate that is good, until that is revoked or ends",
          hint: "whoever leaves: mailcert ca revoke ADDRESS; or take a userdb that is a list of people (passwd-file, SQL, LDAP), see docs/client-certificates.md",
        },
      ]
    : [];
