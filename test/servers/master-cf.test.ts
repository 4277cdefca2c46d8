// master.cf edits: one -o in the right entry, taken out again byte for byte.
import { describe, expect, test } from "vitest";
import { addOption, removeOption } from "../../src/servers/postfix/master-cf.ts";

const text = `# services
smtp      inet  n       -       y       -       -       smtpd
127.0.0.1:10025 inet n - n - - smtpd
  -o smtpd_tls_security_level=none
submission inet n       -       y       -       -       smtpd
  -o syslog_name=postfix/submission
# a comment inside
  -o smtpd_tls_cert_file=/own.pem

#submissions inet n - y - - smtpd
submission unix n       -       y       -       -       smtpd
`;

describe("master.cf", () => {
  test.each([
    ["submission/inet", "  -o smtpd_tls_cert_file=/own.pem\n"],
    ["smtp/inet", "smtp      inet  n       -       y       -       -       smtpd\n"],
    ["127.0.0.1:10025/inet", "  -o smtpd_tls_security_level=none\n"],
    ["submission/unix", "submission unix n       -       y       -       -       smtpd\n"],
  ])("%s gets its option behind its own last line", (service, last) => {
    const edited = addOption(text, service, "smtpd_tls_chain_files", "");
    expect(edited).toBe(text.replace(last, `${last}  -o smtpd_tls_chain_files=\n`));
    expect(removeOption(edited ?? "", service, "smtpd_tls_chain_files", "")).toBe(text);
  });

  test("no such service, or no such option in it: nothing", () => {
    expect(addOption(text, "submissions/inet", "x", "")).toBeUndefined();
    const other = addOption(text, "smtp/inet", "x", "1") ?? "";
    expect(removeOption(other, "submission/inet", "x", "1")).toBeUndefined();
  });
});
