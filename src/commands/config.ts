// mailcert config: check the file with line numbers; show what holds.
import type { Command } from "commander";
import { withActions } from "../cli/actions.ts";
import type { Action, CommandModule, Context } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { ownPath } from "../domain/own-path.ts";
import { Failure } from "../domain/failure.ts";
import { configCheckDocument, configCheckText, configDocument, configText } from "../reports/config.ts";
import { checkConfig } from "../usecases/check-config.ts";
import type { ConfigAccess } from "../usecases/world.ts";

const accessOf = async ({ args: [, file], world, host }: Context): Promise<ConfigAccess> => {
  const { config } = await world();
  return file === undefined ? config : config.at(ownPath(host, file));
};

const check = async (context: Context): Promise<number> => {
  const result = await checkConfig(await context.world(), await accessOf(context));
  const { output, globals } = context;
  for (const warning of result.warnings) output.warn(warning);
  const ok = result.problems.length === 0;
  if (!ok || !globals.quiet || globals.json) output.result(configCheckText(result), configCheckDocument(result));
  return ok ? exitStatus.done : exitStatus.config;
};

const show = async (context: Context): Promise<number> => {
  const access = await accessOf(context);
  const config = await access.read();
  if (config === undefined) {
    throw new Failure("config", `there is no configuration at ${access.path}`, {
      hints: ["make one: mailcert setup mail.example.org"],
    });
  }
  for (const warning of await access.warnings()) context.output.warn(warning);
  context.output.result(configText(access.path, config), configDocument(access.path, config));
  return exitStatus.done;
};

const settings = `Settings of a certificate (its entry's name is its only host name unless names
lists others):
  names             host names, "*.example.org" (in quotes), IP addresses
  issuer            private-ca (default), self-signed, acme, letsencrypt,
                    letsencrypt-staging, zerossl, google; a list of ACME CAs: the
                    next one is asked where one cannot
  key               ecdsa (default), ecdsa-p384, rsa, rsa-3072, rsa-4096, or one
                    of each kind: [ecdsa, rsa]
  csr               PEM or DER file of a request made elsewhere, certified instead
                    of a key of ours (ACME, servers: none)
  reuse_key         whether a renewal keeps the private key (default true)
  on_dead_name      a further name that stopped resolving: fail (default) or drop,
                    which leaves it out of this renewal
  servers           auto (default: those found here), none, or a list:
                    [dovecot, postfix, exim, cyrus, opensmtpd, courier,
                    nginx, haproxy, stunnel]
  files             copies of the files for other programs, by names of your own:
                    "mailcert snippet files" prints an example
  bundle            folder to keep the files for mail clients in
  sign_profile      who signs Apple's profile in it: live (the certificate itself),
                    or a PEM file with a key and its chain
  account_domain    what stands behind the @ of the addresses (account files)
  account_login     user name that clients send: address, local-part
  bundle_url        where that folder is published (https): for the page's QR code
  hooks             programs around a deployment: before_deploy, after_deploy,
                    on_failure, each [/absolute/program, argument] or
                    { run: [...], timeout: 60 }; none
  window            hours in which a renewal may be switched to, in quotes:
                    "02:00-05:00", "Sat,Sun 02:00-05:00"; a list; none
  days              lifetime in days (private CA, self-signed: default 397; ACME:
                    where the CA allows it)
  ca                private CA: its name (default: default)
  ca_domains        private CA: domains that it may certify, ["*"] for any
  ca_crl_url        private CA: http URL at which its list of revoked certificates
                    is published, written into the certificate
With an ACME issuer:
  acme              the CA's directory URL, or a list: the next one where one cannot
  email             contact of the account
  agree_tos         true where you agree to the CA's terms of service
  ca_file           trust for the CA's own HTTPS (PEM file)
  eab_kid, eab_hmac_file  external account binding, where the CA demands it
  eab               the same for issuers after the first, by their names:
                    { google: { kid: KID, hmac_file: FILE } }
  challenge         http-01 (default), tls-alpn-01, dns-01, dns-persist-01, or a
                    list in order of preference
  http_address      where the http-01 listener binds (default ":80")
  webroot           http-01 through the web server that shows this folder
  tls_alpn_address  where the tls-alpn-01 listener binds (default ":443")
  dns               dns-01's updater; its settings stand in secrets/NAME.yaml
  profile           the CA's certificate profile, or a list in order of preference
  profile_rsa       the same for the RSA certificate, where it differs
  preferred_chain   common name at the top of the CA's chain, or sha256:HEX of a
                    key in it
At the top, beside certificates: hooks and window for all of them, and
  notify            who is told of what runs find: mail, from, webhook,
                    webhook_header_file, ping, prometheus, ca_file`;

const takesFile = (command: Command): void => void command.argument("[file]", "another file than --config names");

const actions: Readonly<Record<string, Action>> = {
  check: {
    summary: "every problem of the file and of conf.d/*.yaml, with line and column",
    declare: takesFile,
    about: `Also what every run would fail at: a hook that is not there or that others can
change, a name that the issuer refuses (a private CA that is limited to other
domains), a DNS updater without its secrets/NAME.yaml.

mailcert config --help lists the settings.`,
    examples: ["mailcert config check", "mailcert config check ./mailcert.yaml"],
    statuses: [0, 64, 77, 78],
    run: check,
  },
  show: {
    summary: "what holds, defaults included, secrets hidden",
    declare: takesFile,
    examples: ["mailcert config show", "mailcert config show --json"],
    statuses: [0, 64, 77, 78],
    run: show,
  },
};

export const command: CommandModule = withActions(actions, settings);
