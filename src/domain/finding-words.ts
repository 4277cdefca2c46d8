// What the findings of deploy, renew, status, dns check and pre-flight mean: those that are no checks of verify. The table in docs/troubleshooting.md is made of it.

import { deploymentWords } from "./deployment-words.ts";
import { doctorWords } from "./doctor/finding-words.ts";
import { privateCaWords } from "./private-ca-words.ts";
import { preflightWords } from "./preflight-words.ts";

export interface FindingWords {
  readonly id: string;
  /** What happened, and what to do: Markdown as in docs/, links relative to it. */
  readonly means: string;
  readonly mend: string;
}

/** In the order of the table. */
export const findingWords: readonly FindingWords[] = [
  ...deploymentWords,
  ...privateCaWords,
  {
    id: "renew-failed",
    means: "In a notification: a certificate could not be issued, or not be deployed; the message says why.",
    mend: "As the message says; `mailcert status` has when the next attempt comes, `mailcert renew NAME` tries at once.",
  },
  {
    id: "key-exposed",
    means:
      "Everybody on this host can read the private key of what is served, or change a folder on the way to it (`warning`; looked at by each deployment, by the daily proof and by `status`).",
    mend: "The `chmod` of the hint. Who may have read it has your key: `mailcert renew --force --new-key NAME`, then `mailcert revoke` for the one before.",
  },
  {
    id: "live-damaged",
    means:
      "A file that servers read (key, certificate, chain) is missing, empty, or not what was written. Servers go on with what they have in memory, until they are started again.",
    mend: "`mailcert renew --force NAME` makes all of them anew, with the same key; a file that is missing or empty is seen by the next run of the timer, which does that by itself.",
  },
  {
    id: "renew-stuck",
    means:
      "Another mailcert has held the lock of the state folder for more than three hours, so that no run can begin: nothing is renewed (`renew` ends with 1).",
    mend: "Look at what the process of the message waits for (`ps -o pid,etime,args -p PID`, its children, a hook), and end it: `kill PID`. The next run goes on from there.",
  },
  {
    id: "window-missed",
    means:
      "A maintenance window came and went, and no run fell into it: the new certificate waits for the next one (`warning`).",
    mend: "`mailcert deploy NAME` serves it at once. Let the window be 90 minutes or longer; `mailcert schedule show` says when runs come. [Windows](hooks.md#windows)",
  },
  {
    id: "window-outside",
    means:
      "A new certificate was switched to although its maintenance window was closed, since waiting would have done harm; the message says why (`warning`).",
    mend: "Nothing, where something was broken. Where what was served was about to end: a longer window, or more of them. [Windows](hooks.md#windows)",
  },
  {
    id: "renew-missed",
    means: "In a notification: nothing had run for more than two days before this run.",
    mend: "`mailcert schedule show`, `journalctl -u mailcert.timer`. [When nothing runs](notifications.md#when-nothing-runs)",
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
    id: "bundle-late",
    means:
      "The folder for clients (`bundle:`) could not be filled for what is served now. The certificate is served all the same.",
    mend: "Do what the message says of the folder or the file; each run tries again. See [bundles](bundles.md).",
  },
  {
    id: "bundle-unsigned",
    means:
      "Apple's profile in the folder for clients could not be signed as `sign_profile` says. It is left as it was, and all other files are made.",
    mend: "Mend the file with the key, or name another (`sign_profile`); each run tries again. See [bundles](bundles.md).",
  },
  {
    id: "renew-orphan",
    means: "A server has a certificate that no entry of the configuration renews (`fault` near its end).",
    mend: "`mailcert setup NAME` puts it back, `mailcert deploy --remove NAME` takes it out of the servers.",
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
  ...preflightWords,
  ...doctorWords,
];
