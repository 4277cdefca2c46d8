// What the findings of deployments mean, of hooks and notifications around them, and of policy; and what mends them.
import type { FindingWords } from "./finding-words.ts";

/** In the order of the table. */
export const deploymentWords: readonly FindingWords[] = [
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
      "No TLS handshake, and there was none before either; or the server's own configuration switches TLS off, and then the message has the setting; or this host finds no address for a name in `entries:`.",
    mend: "It is not the new certificate that broke it: the server's log, its TLS settings. Then `mailcert renew`.",
  },
  {
    id: "deploy-place",
    means:
      "A certificate with `addresses:` or `services:` cannot be served at one of them: the server takes one certificate for more than that (`fault`), the address is not this host's or nothing offers the service (`warning`), or the server has none by address or service (`info`).",
    mend: "As the hint says: correct the entry, or give the server a listener of its own there. [By address and by service](by-address-and-service.md)",
  },
  {
    id: "hook-failed",
    means:
      "A hook of yours (`before_deploy`, `after_deploy`, `on_failure`) ended with another status than 0, overran its `timeout`, or could not be run; its last words are in the message.",
    mend: "Mend the program; the next run runs that hook again, and nothing else. After a failed `before_deploy` the old certificate stays. [Hooks](hooks.md)",
  },
  {
    id: "notify-failed",
    means:
      "Somebody who is to be told could not be told (`warning` for `ping`: whoever waits for it sees by itself that it did not come). Renewals go on all the same.",
    mend: "`mailcert notify test` sends a test and says what is wrong. What was to be told is told by the next run that can. [Notifications](notifications.md)",
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
    id: "deploy-repaired",
    means:
      "A server became another version whose settings are called otherwise: mailcert's own were rewritten, and it was started where it had not come up (`warning`). Where it refused part of them, that is left out until the next deployment (`fault`).",
    mend: "Nothing, or `mailcert deploy` after a fault; where apt stopped at it, let dpkg configure what is left. [Dovecot 2.3 to 2.4](dovecot-upgrade.md)",
  },
  {
    id: "deploy-outgrown",
    means:
      "A server's new version refuses settings that are not mailcert's, or that somebody wrote into a file of mailcert's: it does not run, or would not start again once what runs of the version before ends (the next boot).",
    mend: "Mend the line that is named; the next run starts it where it does not run, `mailcert deploy --repair` at once. [Dovecot 2.3 to 2.4](dovecot-upgrade.md)",
  },
  {
    id: "deploy-unissued",
    means:
      "`deploy --dry-run`: nothing was issued for a certificate of the configuration, so that there is nothing to serve.",
    mend: "`mailcert renew NAME` issues and deploys it; where the issuer would refuse it, the finding says why and what to do.",
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
    id: "still-named",
    means:
      "`mailcert deploy --remove` took out what it had put into the servers, and a setting that it did not put there (pasted, or a copied service) still names files of the certificate: it is served there, and without the files TLS ends. Or a service names the map of client certificates: whoever has one relays there, or gets 451 once the map is gone.",
    mend: "The command of the hint, or another certificate in that place. Only then remove files.",
  },
  {
    id: "removal-unserved",
    means:
      "`mailcert deploy --remove` would put back settings of a server's own that name a certificate or key which is not there any more, or a key of another certificate: clients would get no TLS. Nothing is changed before a yes.",
    mend: "Put the file back, or another certificate and its key at that path. `--yes` goes on all the same.",
  },
  {
    id: "removal-broken",
    means:
      "After `mailcert deploy --remove`, a port that gave a TLS handshake before gives none: the server's own settings, which were put back, do not work any more.",
    mend: "Mend the server's own certificate settings; or `mailcert deploy NAME`, which puts mailcert's back.",
  },
  {
    id: "rollback-staged",
    means: "A newer generation was staged and never served when `rollback` was asked for: it was thrown away (`info`).",
    mend: "Nothing; `mailcert renew --force NAME` makes a new one.",
  },
  {
    id: "rollback-undone",
    means:
      "`rollback` went back (`--dry-run`: would) to a generation that the configuration does not ask for, or that is due for renewal: the next run issues a new certificate and switches to it.",
    mend: "Take back what was changed in the configuration, which `mailcert log NAME` shows, before the next run.",
  },
  {
    id: "deploy-left",
    means:
      "A server is not named for the certificate any more and got its own settings back. As a warning: what is left there, or an old copy of `files:`, was changed by somebody since, and was left alone; or a server that `servers: auto` had found is not to be seen, and keeps its settings.",
    mend: "Nothing; to have it again, name it in `servers:`. What was left alone is named: look whether anything still reads it.",
  },
  {
    id: "deploy-back",
    means:
      "A certificate that `mailcert deploy --remove` had taken out of the servers was deployed again, by its name or by a `deploy` of all (`info`).",
    mend: "Nothing, if that is meant. Else `mailcert deploy --remove NAME` once more; `servers: none` in its entry keeps it out for good.",
  },
  {
    id: "deploy-unread",
    means:
      "`mailcert deploy --remove` took the certificate out of a server's settings, and the server refused to read them, could not be looked at, or the run was ended before; or a setting could not be taken out: the server may go on with the certificate and its key.",
    mend: "`mailcert deploy --remove NAME` again, once what it says stands in the way is mended. Only then remove files.",
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
    id: "harden-finished",
    means:
      "A run of `mailcert deploy --harden` was cut short (killed, power) between a change and its proof. This run tested, reloaded and proved what it had set (`warning`), or took the rest out.",
    mend: "Nothing. See [hardening](hardening.md#when-a-run-is-cut-short).",
  },
  {
    id: "harden-kept",
    means:
      "A setting of a TLS policy could not be taken out (`fault`), or somebody has changed it since and it was left alone (`warning`).",
    mend: "What the message names, by hand, if it is not meant. `mailcert log` has what was changed.",
  },
  {
    id: "harden-own",
    means:
      "Somebody has set an option that the TLS policy of Exim is about; mailcert does not judge it, and it stays (`warning`).",
    mend: "Take it out, then `mailcert deploy --harden`; or leave it, and look at `mailcert verify --full`.",
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
    id: "deploy-unobservable",
    means:
      "An entry point cannot be looked at from here: it waits for the PROXY protocol, TLS is off for it, or (`warning`) the server is not running and was never seen to serve.",
    mend: "Start the server: the next run proves it, `mailcert renew` at once. For the others: check from where clients are.",
  },
  {
    id: "server-stopped",
    means:
      "In `status`, and in the runs that look at what is served (once a day, then each hour until it runs): a server that has a certificate of mailcert does not run. It served it when it was last looked at (`fault`), or was never seen to run, or somebody disabled or masked its service (`warning`).",
    mend: "Start it; its log says why it ended. One that is stopped on purpose: `systemctl disable`; one that is installed and not used is left out with `servers:` in each entry.",
  },
  {
    id: "server-doubted",
    means:
      "In `status`: a server runs and serves, and nothing of root's says whose process it is: another user started it, or its words name files that are not root's alone, or that its user may not read. Nothing reloads it.",
    mend: "The hint of the finding: a unit, CONFIG= in /etc/default/haproxy, `user` in its file. A HAProxy with a master process of root's (Debian's unit, `-W`) is always known.",
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
    means:
      "Somebody has switched TLS off: `ssl = no` (Dovecot), `smtpd_tls_security_level = none` (Postfix), an empty `MAIN_TLS_ADVERTISE_HOSTS` (Exim). The certificate is not served there.",
    mend: "A decision, which mailcert does not overrule: `mailcert deploy --yes` switches TLS on. Where there is to be none, leave that server out with `servers:`.",
  },
  {
    id: "submission-off",
    means: "Postfix does not offer 465.",
    mend: "Nothing, unless people send through this host.",
  },
];
