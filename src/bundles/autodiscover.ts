// autodiscover.xml: the account for Outlook, as the answer to its question (Autodiscover, plain old XML: [MS-OXDSCLI] 2.2.4.1).
import { type AccountProtocol, incomingOf, outgoingOf } from "../domain/mail-account.ts";
import type { Bundle } from "./bundle.ts";

const types: Readonly<Record<AccountProtocol, string>> = { imap: "IMAP", pop3: "POP3", submission: "SMTP" };

/**
 * One file for everybody: it names no user. Without LoginName Outlook takes what stands before the @; with DomainRequired and DomainName
 * the domain goes with it.
 */
export const autodiscover: Bundle = ({ account }, render) => {
  if (account === undefined || incomingOf(account).length === 0 || outgoingOf(account).length === 0) return [];
  const { proven, domain, login } = account;
  // One of each type, the best: Outlook takes the first that it can.
  const services = proven.filter(
    (entry, index) => proven.findIndex((one) => one.protocol === entry.protocol) === index,
  );
  const content = render("autodiscover.xml", {
    services: services.map(({ protocol, mode, host, port }) => ({
      type: types[protocol],
      host,
      port,
      encryption: mode === "implicit" ? "SSL" : "TLS",
      sends: protocol === "submission",
    })),
    domain,
    withDomain: login === "address",
  });
  return [{ path: "autodiscover.xml", content, summary: "account settings for Outlook, to be published" }];
};
