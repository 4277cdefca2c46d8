// What the findings about private CAs mean, for the table in docs/troubleshooting.md.
import type { FindingWords } from "./finding-words.ts";

export const privateCaWords: readonly FindingWords[] = [
  {
    id: "ca-ending",
    means:
      "The root of a private CA ends within two and a half years (`warning`), within 90 days or has ended (`fault`): people need time to import another.",
    mend: "`mailcert ca rotate`, then the plan that it prints: [private CA](private-ca.md#a-new-root).",
  },
  {
    id: "ca-half-rotated",
    means:
      "A private CA has a new root, and certificates are still served under the one before: who imports only the new one refuses them until their next renewal. Files that `mailcert bundle` makes lead with the root that is in force.",
    mend: "The command of the finding: `mailcert renew --force NAME`.",
  },
  {
    id: "ca-older-ending",
    means: "The root before the present one ends within half a year; 30 days before that, servers stop to lead to it.",
    mend: "Hand the files out again to whoever has not imported the new root: `mailcert bundle`.",
  },
  {
    id: "ca-crl-old",
    means:
      "A list of revoked certificates (CRL) of a private CA was not made anew in time: no timer runs. Past its end, whoever checks it refuses every certificate (`fault`).",
    mend: "`mailcert ca crl` makes it now; `mailcert schedule show` says why no timer did.",
  },
  {
    id: "ca-crl-early",
    means:
      "A list of revoked certificates (CRL) of a private CA begins in the future: the clock was ahead when it was made.",
    mend: "Set the clock; the next run makes the list anew. Now: `mailcert ca crl`.",
  },
  {
    id: "ca-crl-copy",
    means: "A copy of that list (`mailcert ca crl --out`) could not be written, or says something else than the list.",
    mend: "As the message says; each run tries again. A copy that is removed is not made again.",
  },
  {
    id: "ca-crl-forgotten",
    means: "A copy of that list was taken away: it is not kept up to date any more.",
    mend: "Nothing, if that was meant. Else: `mailcert ca crl --out FILE`.",
  },
  {
    id: "ca-crl-failed",
    means: "A timer run could not make the list anew.",
    mend: "As the message says, then `mailcert ca crl`.",
  },
  {
    id: "clients-login",
    means:
      "A deployment has begun, or ceased, to let people log in to Dovecot with client certificates, as the configuration says.",
    mend: "Nothing: [client certificates](client-certificates.md).",
  },
  {
    id: "clients-userdb",
    means:
      "Dovecot has `userdb static`, which knows every name, and people log in with client certificates: a person who was deleted logs in until the certificate is revoked or ends.",
    mend: "`mailcert ca revoke ADDRESS` for whoever leaves, or a `userdb` that is a list of people: [client certificates](client-certificates.md#dovecot).",
  },
  {
    id: "clients-relay",
    means:
      "A deployment has begun, or ceased, to let people relay through Postfix's submission services by client certificate, as the configuration says.",
    mend: "Nothing: [client certificates](client-certificates.md#postfix).",
  },
  {
    id: "clients-relay-left",
    means:
      "A service of Postfix does not relay by client certificate although the configuration says so, or goes on to although it does not: what stands there is somebody else's, and was left.",
    mend: "As the message says; what such a service needs: [client certificates](client-certificates.md#postfix).",
  },
  {
    id: "clients-restored",
    means:
      "A file that mail servers judge client certificates by was gone, and a run wrote it again: for as long as it was gone, Postfix answered 451 to whoever showed a certificate.",
    mend: "Nothing. If it happens again: see what clears away files in the folder that the message names.",
  },
  {
    id: "clients-unread",
    means:
      "A mail server could not be made to read which client certificates are revoked: one that was revoked still logs in.",
    mend: "Mend what the message says of the server; each run tries again. Now: `mailcert ca crl`.",
  },
  {
    id: "ca-other-root",
    means:
      "`mailcert ca restore --replace` has put a CA with another root in the place of the present one; or what is served was signed under a root that is none of the CA's (`fault` in `status`, `doctor` and `ca show`): another CA of that name signed it.",
    mend: "The command of the finding, `mailcert renew --force NAME`, serves under the present root; then hand the files out again where they are needed: `mailcert bundle`. If the present CA is the wrong one, restore the other, or put the folder back that was moved aside.",
  },
  {
    id: "ca-exchanged",
    means:
      "The configuration asks for another private CA than the one that signed what is served, or for a self-signed certificate in its place: clients that have imported the root of before refuse that. Told by the plan, by `status`, and by the run that does it.",
    mend: "Have people import the new root first (`mailcert ca show` names its file), or hand the files out at once: `mailcert bundle`. Not meant: take the change of `issuer` or `ca` back in the configuration, then `mailcert rollback NAME`.",
  },
  {
    id: "ca-unfinished",
    means: "A `mailcert ca rotate` was cut short after the new root was decided on.",
    mend: "Nothing: the next run finishes it. Now: `mailcert ca crl`.",
  },
  {
    id: "ca-not-restored",
    means: "A `mailcert ca restore --replace` was cut short before the CA left its place: nothing was changed.",
    mend: "Restore it again: `mailcert ca restore FILE --replace`. The next run clears away what was left.",
  },
  {
    id: "ca-damaged",
    means:
      "A private CA is gone while certificates that it signed are in use, or files of it are missing, unreadable, or do not belong together. No run makes another in its place.",
    mend: "Put it back from a backup: `mailcert ca restore FILE`, or, where its folder is there, `mailcert ca restore FILE --replace`. Without one: `mailcert ca init`, as the message says, and everybody has to import the new root.",
  },
];
