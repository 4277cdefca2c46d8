// Commands in texts for people: never broken, for half of one does something else.
import { expect, test } from "vitest";
import { fold, wrap } from "../../src/domain/wrap.ts";

const command =
  "postconf 'smtpd_tls_mandatory_exclude_ciphers = aNULL, kRSA, 3DES' 'smtpd_tls_exclude_ciphers = kRSA, 3DES'";

test("a command longer than a line stands on a line of its own, whole", () => {
  const lines = wrap(`take them out: \`${command}\`, then \`postfix reload\``, 40, "  hint: ", "        ").split("\n");
  expect(lines).toEqual(["  hint: take them out:", `        \`${command}\`,`, "        then `postfix reload`"]);
});
test("a word that only looks like one's beginning", () => {
  expect(wrap("a `b c d", 5)).toBe("a `b\nc d");
});
test("a command behind a colon, without backticks, ends where its clause does", () => {
  const text =
    "set this host's clock, then make the list anew: mailcert ca crl --ca office, and look (mailcert ca show)";
  expect(wrap(text, 30, "-> ", "   ").split("\n")).toEqual([
    "-> set this host's clock, then",
    "   make the list anew:",
    "   mailcert ca crl --ca office,",
    "   and look (mailcert ca show)",
  ]);
});

test("only what says something is folded, below its first word; tables and records stay as they are", () => {
  const record = "_25._tcp.mail.example.org. 3600 IN TLSA 3 1 1 0123456789abcdef";
  const text = [
    "fault: dovecot is not running: no client gets through",
    "  -> start dovecot; why it ended: journalctl -u dovecot, or the log",
    `  ${record}`,
    "mailcert: hint: short",
    "",
  ].join("\n");
  expect(fold(text, 30).split("\n")).toEqual([
    "fault: dovecot is not running:",
    "  no client gets through",
    "  -> start dovecot; why it",
    "     ended:",
    "     journalctl -u dovecot, or",
    "     the log",
    `  ${record}`,
    "mailcert: hint: short",
    "",
  ]);
  expect(fold(text, 200)).toBe(text);
});
