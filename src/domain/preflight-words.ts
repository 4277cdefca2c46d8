// What the findings of pre-flight mean, and what mends them.
import type { FindingWords } from "./finding-words.ts";

/** In the order of the table. */
export const preflightWords: readonly FindingWords[] = [
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
    id: "preflight-name",
    means:
      "The issuer refuses a name of the certificate: a private CA that is limited to other domains, a name that no public CA certifies.",
    mend: "As the hint says: another issuer, another CA (`ca: NAME`), or the name taken out.",
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
];
