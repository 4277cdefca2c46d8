// A Postfix that shows another certificate under each name (tls_server_sni_maps), on 25 and 587.
import type { Issued } from "../fakes/pki.ts";
import type { MailHost } from "./mail-host.ts";

export interface NamedChain {
  /** What is asked for in TLS; "": nothing. */
  readonly name: string;
  /** As sent, leaf first. */
  readonly chain: readonly Issued[];
  /** Of another kind of key. */
  readonly second?: readonly Issued[];
}

/** One of `chains` has to be the one for no name. */
export const serveByName = async (host: MailHost, chains: readonly NamedChain[]): Promise<void> => {
  const files = chains.map(({ name, chain, second = [] }, index) => ({
    name,
    file: `/srv/chains/${index}.pem`,
    content: [chain, second].map((each) => (each[0]?.privateKey ?? "") + each.map(({ pem }) => pem).join("")).join(""),
  }));
  const archive = files.map(({ file, content }) => `cat >${file} <<'END'\n${content}END\n`).join("");
  await host.must(["sh", "-e"], { input: `umask 077; mkdir -p /srv/chains\n${archive}` });
  const named = files.filter(({ name }) => name !== "");
  await host.write("/etc/postfix/sni", named.map(({ name, file }) => `${name} ${file}\n`).join(""));
  const fallback = files.find(({ name }) => name === "")?.file ?? "";
  await host.must(
    `postmap -F hash:/etc/postfix/sni && postconf -e tls_server_sni_maps=hash:/etc/postfix/sni smtpd_tls_security_level=may \
       smtpd_tls_chain_files=${fallback} smtpd_tls_cert_file= smtpd_tls_key_file= smtpd_client_connection_rate_limit=0 && \
     postconf -M submission/inet="submission inet n - n - - smtpd"`,
  );
  await host.startPostfix([25, 587]);
};
