// Changes to a server's settings in words: what is done, what undoing does, why it is left.
import { expect, test } from "vitest";
import { describeChange, describeKept, describeMade, describeRevert } from "../../src/domain/describe-change.ts";
import type { Change } from "../../src/servers/server.ts";

const file: Change = { kind: "file", path: "/etc/x.conf", content: "new", mode: 0o644, before: undefined };
const cases: readonly (readonly [Change, string, string, string])[] = [
  [file, "write /etc/x.conf", "removed /etc/x.conf", "would remove /etc/x.conf"],
  [
    { ...file, before: "old" },
    "replace /etc/x.conf",
    "put back the former /etc/x.conf",
    "would put back the former /etc/x.conf",
  ],
  [
    { kind: "line", path: "/etc/y.conf", line: 7, before: "a = 1", after: "# a = 1" },
    "/etc/y.conf line 7: a = 1 -> # a = 1",
    "put back /etc/y.conf line 7: a = 1",
    "would put back /etc/y.conf line 7: a = 1",
  ],
  [
    { kind: "line", path: "/etc/y.conf", line: 9, before: undefined, after: "include z" },
    "add to /etc/y.conf: include z",
    "removed from /etc/y.conf: include z",
    "would remove from /etc/y.conf: include z",
  ],
  [
    { kind: "parameter", parameter: "smtpd_tls_key_file", before: "/etc/old.key", after: undefined },
    "main.cf: remove smtpd_tls_key_file (was: /etc/old.key)",
    "main.cf: put back smtpd_tls_key_file = /etc/old.key",
    "main.cf: would put back smtpd_tls_key_file = /etc/old.key",
  ],
  [
    { kind: "parameter", parameter: "smtpd_tls_chain_files", before: undefined, after: "/a.pem" },
    "main.cf: smtpd_tls_chain_files = /a.pem",
    "main.cf: removed smtpd_tls_chain_files",
    "main.cf: would remove smtpd_tls_chain_files",
  ],
  [
    { kind: "service-parameter", service: "smtps/inet", parameter: "p", before: undefined, after: "" },
    "master.cf smtps/inet: -o p=",
    "master.cf smtps/inet: removed -o p",
    "master.cf smtps/inet: would remove -o p",
  ],
  [
    { kind: "service-parameter", service: "smtps/inet", parameter: "p", before: "x", after: undefined },
    "master.cf smtps/inet: remove -o p (was: x)",
    "master.cf smtps/inet: put back -o p=x",
    "master.cf smtps/inet: would put back -o p=x",
  ],
];

test.each(cases)("%j", (change, does, undone, would) => {
  expect(describeChange(change)).toBe(does);
  expect(describeRevert(change, true)).toBe(undone);
  expect(describeRevert(change, false)).toBe(would);
  expect(describeKept(change)).toMatch(/: somebody changed it since$/);
});

test.each<readonly [Change, string]>([
  [
    { kind: "parameter", parameter: "smtpd_tls_chain_files", before: "/etc/postfix/x.pem", after: "/a.pem" },
    "main.cf: smtpd_tls_chain_files = /a.pem (was: /etc/postfix/x.pem)",
  ],
  [
    { kind: "service-parameter", service: "smtps/inet", parameter: "p", before: "x", after: "y" },
    "master.cf smtps/inet: -o p=y (was: x)",
  ],
  [
    { kind: "service-parameter", service: "smtps/inet", parameter: "p", before: "x", after: "y", beforeIsOurs: true },
    "master.cf smtps/inet: -o p=y",
  ],
  [{ kind: "parameter", parameter: "p", before: "a, b", after: "a, b, c", shared: true }, "main.cf: p = a, b, c"],
  [{ kind: "parameter", parameter: "p", before: "", after: "c" }, "main.cf: p = c"],
  [{ kind: "parameter", parameter: "p", before: "c", after: undefined }, "main.cf: remove p (was: c)"],
  [{ ...file, before: "old" }, "replace /etc/x.conf"],
])("in the log it says what was there before: %j", (change, words) => {
  expect(describeMade(change)).toBe(words);
});
