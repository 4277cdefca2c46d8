// What the findings of doctor mean, and what mends them.
import type { FindingWords } from "../finding-words.ts";

/** In the order of the table. */
export const doctorWords: readonly FindingWords[] = [
  {
    id: "doctor-configuration",
    means:
      "In `doctor`: the configuration cannot be read (`fault`), has a file that is not read, or says something that means nothing (`warning`); or there is none yet (`info`).",
    mend: "`mailcert config check` shows every problem with its line.",
  },
  {
    id: "doctor-folder",
    means:
      "In `doctor`: somebody other than root can change a folder on the way to the state or the configuration, and so what root runs and what servers serve.",
    mend: "The command of the finding. See [doctor](doctor.md).",
  },
  {
    id: "doctor-key",
    means: "In `doctor`: a private key can be read by others, or belongs to somebody else.",
    mend: "The command of the finding; then a new key, where somebody may have read it: `mailcert renew --force --new-key NAME` (with DANE first: [DNS records](dns-records.md)).",
  },
  {
    id: "doctor-secret",
    means:
      "In `doctor`: a file with a token or an HMAC key can be read by others, or belongs to somebody else. Runs refuse to read it.",
    mend: "The command of the finding; then a new token at the provider, where somebody may have read it.",
  },
  {
    id: "doctor-acl",
    means:
      "In `doctor`: somebody may read a private key by an access list (`info`). A renewal writes new files, which do not have it.",
    mend: "Nothing, or a copy for that program: `files:` ([servers](servers/files.md)).",
  },
  {
    id: "doctor-readable",
    means: "In `doctor`: a server cannot open what it is to serve, tried as the user that opens it.",
    mend: "The command of the finding opens the folder that is in the way, or has `deploy` give the keys to the server's group.",
  },
  {
    id: "doctor-confined",
    means: "In `doctor`: SELinux or AppArmor keeps a mail server from the certificates.",
    mend: "`mailcert deploy` labels the files, or writes the drop-ins.",
  },
  {
    id: "doctor-server",
    means:
      "In `doctor`: a server's own test of its configuration fails, with its words; or a server that the configuration names is not there.",
    mend: "As the finding says; the server would not start, and mailcert does not reload it.",
  },
  {
    id: "doctor-doubted",
    means:
      "In `doctor`: a server runs and serves, and nothing of root's says whose process it is: another user started it, or its words name files that are not root's alone, or that its user may not read. Nothing reloads it.",
    mend: "The hint of the finding: a unit, CONFIG= in /etc/default/haproxy, `user` in its file. A HAProxy with a master process of root's (Debian's unit, `-W`) is always known.",
  },
  {
    id: "doctor-stopped",
    means:
      "In `doctor`: a mail server is installed and does not run. It served a certificate of mailcert when it was last looked at (`fault`), or never did, or its service is disabled (`warning`).",
    mend: "The command of the finding starts it. Where that is meant, leave it out: `servers:`.",
  },
  {
    id: "doctor-settings",
    means: "In `doctor`: a server's settings are not what the last deployment left.",
    mend: "`mailcert deploy NAME`.",
  },
  {
    id: "doctor-override",
    means: "In `doctor`: another setting wins over mailcert's: the message has file, line and setting.",
    mend: "`mailcert deploy --yes NAME` comments the line out.",
  },
  {
    id: "doctor-tls-off",
    means: "In `doctor`: a server offers no TLS on a port that other machines reach, by its own configuration.",
    mend: "The command of the finding offers it, if that is not meant to be so.",
  },
  {
    id: "doctor-port",
    means:
      "In `doctor`: another program holds a port that a server's configuration names, or nobody listens there although the server runs.",
    mend: "The command of the finding ends the other program, or starts the server anew. Where the port is for the other program, take it out of the server's configuration.",
  },
  {
    id: "doctor-resolver",
    means: "In `doctor`: this host's resolver answers nothing.",
    mend: "Correct the name servers in /etc/resolv.conf.",
  },
  {
    id: "doctor-name",
    means:
      "In `doctor` and `setup`: a name has no address (`warning`), or leads to one that is not this host's (`info`: right behind NAT).",
    mend: "Correct A and AAAA; a mistyped name: take back what `setup` changed, and give it the right one.",
  },
  {
    id: "doctor-clock",
    means:
      "In `doctor`: this host's clock says an earlier time than things that have happened (`fault`), or nothing keeps it right (`warning`).",
    mend: "The command of the finding.",
  },
  {
    id: "doctor-disk",
    means: "In `doctor`: few files (inodes) are left on the file system of the state.",
    mend: "Take away what is not needed.",
  },
  {
    id: "doctor-other-client",
    means: "In `doctor`: certbot, acme.sh, lego or dehydrated renews the same name by a timer or cron job of its own.",
    mend: "`mailcert import CLIENT` takes over what it has; then the command of the finding.",
  },
  {
    id: "doctor-served",
    means:
      "In `doctor`: a port of a running server shows another certificate than it should, or gives no TLS handshake.",
    mend: "The command of the finding, or what the server's log says.",
  },
  {
    id: "doctor-lock",
    means:
      "In `doctor`: a run has held the lock of the state for hours, and no other run gets to work (`fault`); or one is at work just now (`info`), and what it has not come to yet is not told.",
    mend: "Look at what it waits for, and end it; the next run goes on from there. Where it is at work just now: `mailcert doctor` once it has ended.",
  },
  {
    id: "doctor-schedule",
    means: "In `doctor`: nothing renews by itself, or the last run by itself failed or was long ago.",
    mend: "The command of the finding; `mailcert schedule show` says more.",
  },
  {
    id: "doctor-dovecot-upgrade",
    means: "In `doctor`: the next upgrade of packages brings a Dovecot that refuses the settings of the present one.",
    mend: "Have your files ready before. mailcert's own follow by themselves, at once by `mailcert deploy --repair`. [More](dovecot-upgrade.md)",
  },
  {
    id: "doctor-damaged",
    means: "In `doctor`: a state file cannot be read, or the files of what is live are not what was written.",
    mend: "`mailcert renew --force NAME` makes a new generation; a state file comes from a backup.",
  },
  {
    id: "doctor-stuck",
    means: "In `doctor`: a certificate was not issued, or not deployed to the end, and why.",
    mend: "Mend what the message says; the command of the finding tries again at once.",
  },
];
