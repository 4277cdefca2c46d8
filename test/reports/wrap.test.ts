// Commands in texts for people: never broken, for half of one does something else.
import { expect, test } from "vitest";
import { wrap } from "../../src/reports/wrap.ts";

const command =
  "postconf 'smtpd_tls_mandatory_exclude_ciphers = aNULL, kRSA, 3DES' 'smtpd_tls_exclude_ciphers = kRSA, 3DES'";

test("a command longer than a line stands on a line of its own, whole", () => {
  const lines = wrap(`take them out: \`${command}\`, then \`postfix reload\``, 40, "  hint: ", "        ").split("\n");
  expect(lines).toEqual(["  hint: take them out:", `        \`${command}\`,`, "        then `postfix reload`"]);
});
test("a word that only looks like one's beginning", () => {
  expect(wrap("a `b c d", 5)).toBe("a `b\nc d");
});
