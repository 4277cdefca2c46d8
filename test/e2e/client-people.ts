// People with the files of a bundle: a host whose servers serve a certificate of the private CA, and the folder that its users were given.
import { type MailHost, startMailHost } from "../lab/mail-host.ts";

export const name = "mail.example.org";
/** With a blank in its path, as people's folders have. */
export const folder = "/srv/for people";

/** Where Postfix asks Dovecot about passwords. */
export const authSocket = `service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
`;
const sasl = "smtpd_sasl_auth_enable=yes smtpd_sasl_type=dovecot smtpd_sasl_path=private/auth";
export const submissionServices = `postconf -M submission/inet="submission inet n - y - - smtpd" submissions/inet="submissions inet n - y - - smtpd" &&
for service in submission submissions; do for setting in ${sasl}; do postconf -P "$service/inet/$setting"; done; done &&
postconf -P submission/inet/smtpd_tls_security_level=encrypt submissions/inet/smtpd_tls_wrappermode=yes && postfix reload`;

export interface People {
  readonly host: MailHost;
  /** What was told by telephone. */
  readonly fingerprint: string;
  readonly title: string;
}

/** A host whose servers serve a certificate of our private CA, and the folder of files that its users were given; `submission`: they can send as well. */
export const startPeople = async (
  options: Parameters<typeof startMailHost>[0],
  { submission = false, words = [] }: { readonly submission?: boolean; readonly words?: readonly string[] } = {},
): Promise<People> => {
  const host = await startMailHost(options);
  if (submission) await host.write("/etc/dovecot/conf.d/99-submission.conf", authSocket);
  // The socket's folder is made by Postfix.
  const postfix = host.startPostfix();
  if (submission) await postfix;
  await Promise.all([host.startDovecot(), postfix]);
  if (submission) await host.must(submissionServices);
  await host.must(["mailcert", "setup", name, "--yes"]);
  const said = await host.must(["mailcert", "bundle", "--out", folder, "--json", ...words]);
  const { fingerprint } = JSON.parse(said) as {
    readonly fingerprint: { readonly sha256: string; readonly title: string };
  };
  return { host, fingerprint: fingerprint.sha256, title: fingerprint.title };
};
