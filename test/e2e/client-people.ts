// People with the files of a bundle: a host whose servers serve a certificate of the private CA, and the folder that its users were given.
import { type MailHost, startMailHost } from "../lab/mail-host.ts";

export const name = "mail.example.org";
/** With a blank in its path, as people's folders have. */
export const folder = "/srv/for people";

export interface People {
  readonly host: MailHost;
  /** What was told by telephone. */
  readonly fingerprint: string;
  readonly title: string;
}

/** A host whose servers serve a certificate of our private CA, and the folder of files that its users were given. */
export const startPeople = async (options: Parameters<typeof startMailHost>[0]): Promise<People> => {
  const host = await startMailHost(options);
  await Promise.all([host.startDovecot(), host.startPostfix()]);
  await host.must(["mailcert", "setup", name, "--yes"]);
  const said = await host.must(["mailcert", "bundle", "--out", folder, "--json"]);
  const { fingerprint } = JSON.parse(said) as {
    readonly fingerprint: { readonly sha256: string; readonly title: string };
  };
  return { host, fingerprint: fingerprint.sha256, title: fingerprint.title };
};
