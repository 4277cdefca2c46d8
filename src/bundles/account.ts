// Apple's configuration profile with the mail account, and the root that it needs beside it (com.apple.mail.managed; servers-and-clients B3).
import { type AccountEntry, type MailAccount, incomingOf, outgoingOf } from "../domain/mail-account.ts";
import { displayName } from "../domain/names.ts";
import type { Bundle } from "./bundle.ts";
import { type Importable, importableOf, titleOf } from "./importable.ts";
import { uuidOf } from "./mobileconfig.ts";

const base64 = (der: Buffer): string => (der.toString("base64").match(/.{1,64}/g) ?? []).join("\n");

const rootsOf = (importable: Importable | undefined, identifier: string) =>
  (importable === undefined ? [] : [importable.certificate, ...importable.beside]).map((certificate) => ({
    identifier: `${identifier}.root.${certificate.sha256.slice(0, 32)}`,
    uuid: uuidOf(`${identifier} root ${certificate.sha256}`),
    title: titleOf(certificate),
    der: base64(certificate.der),
  }));

/** There is one switch for both kinds of TLS: the device finds out by the port. */
const serverOf = ({ host, port }: AccountEntry) => ({ host, port });

const userOf = ({ address, login }: MailAccount) => {
  if (address === undefined) return {};
  return { user: login === "address" ? address : address.slice(0, address.lastIndexOf("@")) };
};

/** None for a self-signed certificate, which Apple's devices cannot be made to trust for mail. */
export const account: Bundle = (material, render) => {
  const { account: wanted } = material;
  const importable = importableOf(material);
  const [incoming] = wanted === undefined ? [] : incomingOf(wanted);
  const [outgoing] = wanted === undefined ? [] : outgoingOf(wanted);
  if (wanted === undefined || incoming === undefined || outgoing === undefined) return [];
  if (importable?.kind === "self-signed") return [];
  const { domain, host, address } = wanted;
  // Derived from whose account it is: installed again it replaces itself, whatever its servers are now.
  const whose = address ?? domain;
  const identifier = `mailcert.account.${uuidOf(`${whose} ${host}`).replaceAll("-", "").toLowerCase()}`;
  const { user } = userOf(wanted);
  const content = render("account.mobileconfig", {
    title: address ?? displayName(domain),
    domain: displayName(domain),
    host,
    identifier,
    uuid: uuidOf(`profile ${identifier}`),
    mailUuid: uuidOf(`mail ${identifier}`),
    roots: rootsOf(importable, identifier),
    withRoot: importable !== undefined,
    type: incoming.protocol === "imap" ? "EmailTypeIMAP" : "EmailTypePOP",
    incoming: serverOf(incoming),
    outgoing: serverOf(outgoing),
    person: address === undefined ? [] : [{ address }],
    user: user === undefined ? [] : [{ name: user }],
  });
  return [
    {
      path: "account.mobileconfig",
      content,
      summary: "profile with the mail account for iPhone, iPad and Mac",
      profile: true,
    },
  ];
};
