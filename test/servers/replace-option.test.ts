// A value of one service's own is replaced in its place, and put back byte for byte; what has another form is left to postconf.
import { expect, it, test } from "vitest";
import { replaceOption } from "../../src/servers/postfix/replace-option.ts";

const masterCf = `smtp inet n - y - - smtpd -o smtpd_tls_auth_only=no
# submission inet n - y - - smtpd
submission inet n - y - - smtpd
  -o syslog_name=postfix/submission
#  -o smtpd_tls_auth_only=no
\t-o smtpd_tls_auth_only=no -o smtpd_tls_security_level=may
192.0.2.1:submission inet n - y - - smtpd -o { smtpd_tls_auth_only = no }
twice inet n - y - - smtpd -o a=1
  -o a=2
lines inet n - y - - smtpd -o { a = b,
  c }
lists inet n - y - - smtpd
  -o { a = b, reject } -o c=d
`;

it("replaces that service's value alone, and back", () => {
  const changed = replaceOption(masterCf, "submission/inet", "smtpd_tls_auth_only", "no", "yes");
  expect(changed).toContain("\t-o smtpd_tls_auth_only=yes -o smtpd_tls_security_level=may\n");
  expect(changed?.match(/auth_only=no/g)).toHaveLength(2);
  expect(replaceOption(changed ?? "", "submission/inet", "smtpd_tls_auth_only", "yes", "no")).toBe(masterCf);
});

it("takes signs of regular expressions and of replacements as they are", () => {
  const changed = replaceOption(masterCf, "smtp/inet", "smtpd_tls_auth_only", "no", "$&(x)");
  expect(changed).toContain("-o smtpd_tls_auth_only=$&(x)\n");
  expect(replaceOption(changed ?? "", "smtp/inet", "smtpd_tls_auth_only", "$&(x)", "no")).toBe(masterCf);
});

it("a value in braces is replaced in them, white space and all, and back", () => {
  const id = "192.0.2.1:submission/inet";
  const changed = replaceOption(masterCf, id, "smtpd_tls_auth_only", "no", "yes");
  expect(changed).toContain("smtpd -o { smtpd_tls_auth_only = yes }\n");
  expect(replaceOption(changed ?? "", id, "smtpd_tls_auth_only", "yes", "no")).toBe(masterCf);
  const list = replaceOption(masterCf, "lists/inet", "a", "b, reject", "b,more,reject");
  expect(list).toContain("  -o { a = b,more,reject } -o c=d\n");
  expect(replaceOption(list ?? "", "lists/inet", "a", "b,more,reject", "b, reject")).toBe(masterCf);
});

it("an indented comment inside an entry is a comment", () => {
  const text = "submission inet n - y - - smtpd\n  # -o a=b\n  -o a=b\n";
  const changed = replaceOption(text, "submission/inet", "a", "b", "c");
  expect(changed).toBe("submission inet n - y - - smtpd\n  # -o a=b\n  -o a=c\n");
  expect(
    replaceOption("submission inet n - y - - smtpd\n  # -o a=b\n", "submission/inet", "a", "b", "c"),
  ).toBeUndefined();
});

test.each([
  ["over several lines", "lines/inet", "a", "b, c", "d"],
  ["twice", "twice/inet", "a", "2", "3"],
  ["another value", "submission/inet", "smtpd_tls_security_level", "encrypt", "may"],
  ["no such service", "smtps/inet", "smtpd_tls_auth_only", "no", "yes"],
  ["white space", "submission/inet", "smtpd_tls_auth_only", "no", "a b"],
  ["nothing to put there", "submission/inet", "smtpd_tls_auth_only", "no", undefined],
] as const)("%s: left to postconf", (_what, service, parameter, from, to) => {
  expect(replaceOption(masterCf, service, parameter, from, to)).toBeUndefined();
});
