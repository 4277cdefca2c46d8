// `account_domain` and `account_login` of an entry: whose addresses the account files are for, and which user name programs send.
import { type AccountWish, logins } from "../domain/mail-account.ts";
import { hostNameIn } from "../domain/host-name.ts";
import { didYouMean } from "../domain/nearest.ts";
import { quoted } from "./problem.ts";
import { type Field, type Source, readText } from "./source.ts";

/** undefined: neither is set. */
export const readAccount = (source: Source, fields: ReadonlyMap<string, Field>): AccountWish | undefined => {
  const domainText = readText(source, fields.get("account_domain"), "account_domain");
  const domain = domainText === undefined ? undefined : hostNameIn(domainText.text);
  if (domainText !== undefined && domain === undefined)
    source.report(
      domainText.node,
      `account_domain: ${quoted(domainText.text)} is no mail domain`,
      "write what stands behind the @ of the addresses: account_domain: example.org",
    );
  const loginText = readText(source, fields.get("account_login"), "account_login");
  const login = logins.find((known) => known === loginText?.text);
  if (loginText !== undefined && login === undefined)
    source.report(
      loginText.node,
      `account_login: ${quoted(loginText.text)} is neither address nor local-part`,
      didYouMean(loginText.text, logins),
    );
  if (domain === undefined && login === undefined) return undefined;
  return { ...(domain === undefined ? {} : { domain }), ...(login === undefined ? {} : { login }) };
};
