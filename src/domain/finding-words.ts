// What the findings of deploy, renew, status, dns check and pre-flight mean: those that are no checks of verify. The table in docs/troubleshooting.md is made of it.

import { doctorWords } from "./doctor/finding-words.ts";

export interface FindingWords {
  readonly id: string;
  /** What happened, and what to do: Markdown as in docs/, links relative to it. */
  readonly means: string;
  readonly mend: string;
}

/** In the order of the table. */
export const findingWords: readonly FindingWords[] = [
  {
    id: "deploy-stale",
    means:
      "An entry point still serves another certificate 30 seconds after the reload. The new generation stays live.",
    mend: "Look at the server's log. Every later run tries again. See [above](#the-certificate-was-renewed-but-the-old-one-is-served).",
  },
  {
    id: "deploy-broken",
    means: "An entry point worked before and gives no TLS handshake now. Always followed by `deploy-rolled-back`.",
    mend: "The server's log says why it could not use the new files.",
  },
  {
    id: "deploy-rolled-back",
    means:
      "The certificate went back one generation; at the first deployment, the servers got their own settings back. The failed generation is never served again.",
    mend: "Mend the cause, then `mailcert renew --force NAME` (after a first deployment: `mailcert deploy NAME`).",
  },
  {
    id: "deploy-no-way-back",
    means:
      "A server could not use the new files, and no earlier generation may be served again (failed, damaged, expired, or ending within 7 days). The new one stays live.",
    mend: "Mend what the fault says, then `mailcert deploy NAME`.",
  },
  {
    id: "deploy-failing",
    means:
      "No TLS handshake, and there was none before either; or the server's own configuration switches TLS off, and then the message has the setting.",
    mend: "It is not the new certificate that broke it: the server's log, its TLS settings. Then `mailcert renew`.",
  },
  {
    id: "deploy-override",
    means: "Another setting wins over mailcert's: the message has file, line and setting.",
    mend: "`mailcert deploy --yes` changes the line. Or take it out yourself, then `mailcert deploy`.",
  },
  {
    id: "deploy-config",
    means:
      "The server's configuration cannot be read, its own test of it fails, or its reload failed, so that it was not reloaded. If mailcert's change was the reason, it was taken back. The other servers go on.",
    mend: "Mend the configuration (the message has the server's words); the next run goes on.",
  },
  {
    id: "deploy-server",
    means: "A server was found and passed over: its version's settings are not known. The other servers go on.",
    mend: "Leave it out with `servers:`, and set its certificate by hand (`mailcert snippet`).",
  },
  {
    id: "deploy-one-certificate",
    means:
      "A server is passed over: it takes one certificate and has another one, or it has to have its first certificate before others by name. The message says which.",
    mend: "Put all names into one certificate, or keep one off that server with `servers:`. What waits for the first one goes on by itself.",
  },
  {
    id: "rollback-staged",
    means: "A newer generation was staged and never served when `rollback` was asked for: it was thrown away (`info`).",
    mend: "Nothing; `mailcert renew --force NAME` makes a new one.",
  },
  {
    id: "deploy-left",
    means: "A server is not named for the certificate any more and got its own settings back.",
    mend: "Nothing; to have it again, name it in `servers:`.",
  },
  {
    id: "old-processes",
    means:
      "Processes of a server that started before the switch still take new clients, with the certificate of before. (Those that only serve a client that is connected are counted in `status`, and are no finding.)",
    mend: "Reload the server as the hint says; end by hand what is left a minute later.",
  },
  {
    id: "harden-taken-back",
    means:
      "With the TLS policy of `mailcert deploy --harden` a server refused its configuration, or an entry point gave no handshake any more. What was changed was put back.",
    mend: "The message says which entry point, the server's log why. See [hardening](hardening.md).",
  },
  {
    id: "harden-override",
    means: "Something that mailcert does not change wins over the TLS policy.",
    mend: "Take it out where the message says, then `mailcert deploy --harden`.",
  },
  {
    id: "harden-refused",
    means:
      "A server's TLS policy was not touched: its library is too old for the profile, or its configuration cannot be read.",
    mend: "The message has the reason. See [hardening](hardening.md#profiles).",
  },
  {
    id: "harden-unknown",
    means: "mailcert sets no TLS policy for that server (`info`).",
    mend: "Its own manual; `mailcert verify --full` says what its ports take.",
  },
  {
    id: "harden-exception",
    means: "A Dovecot setting for one network (`remote`) is weaker than the profile, and was left (`info`).",
    mend: "Nothing, if that is meant.",
  },
  {
    id: "harden-peers",
    means: "Port 25 takes old versions of TLS, so that old peers need not deliver in clear (`info`).",
    mend: "Nothing. See [hardening](hardening.md#port-25).",
  },
  {
    id: "harden-cipher-list",
    means:
      "main.cf sets `tls_high_cipherlist`, which the profile builds on and which also holds for mail that is sent.",
    mend: "`postconf -X tls_high_cipherlist`, then `postfix reload`.",
  },
  {
    id: "renew-ending",
    means:
      "What is served has under 1/8 of its lifetime left, or has ended, and a run only waits (`renew`), or it is not renewed yet (`status`).",
    mend: "Read the reason in the message, mend it, and run `mailcert renew NAME`, which does not wait.",
  },
  {
    id: "renew-overdue",
    means: "In `status`: renewal has been due for more than a day, and no run has tried it.",
    mend: "`mailcert renew NAME`, then `mailcert schedule show`: nothing renews by itself, or it fails before it begins.",
  },
  {
    id: "renew-account",
    means:
      "In `status`: the account at the CA was deactivated, so that the certificate cannot be renewed (`fault`; `warning` where another CA of its list can).",
    mend: "`mailcert account register`, as the hint says. See [accounts](accounts.md).",
  },
  {
    id: "renew-explained",
    means: "The CA asked for the renewal and gives a page with its reasons: an incident, or a revocation (`warning`).",
    mend: "Read the page. If the renewal is still to be done, the next runs do it. See [renewal](renewal.md).",
  },
  {
    id: "renew-orphan",
    means: "A server has a certificate that no entry of the configuration renews (`fault` near its end).",
    mend: "`mailcert setup NAME` puts it back, `mailcert deploy --remove NAME` takes it out of the servers.",
  },
  {
    id: "deploy-unobservable",
    means:
      "An entry point cannot be looked at from here: it waits for the PROXY protocol, TLS is off for it, or (`warning`) the server is not running.",
    mend: "Start the server, then `mailcert verify`. For the others: check from where clients are.",
  },
  {
    id: "deploy-own-certificate",
    means: "A service keeps a certificate of its own (`info`).",
    mend: "Nothing, if that is meant.",
  },
  {
    id: "own-certificate",
    means:
      "A Postfix service in master.cf, or a proxy's port that is none of mail's, has a certificate of its own and keeps it. As a `warning`: its setting does not do what it seems to, or is not for mail alone.",
    mend: "The hint has the `postconf` command, or what to set apart.",
  },
  {
    id: "server-restart",
    means: "This server cannot take a new certificate while it runs: it is restarted for each (`info`).",
    mend: "Nothing, if open sessions may end then. The message names the setting that keeps it from being reloaded.",
  },
  {
    id: "legacy-setting-kept",
    means: "An old parameter stays in main.cf because something else refers to it.",
    mend: "Nothing.",
  },
  {
    id: "tls-off",
    means: "main.cf says `smtpd_tls_security_level = none`.",
    mend: "It was somebody's decision, and stays. The hint has the command that offers TLS.",
  },
  {
    id: "revoke-finished",
    means: "A revocation that an earlier run began is done (`info`).",
    mend: "Nothing: `mailcert log NAME` has it.",
  },
  {
    id: "revoke-unfinished",
    means:
      "A revocation waits: what it takes is served still, what takes its place is not proven everywhere, or the CA could not be asked.",
    mend: "Mend what the run says; the next `renew` or `mailcert revoke NAME` goes on. See [accounts](accounts.md).",
  },
  {
    id: "revoke-served",
    means: "What is served is revoked, or is to be, or its key was given up as compromised (`fault`).",
    mend: "Let `renew` or `mailcert revoke NAME` replace it; see [accounts](accounts.md).",
  },
  {
    id: "dane-unknown",
    means:
      "A new key was served although no name server could say whether TLSA records name it; none were seen there before.",
    mend: "Once name servers answer: `mailcert dns check`.",
  },
  {
    id: "dane-next",
    means:
      "`dns check`: a new key waits for its TLSA record (`warning`: it is not published; `info`: it is there, and its two TTLs are waited for).",
    mend: "Publish the record of the hint beside the present one. See [DNS records](dns-records.md).",
  },
  {
    id: "dane-retired",
    means: "`dns check`: a TLSA record is for a key that was given up as compromised.",
    mend: "Take the record of the hint out.",
  },
  {
    id: "preflight-dane",
    means: "`revoke --dry-run`: signed TLSA records do not name the key that would be served, or nobody could say.",
    mend: "Run it without `--dry-run`: the key is made, and the record to publish is shown.",
  },
  {
    id: "submission-off",
    means: "Postfix does not offer 465.",
    mend: "Nothing, unless people send through this host.",
  },
  {
    id: "ca-fallback",
    means:
      "Several CAs are configured, and one before this could not issue (its reason is in the message): the next one did.",
    mend: "What its hint says; where that is nothing, the first is asked again at the next renewal. CAA has to permit each.",
  },
  {
    id: "mx-tlsrpt",
    means: "`dns check`: the record for TLS reports is missing, malformed, or stands there twice.",
    mend: "`mailcert dns show` prints one record; keep no other. [DNS records](dns-records.md)",
  },
  {
    id: "wish-unmet",
    means:
      "The CA does not offer the `profile`, the `preferred_chain` or the `days` of the configuration: its default was taken. Said when it is new; `status` goes on saying it.",
    mend: "The certificate is good. Ask for what the CA has (the message lists it), or take the wish out of the configuration.",
  },
  {
    id: "name-dead",
    means: "A name has no A or AAAA record any more, and `on_dead_name: drop` left it out of this certificate.",
    mend: "Give it an address again: it is taken back within a day. Or take it out of the configuration.",
  },
  {
    id: "preflight-account",
    means: "The account at the CA cannot be used, or none could be registered.",
    mend: "As the message says: the terms, an account binding, or a new account.",
  },
  {
    id: "preflight-backoff",
    means:
      "The last attempt failed, and the timer waits; with several CAs: this one failed, and the others go first for a while (`warning`).",
    mend: "Mend what the message names; `mailcert renew NAME` does not wait.",
  },
  {
    id: "preflight-caa",
    means:
      "CAA records forbid this CA, this account or this challenge (`fault`), or nobody could say, SERVFAIL included (`warning`: the order is placed all the same).",
    mend: "Change the record set that the message names; the hint has a line that permits it.",
  },
  {
    id: "preflight-clock",
    means: "This host's clock differs from the CA's by more than five minutes (`warning`) or an hour (`fault`).",
    mend: "`timedatectl set-ntp true`",
  },
  {
    id: "preflight-csr",
    means: "The request of `csr:` cannot be read, or is not for these names and this kind of key.",
    mend: "`names` and `key` have to be those of the request: the hint says which.",
  },
  {
    id: "preflight-dns",
    means:
      "`dns-01` or `dns-persist-01`: the updater's settings are missing or wrong, its server would not take the change, the zone cannot be found, or the standing record is missing.",
    mend: "As the message says; [DNS](dns.md), [providers](dns-providers.md).",
  },
  {
    id: "preflight-limit",
    means: "By what was counted here, the CA's rate limit is used up: it would refuse the order.",
    mend: "Wait until the time in the hint; `mailcert renew` (the timer) does. [How it is counted](renewal.md#before-an-order)",
  },
  {
    id: "preflight-port",
    means: "The challenge's port cannot be had here.",
    mend: "The message names who has the port; `webroot: DIR (--webroot DIR)`, or another challenge.",
  },
  {
    id: "preflight-resolve",
    means:
      "A name has no address (`fault`), leads to one that is not this host's (`warning`: right behind NAT), or nobody could say.",
    mend: "Correct A and AAAA: a CA tries IPv6 first.",
  },
  {
    id: "preflight-webroot",
    means:
      "`http-01` with `webroot`: the folder cannot be used, or a token of our own in it is not shown on port 80 of a name's address (`fault` at this host's own addresses, else `warning`).",
    mend: "Name the folder that the web server shows for this name; let it serve `/.well-known/acme-challenge/` from there.",
  },
  {
    id: "preflight-write",
    means: "The state folder or a server's settings cannot be written, or the disk is nearly full.",
    mend: "Run it as root; make room.",
  },
  ...doctorWords,
];
