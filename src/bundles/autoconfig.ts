// config-v1.1.xml: the account for Thunderbird, K-9, Evolution, KMail and others, which fetch it by the address's domain (servers-and-clients B6).
import type { AccountEntry, Login } from "../domain/mail-account.ts";
import { incomingOf, outgoingOf } from "../domain/mail-account.ts";
import { displayName } from "../domain/names.ts";
import type { Bundle } from "./bundle.ts";

/** Programs put the address that was typed in their place. */
const placeholders: Readonly<Record<Login, string>> = { address: "%EMAILADDRESS%", "local-part": "%EMAILLOCALPART%" };

/** In the order in which programs shall try them. None where there is nothing to receive from, or nothing to send through: they would refuse it. */
export const autoconfig: Bundle = ({ account }, render) => {
  if (account === undefined) return [];
  const server = ({ protocol, mode, host, port }: AccountEntry) => ({
    type: protocol === "submission" ? "smtp" : protocol,
    host,
    port,
    socket: mode === "implicit" ? "SSL" : "STARTTLS",
    user: placeholders[account.login],
  });
  const incoming = incomingOf(account).map(server);
  const outgoing = outgoingOf(account).map(server);
  if (incoming.length === 0 || outgoing.length === 0) return [];
  const { domain } = account;
  const content = render("config-v1.1.xml", { domain, title: displayName(domain), incoming, outgoing });
  return [
    { path: "config-v1.1.xml", content, summary: "account settings for Thunderbird and others, to be published" },
  ];
};
