// Settings of mail programs of the terminal: a file for each, in its own words (servers-and-clients B2), with what it trusts and its form of a pin.
import { type CertificateFacts, readCertificate } from "../domain/certificate.ts";
import { type AccountEntry, type MailAccount, incomingOf, outgoingOf } from "../domain/mail-account.ts";
import type { Bundle, BundleFile, BundleMaterial } from "./bundle.ts";
import { fingerprintOf, hexOf } from "../domain/fingerprint.ts";
import { importableOf, olderCrts } from "./importable.ts";

/** The best of one protocol, and STARTTLS beside it where both were proven. */
const choiceOf = (entries: readonly AccountEntry[]) => {
  const [first] = entries;
  if (first === undefined) return [];
  const { protocol, mode, port } = first;
  const other = entries.find((one) => one.protocol === protocol && one.mode !== mode);
  return [
    {
      protocol,
      isImap: protocol === "imap",
      port,
      implicit: mode === "implicit",
      starttls: other === undefined ? [] : [{ port: other.port }],
    },
  ];
};

/** What stands safely in every program's file, bare and in quotes; anybody else types their own name. */
const plainLocal = /^[A-Za-z0-9_][A-Za-z0-9._+=-]*$/;

const personOf = ({ address, domain, login }: MailAccount) => {
  const local = address?.slice(0, address.lastIndexOf("@"));
  const known = local !== undefined && plainLocal.test(local);
  const name = known ? local : "YOU";
  const whole = login === "address";
  const full = `${name}@${domain}`;
  return { placeholder: !known, local: name, whole, address: full, user: whole ? full : name };
};

/** Of a self-signed certificate the certificate itself. `others`: the files of further roots, which are on their way in or out. */
const trustOf = (material: BundleMaterial) => {
  const importable = importableOf(material);
  if (importable === undefined) return [];
  const { stem, newer } = importable;
  const others = [...(newer ? [`${stem}-newer.crt`] : []), ...olderCrts(importable)];
  return [{ file: `${stem}.crt`, several: others.length > 0, others: others.map((other) => ({ other })) }];
};

/** undefined where OpenSSL has none (FIPS mode): fetchmail gets no pin then. */
const md5Of = (leaf: CertificateFacts): string | undefined => {
  try {
    return fingerprintOf(leaf, "md5");
  } catch {
    return undefined;
  }
};

const pinOf = (leaf: CertificateFacts) => ({
  sha256: fingerprintOf(leaf, "sha256"),
  sha1: fingerprintOf(leaf, "sha1"),
  md5: md5Of(leaf) ?? false,
  sha256hex: leaf.sha256,
  sha1hex: hexOf(leaf, "sha1"),
  until: leaf.notAfter.toISOString().slice(0, 10),
});

/** Those that have something to connect to: nothing is said of an entry point that was not proven. */
export const programs: Bundle = (material, render) => {
  const { account } = material;
  const pin = pinOf(readCertificate(material.leaf));
  if (account === undefined) return [];
  const incoming = choiceOf(incomingOf(account));
  const imap = choiceOf(incomingOf(account).filter(({ protocol }) => protocol === "imap"));
  const outgoing = choiceOf(outgoingOf(account));
  const { host, domain } = account;
  const view = {
    host,
    urlHost: host.includes(":") ? `[${host}]` : host,
    domain,
    ...personOf(account),
    trust: trustOf(material),
    ...pin,
    incoming,
    imap,
    outgoing,
  };
  const file = (needs: readonly unknown[], path: string, template: string, summary: string): readonly BundleFile[] =>
    needs.length === 0 ? [] : [{ path, content: render(template, view), summary }];
  return [
    ...file(incoming, "muttrc.txt", "muttrc.rc", "settings for mutt and neomutt"),
    ...file(outgoing, "msmtprc.txt", "msmtprc.rc", "settings for msmtp"),
    ...file(imap, "mbsyncrc.txt", "mbsyncrc.rc", "settings for mbsync (isync)"),
    ...file(incoming, "fetchmailrc.txt", "fetchmailrc.rc", "settings for fetchmail"),
    ...file(imap, "offlineimaprc.txt", "offlineimaprc.rc", "settings for OfflineIMAP"),
    ...file(incoming, "alpine.txt", "alpine.rc", "settings for alpine"),
    ...file(imap, "aerc-accounts.txt", "aerc-accounts.rc", "settings for aerc"),
  ];
};
