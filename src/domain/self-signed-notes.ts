// What a self-signed certificate means for the people who connect: said by setup and issue, so that nobody takes the quick test for the real thing.

/** One sentence each; reference: servers-and-clients B1. */
export const selfSignedNotes: readonly string[] = [
  "A self-signed certificate is for a quick test: every client warns, and some cannot be made to trust it.",
  "Thunderbird and other Mozilla programs never take it as an authority: only an exception for each host and port works, and only until the next renewal.",
  "Android cannot import it: its installer takes CA certificates only.",
  "iPhone, iPad and Mac ask each person to trust it by hand, and again after every renewal.",
  "Outlook for iOS and Android, new Outlook and Gmail can never use it: they connect through their own servers, which trust public CAs only.",
  "For people who connect, use `--issuer private-ca` (one root to import, once) or `--issuer letsencrypt` (nothing to import).",
];
